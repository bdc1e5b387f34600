/** What a tenant of a known size and habit costs in a month: an example to scale from. */
import { gigabytesOf, usdFor } from "./price.ts";
import { standingPrices } from "./prices.ts";
import type { Kept } from "./storage.ts";

/** A day is 24 busy hours: so many of each in every second of the month. */
export type Habit = { readonly what: string; readonly perSecond: number };
export type Line = { readonly what: string; readonly perMonth: number; readonly usd: number };

export const monthSeconds = (365.25 / 12) * 86_400;
const million = 1_000_000;

/** `usdPerMillion` by the names of the habits. Throws for one that has no price. */
export function monthOf(habits: readonly Habit[], usdPerMillion: ReadonlyMap<string, number>): Line[] {
  return habits.map(({ what, perSecond }) => {
    const usd = usdPerMillion.get(what);
    if (usd === undefined) throw new Error(`There is no price for ${what}: name an operation of the table in bench/cost/main.ts.`);
    const perMonth = perSecond * monthSeconds;
    return { what, perMonth, usd: (perMonth / million) * usd };
  });
}

/** What is stored when so many of each have been kept; point-in-time recovery is billed by the table without its indexes. */
export function storageOf(kept: readonly { readonly count: number; readonly each: Kept }[]): { gigabytes: number; usd: number } {
  const total = (of: (each: Kept) => number) => gigabytesOf(kept.reduce((sum, { count, each }) => sum + count * of(each), 0));
  const table = total(({ tableBytes }) => tableBytes);
  const gigabytes = table + total(({ indexBytes }) => indexBytes);
  return { gigabytes, usd: usdFor(gigabytes, standingPrices.storedGigabytes) + usdFor(table, standingPrices.backedUpGigabytes) };
}
