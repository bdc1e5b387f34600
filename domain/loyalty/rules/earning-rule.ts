/**
 * Earning rule: what purchases are worth. A base rule (rate, fixed) gives points by itself; a multiplier adds to what the
 * base rules give. Every version of a rule is kept, so that an entry can name the one that made it.
 */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { patchShape } from "../../kernel/merge-patch.ts";
import { recordFields } from "../../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../../kernel/text.ts";
import { Instant, InstantInput } from "../../kernel/time.ts";
import { conditionsShape, EarningConditions } from "./earning-conditions.ts";

/** Per tenant and mode: all rules of a programme are looked at for every purchase. */
export const earningRulesMax = 200;
/** What one rule gives for one purchase at most. */
export const pointsPerPurchaseMax = 1_000_000_000;

const Points = z.int().min(1).max(pointsPerPurchaseMax);
const Rate = z
  .strictObject({
    kind: z.literal("rate"),
    points: z.int().min(1).max(10_000).meta({ description: "For every unit of the amount that the rule counts.", example: 1 }),
    unitMinor: z
      .int()
      .min(1)
      .optional()
      .meta({ description: "The unit, in minor units of the currency: 500 is every 5 euros. Without it, a whole one: a euro, a yen.", example: 500 }),
    rounding: z
      .enum(["down", "nearest", "up"])
      .default("down")
      .meta({ description: "Of the number of units: `down` counts full ones only, `up` the one that was begun, too." }),
  })
  .meta({ id: "RateFormula" });
const Fixed = z
  .strictObject({
    kind: z.literal("fixed"),
    points: Points,
    per: z.enum(["purchase", "item"]).default("purchase").meta({ description: "`item`: for each piece (`quantity`) of the lines that the rule counts." }),
  })
  .meta({ id: "FixedFormula" });
const Multiplier = z
  .strictObject({
    kind: z.literal("multiplier"),
    factor: z
      .number()
      .min(1.01)
      .max(100)
      .refine((factor) => Number(factor.toFixed(2)) === factor, "At most two decimals.")
      .meta({ description: "Up to two decimals; 2 adds the base points once more. Several multipliers add up; they do not multiply each other.", example: 2 }),
  })
  .meta({ id: "MultiplierFormula" });
export const EarningFormula = z.discriminatedUnion("kind", [Rate, Fixed, Multiplier]).meta({
  id: "EarningFormula",
  description: "A rule with conditions on lines counts their amount, pieces and base points; another one those of the purchase.",
});
export type EarningFormula = z.output<typeof EarningFormula>;
/** A patch that changes the kind takes away by null what the new kind does not have. */
const EarningFormulaPatch = z
  .strictObject({
    kind: z.enum(["rate", "fixed", "multiplier"]).optional(),
    ...patchShape({ unitMinor: Rate.shape.unitMinor, rounding: Rate.shape.rounding, per: Fixed.shape.per }),
    points: Points.nullable().optional(),
    factor: Multiplier.shape.factor.nullable().optional(),
  })
  .meta({ id: "EarningFormulaPatch" });

const capsShape = {
  perPurchase: Points.optional(),
  perCustomer: z
    .strictObject({ day: Points.optional(), month: Points.optional(), year: Points.optional(), total: Points.optional() })
    .optional()
    .meta({ description: "By the calendar of the programme's zone, at the time of the purchase. A new cap counts from when it is set." }),
  budget: z.int().min(1).optional().meta({ description: "What the rule gives to all customers together." }),
};
const EarningCaps = z.strictObject(capsShape).meta({ id: "EarningCaps", description: "The most points that the rule gives; what would exceed them is cut." });

const settingsShape = {
  name: text(100),
  status: z.enum(["active", "paused"]).default("active"),
  conditions: EarningConditions.default({}),
  formula: EarningFormula,
  priority: z.int().min(0).max(1000).default(100).meta({ description: "Smaller goes first, among base rules and among multipliers; then the older one." }),
  exclusiveGroup: text(64).optional().meta({
    description: "Of the rules with the same group, only the first that gives points does: base rules first. Without it, the rule goes with all others.",
  }),
  caps: EarningCaps.default({}),
  cooldownSeconds: z
    .int()
    .min(1)
    .max(31_622_400)
    .optional()
    .meta({ description: "How long after it gave points to a customer it gives none, by `occurredAt`." }),
  qualifying: z.boolean().default(true).meta({ description: "Whether its points count for tiers." }),
  activeFrom: InstantInput.optional().meta({ description: "By the purchase's `occurredAt`." }),
  activeUntil: InstantInput.optional().meta({ description: "The first instant at which it is not active any more." }),
  expiresAfterMonths: z.int().min(1).max(120).optional().meta({ description: "Its points' own expiry, instead of the programme's." }),
  expiresOn: z.iso.date().optional().meta({ description: "The last day of its points; not together with expiresAfterMonths." }),
  pendingDays: z.int().min(0).max(365).optional().meta({ description: "Instead of the programme's; 0 is usable at once." }),
  metadata: Metadata.default({}),
};
export const EarningRuleSettings = z
  .strictObject(settingsShape)
  .refine(({ expiresOn, expiresAfterMonths }) => expiresOn === undefined || expiresAfterMonths === undefined, {
    error: "Either expiresOn or expiresAfterMonths.",
    path: ["expiresOn"],
  })
  .refine(({ activeFrom, activeUntil }) => !activeFrom || !activeUntil || activeFrom < activeUntil, {
    error: "The end must be later than the beginning.",
    path: ["activeUntil"],
  });
export type EarningRuleSettings = z.output<typeof EarningRuleSettings>;
const programId = idOf("prg");
export const NewEarningRule = EarningRuleSettings.safeExtend({ programId }).meta({ id: "NewEarningRule" });
export const EarningRulePatch = z
  .strictObject({
    ...patchShape(settingsShape),
    formula: EarningFormulaPatch.optional(),
    conditions: z.strictObject(patchShape(conditionsShape)).nullable().optional(),
    caps: z
      .strictObject({ ...patchShape(capsShape), perCustomer: z.strictObject(patchShape(capsShape.perCustomer.unwrap().shape)).nullable().optional() })
      .nullable()
      .optional(),
    metadata: MetadataPatch.optional(),
  })
  .meta({ id: "EarningRulePatch" });

export const EarningRule = z
  .object({
    id: idOf("erl"),
    object: z.literal("earning_rule"),
    programId,
    ...settingsShape,
    activeFrom: Instant.optional(),
    activeUntil: Instant.optional(),
    ...recordFields,
  })
  .meta({ id: "EarningRule" });
export type EarningRule = z.output<typeof EarningRule>;
export const isBaseRule = ({ formula }: Pick<EarningRule, "formula">): boolean => formula.kind !== "multiplier";

export const newEarningRuleExample = {
  programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  name: "A point for every euro",
  formula: { kind: "rate" as const, points: 1 },
};
export const earningRuleExample = {
  id: "erl_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "earning_rule" as const,
  ...newEarningRuleExample,
  status: "active" as const,
  conditions: {},
  formula: { kind: "rate" as const, points: 1, rounding: "down" as const },
  priority: 100,
  caps: {},
  qualifying: true,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
