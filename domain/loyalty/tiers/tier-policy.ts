/**
 * Tier: a standing that a member reaches by qualifying points, which are never spent. Period: over which they are added up.
 * Retention: for how long a tier that was reached is kept. Downgrade: where a member falls who has not kept it.
 */
import * as z from "zod";
import { text } from "../../kernel/text.ts";

const TierLevel = z
  .strictObject({
    code: z
      .string()
      .regex(/^[a-z0-9_]{1,40}$/, "Up to 40 small letters, digits and underscores.")
      .meta({ description: "Names the tier for ever; the name may change.", example: "gold" }),
    name: text(100),
    qualifyingPoints: z.int().min(0).max(1_000_000_000).meta({ description: "How many of a period reach it." }),
    earnMultiplier: z.number().min(1).max(100).multipleOf(0.01).optional().meta({ description: "What earnings are multiplied with; at most two decimals." }),
    entitlements: z
      .array(text(100))
      .max(50)
      .optional()
      .meta({ description: "What members of the tier may have, in your own words.", example: ["free_delivery"] }),
  })
  .meta({ id: "TierLevel" });

const TierLevels = z
  .array(TierLevel)
  .min(1)
  .max(20)
  .superRefine((levels, context) => {
    const refuse = (index: number, field: string, code: string, message: string) =>
      context.addIssue({ code: "custom", path: [index, field], message, params: { code } });
    for (const [index, { code, qualifyingPoints }] of levels.entries()) {
      const below = levels[index - 1];
      if (below && below.qualifyingPoints >= qualifyingPoints) refuse(index, "qualifyingPoints", "not_ascending", "More than the level before.");
      if (levels.findIndex((level) => level.code === code) < index) refuse(index, "code", "repeated", "Another level has this code.");
    }
  })
  .meta({ description: "From the lowest to the highest. Who has reached none has no tier." });

const downgrade = z
  .enum(["one_down", "by_balance"])
  .meta({ description: "`one_down`: one tier below for another period, or more if the points say so. `by_balance`: what the points say." });
const gracePeriodDays = (max: number) =>
  z.int().min(0).max(max).default(0).meta({ description: "Days after the end of a period during which the tier is still kept." });
const retention = z.enum(["current_period", "next_period"]).meta({ description: "A tier reached in a period is kept to the end of it, or of the next one." });
const months = z.int().min(1).max(24).meta({ description: "How long an earning counts: through the month that is so many after its own." });
const common = { levels: TierLevels, downgrade: downgrade.default("one_down") };
const yearly = { ...common, retention: retention.default("next_period"), gracePeriodDays: gracePeriodDays(92) };

export const TierPolicy = z
  .discriminatedUnion("period", [
    z
      .strictObject({ period: z.literal("calendar_year"), ...yearly })
      .meta({ id: "CalendarYearTiers", description: "From 1 January to 31 December in the programme's time zone." }),
    z
      .strictObject({ period: z.literal("anniversary"), ...yearly })
      .meta({ id: "AnniversaryTiers", description: "Years that begin with the day on which the wallet was opened." }),
    z
      .strictObject({ period: z.literal("rolling_months"), months: months.default(12), ...common, gracePeriodDays: gracePeriodDays(28) })
      .meta({ id: "RollingTiers", description: "The current month and the `months` before it, judged anew with every month." }),
  ])
  .meta({ id: "TierPolicy" });
export type TierPolicy = z.output<typeof TierPolicy>;
export type TierLevel = z.output<typeof TierLevel>;

/** A patch that changes the period takes away by null what the new one does not have; levels are replaced as a whole. */
export const TierPolicyPatch = z
  .strictObject({
    period: z.enum(["calendar_year", "anniversary", "rolling_months"]).optional(),
    months: months.nullable().optional(),
    levels: TierLevels.optional(),
    downgrade: downgrade.nullable().optional(),
    retention: retention.nullable().optional(),
    gracePeriodDays: z.int().min(0).max(92).nullable().optional(),
  })
  .nullable()
  .meta({ id: "TierPolicyPatch" });
