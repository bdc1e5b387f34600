/** What became of one earning rule at one purchase, and why: shown to people, and kept with the entry. */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";

const Points = z.int().min(0);
export const notFiredCodes = [
  "not_active",
  "not_yet_active",
  "no_longer_active",
  "other_currency",
  "amount_below_minimum",
  "amount_above_maximum",
  "no_matching_line",
  "lines_amount_below_minimum",
  "lines_amount_above_maximum",
  "store_not_included",
  "channel_not_included",
  "outside_time_window",
  "tier_not_included",
  "tag_not_included",
  "cooldown",
  "cap_per_period",
  "budget_exhausted",
  "excluded_by_exclusive",
  "below_one_point",
  "nothing_to_multiply",
] as const;
export type NotFiredCode = (typeof notFiredCodes)[number];

/** In the order in which they cut. */
export const cutCodes = ["cap_per_purchase", "cap_per_period", "budget_exhausted"] as const;
export const CapCut = z
  .object({
    code: z.enum(cutCodes),
    period: z.enum(["day", "month", "year", "total"]).optional(),
    points: Points.meta({ description: "What it took away." }),
  })
  .meta({ id: "CapCut" });
export type CapCut = z.infer<typeof CapCut>;

export const RuleOutcome = z
  .object({
    ruleId: idOf("erl"),
    ruleVersion: z.int(),
    name: z.string(),
    fired: z.boolean().meta({ description: "Whether it gave points." }),
    code: z.enum(notFiredCodes).optional().meta({ description: "The first reason for which it gave none." }),
    base: Points.meta({ description: "By its formula: of a base rule what the purchase is worth, of a multiplier what it adds." }),
    tierBonus: Points.meta({ description: "What the multiplier of the customer's tier adds to a base rule." }),
    cuts: z.array(CapCut).meta({ description: "What its caps took from base and bonus." }),
    points: Points.meta({ description: "base + tierBonus - cuts." }),
    qualifyingPoints: Points.meta({ description: "Those that count for tiers; the tier's own bonus does not." }),
  })
  .meta({ id: "EarningRuleOutcome" });
export type RuleOutcome = z.infer<typeof RuleOutcome>;
