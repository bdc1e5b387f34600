/**
 * A purchase as an entry keeps it, with the rules that gave points and what each line earned: enough to undo parts of it and
 * to ask what other rules would have given, and nothing about a person.
 */
import * as z from "zod";
import { Channel, Code } from "../../customers/model.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { idOf } from "../../kernel/id.ts";
import { Currency } from "../../kernel/localization.ts";
import type { Purchase } from "./purchase.ts";
import { CapCut, type RuleOutcome } from "./rule-outcome.ts";

const EntryLine = z
  .object({
    productCode: Code.optional(),
    category: Code.optional(),
    quantity: z.int(),
    amountMinor: z.int(),
    points: z.int().meta({ description: "What of the entry's points this line earned." }),
  })
  .meta({ id: "LedgerEntryLine" });
export const EntryPurchase = z
  .object({
    amountMinor: z.int(),
    currency: Currency,
    lines: z.array(EntryLine).optional(),
    storeCode: Code.optional(),
    staffCode: Code.optional(),
    channel: Channel.optional(),
    tier: z.string().optional().meta({ description: "Code of the tier that the member had." }),
  })
  .meta({ id: "LedgerEntryPurchase" });
export type EntryPurchase = z.infer<typeof EntryPurchase>;
export const EntryRule = z
  .object({
    ruleId: idOf("erl"),
    ruleVersion: z.int(),
    points: z.int(),
    tierBonus: z.int().optional(),
    cuts: z.array(CapCut).optional(),
    hasBudget: z.literal(true).optional().meta({ description: "Its points came out of the rule's budget." }),
  })
  .meta({ id: "LedgerEntryRule" });
export type EntryRule = z.infer<typeof EntryRule>;

export const toEntryRule = ({ ruleId, ruleVersion, points, tierBonus, cuts }: RuleOutcome, hasBudget: boolean): EntryRule => ({
  ruleId,
  ruleVersion,
  points,
  ...(tierBonus > 0 && { tierBonus }),
  ...(cuts.length > 0 && { cuts }),
  ...(hasBudget && { hasBudget }),
});

/** `linePoints`: of each line in turn. What is absent is not written, so that an entry stays small. */
export function toEntryPurchase({ amount, lines, storeCode, staffCode, channel }: Purchase, linePoints: readonly number[], tier?: string): EntryPurchase {
  const kept = lines.map(({ productCode, category, quantity, amount: { amountMinor } }, index) => ({
    ...(productCode && { productCode }),
    ...(category && { category }),
    quantity,
    amountMinor,
    points: linePoints[index] ?? 0,
  }));
  return {
    ...amount,
    ...(kept.length > 0 && { lines: kept }),
    ...(storeCode && { storeCode }),
    ...(staffCode && { staffCode }),
    ...(channel && { channel }),
    ...(tier && { tier }),
  };
}

/** The purchase as rules look at it, at the time of the entry. */
export const purchaseOf = ({ amountMinor, currency, lines = [], storeCode, staffCode, channel }: EntryPurchase, occurredAt: string): Purchase => ({
  amount: { amountMinor, currency },
  lines: lines.map(({ points: _, amountMinor: lineMinor, ...line }) => ({ ...line, amount: { amountMinor: lineMinor, currency } })),
  storeCode,
  staffCode,
  channel,
  occurredAt,
});

/** What was bought, without what it earned: equal for two entries of one purchase. */
export const basketOf = (purchase: EntryPurchase | undefined): string =>
  purchase ? canonicalJson({ ...purchase, tier: null, lines: purchase.lines?.map((line) => ({ ...line, points: 0 })) ?? [] }) : "";
