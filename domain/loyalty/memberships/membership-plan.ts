/** Membership plan: what members of a programme can pay for, for how long it lasts, and what it gives them. The payment itself happens elsewhere. */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { patchShape } from "../../kernel/merge-patch.ts";
import { Money } from "../../kernel/money.ts";
import { recordFields } from "../../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../../kernel/text.ts";

/** Of one period. */
const monthsMax = 60;
export const monthsOf = ({ unit, count }: { unit: "month" | "year"; count: number }): number => count * (unit === "year" ? 12 : 1);
export const MembershipPeriod = z
  .strictObject({ unit: z.enum(["month", "year"]), count: z.int().min(1).max(monthsMax).default(1) })
  .refine((period) => monthsOf(period) <= monthsMax, { error: "At most five years.", path: ["count"] })
  .meta({ id: "MembershipPeriod", description: "By the calendar: a month from 31 January ends on the last day of February, the next one on 31 March." });

const benefitsShape = {
  earnMultiplier: z
    .number()
    .min(1)
    .max(100)
    .multipleOf(0.01)
    .optional()
    .meta({ description: "What earnings are multiplied with; at most two decimals. Of this one and the tier's, the higher counts.", example: 2 }),
  entitlements: z
    .array(text(100))
    .max(50)
    .optional()
    .meta({ description: "What members may have, in your own words.", example: ["free_delivery"] }),
};
export const MembershipBenefits = z.strictObject(benefitsShape).meta({ id: "MembershipBenefits" });

/** What somebody agrees to who pays: copied into the membership when it starts or renews. */
export const termsShape = {
  price: Money.refine(({ amountMinor }) => amountMinor >= 0, "Not negative.").meta({ description: "Of one period. For your information: nothing is charged." }),
  period: MembershipPeriod,
  graceDays: z.int().min(0).max(366).default(0).meta({ description: "How many days members keep the benefits after what is paid for is over." }),
  benefits: MembershipBenefits.default({}),
};
const settingsShape = {
  name: text(200),
  ...termsShape,
  status: z
    .enum(["active", "closed"])
    .default("active")
    .meta({ description: "`closed`: no membership starts with it any more; those that have it can be renewed." }),
  metadata: Metadata.default({}),
};

export const MembershipPlanSettings = z.strictObject(settingsShape);
export const NewMembershipPlan = MembershipPlanSettings.extend({ programId: idOf("prg") }).meta({ id: "NewMembershipPlan" });
export const MembershipPlanPatch = z
  .strictObject({
    ...patchShape(settingsShape),
    benefits: z.strictObject(patchShape(benefitsShape)).nullable().optional(),
    metadata: MetadataPatch.optional(),
  })
  .meta({ id: "MembershipPlanPatch" });

export const MembershipPlan = z
  .object({ id: idOf("mpl"), object: z.literal("membership_plan"), programId: idOf("prg"), ...settingsShape, ...recordFields })
  .meta({ id: "MembershipPlan" });
/** What is kept of a plan, which is what is shown. */
export type MembershipPlan = z.output<typeof MembershipPlan>;

export const newMembershipPlanExample = {
  programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  name: "Lumière Plus",
  price: { amountMinor: 3900, currency: "EUR" },
  period: { unit: "year" as const, count: 1 },
  graceDays: 14,
  benefits: { earnMultiplier: 2, entitlements: ["free_delivery"] },
};
export const membershipPlanExample = {
  id: "mpl_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "membership_plan" as const,
  ...newMembershipPlanExample,
  status: "active" as const,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
