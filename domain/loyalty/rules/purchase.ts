/** Purchase: what a customer bought, as far as earning rules look at it. */
import * as z from "zod";
import { Channel, Code } from "../../customers/model.ts";
import { Money } from "../../kernel/money.ts";
import { InstantInput } from "../../kernel/time.ts";

export const purchaseLinesMax = 500;
/** A thousand million of a currency with cents: with it, no product of amount and rate leaves the whole numbers. */
const amountMinorMax = 100_000_000_000;
const isWithinBounds = ({ amountMinor }: Money): boolean => Math.abs(amountMinor) <= amountMinorMax;
const tooLarge = `At most ${amountMinorMax} minor units.`;

export const PurchaseLine = z
  .strictObject({
    productCode: Code.optional(),
    category: Code.optional(),
    quantity: z.int().min(1).max(1_000_000).default(1),
    amount: Money.refine(isWithinBounds, tooLarge).meta({ description: "Of the whole line, not of one piece; negative for a discount." }),
  })
  .meta({ id: "PurchaseLine" });

export const Purchase = z
  .strictObject({
    amount: Money.refine(isWithinBounds, tooLarge)
      .refine(({ amountMinor }) => amountMinor >= 0, "A return is a reversal of the entry, not a purchase.")
      .meta({ description: "What was paid in all. The lines need not sum to it." }),
    lines: z
      .array(PurchaseLine)
      .max(purchaseLinesMax)
      .default([])
      .meta({ description: `Up to ${purchaseLinesMax}, in the currency of the amount.` }),
    storeCode: Code.optional(),
    staffCode: Code.optional(),
    channel: Channel.optional(),
    occurredAt: InstantInput,
  })
  .refine(({ amount, lines }) => lines.every((line) => line.amount.currency === amount.currency), { error: "All in one currency.", path: ["lines"] })
  .meta({ id: "Purchase" });
export type Purchase = z.output<typeof Purchase>;
export type PurchaseLine = Purchase["lines"][number];

export const purchaseExample = {
  amount: { amountMinor: 7450, currency: "EUR" },
  lines: [
    { productCode: "boot-38", category: "shoes", quantity: 1, amount: { amountMinor: 6500, currency: "EUR" } },
    { productCode: "laces-w", category: "care", quantity: 2, amount: { amountMinor: 950, currency: "EUR" } },
  ],
  storeCode: "LYON-1",
  channel: "store" as const,
  occurredAt: "2026-11-21T10:30:00+01:00",
};

export const linesAmountMinor = (lines: readonly PurchaseLine[]): number => lines.reduce((sum, { amount }) => sum + amount.amountMinor, 0);

const digitsByCurrency = new Map<string, number>();
/** How many minor units a whole one has: 100 for EUR, 1 for JPY, 1000 for KWD. */
export function minorUnitsIn(currency: string): number {
  const known = digitsByCurrency.get(currency);
  const digits = known ?? new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  if (known === undefined) digitsByCurrency.set(currency, digits);
  return 10 ** digits;
}
