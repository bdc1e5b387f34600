/** A programme's books, as its tallies tell them. What stood at the beginning of a day is read from months, and from the days of its own month. */
import type { Reader, Row } from "../../kernel/table.ts";
import { dayMilliseconds, Instant } from "../../kernel/time.ts";
import { addDays } from "../ledger/calendar.ts";
import { accountingShards, dayPrefix, monthOf, monthPrefix, tallyPk } from "./accounting-keys.ts";
import { type Amounts, totalOf } from "./movements.ts";
import { addCounts, type Count, nothing, type Tally } from "./tally.ts";

/** What everything that the accounting shows is true of. */
export const AsOf = Instant.optional().meta({
  description: "When the latest entry was recorded that is counted; absent while none is. Entries of the last second or so may be missing.",
});

export type Books = {
  readonly months: ReadonlyMap<string, Count>;
  /** Of the months that were asked for. */
  readonly days: ReadonlyMap<string, Count>;
  readonly total: Count;
  /** When something was counted last. */
  readonly countedAt: string | undefined;
};

/** More months than a programme can have. */
const monthsMax = 1200;

/** Eight queries at once, strongly consistent. `from` and `to` are the dates between which days are wanted one by one. */
export async function openBooks(table: Reader, programId: string, from: string, to: string): Promise<Books> {
  const pks = Array.from({ length: accountingShards }, (_, shard) => tallyPk(programId, shard));
  const firstOfMonth = `${monthOf(from)}-01`;
  const daysCount = 1 + (Date.parse(to) - Date.parse(firstOfMonth)) / dayMilliseconds;
  const [months, days] = await Promise.all([
    Promise.all(pks.map((pk) => table.query<Tally>({ from: "items", pk, skPrefix: monthPrefix, order: "ascending", limit: monthsMax }))),
    Promise.all(pks.map((pk) => table.query<Tally>({ from: "items", pk, beyondSk: dayPrefix + monthOf(from), order: "ascending", limit: daysCount }))),
  ]);
  const ofMonths = added(months.flat(), monthPrefix);
  const countedAts = months.flat().map(({ document }) => document.countedAt);
  return {
    months: ofMonths,
    days: added(days.flat(), dayPrefix),
    total: [...ofMonths.values()].reduce(addCounts, nothing),
    countedAt: countedAts.toSorted().at(-1),
  };
}

/** The sum of the shards, by date. */
function added(rows: readonly Row<Tally>[], prefix: string): Map<string, Count> {
  const sums = new Map<string, Count>();
  for (const { sk, document } of rows.filter((row) => row.sk.startsWith(prefix))) {
    const date = sk.slice(prefix.length);
    sums.set(date, addCounts(sums.get(date) ?? nothing, document));
  }
  return sums;
}

export const dayOf = ({ days }: Books, day: string): Count => days.get(day) ?? nothing;

/** What all accounts held when `day` began; the days of its month must be among those asked for. */
export function amountsAtStartOf({ months, days }: Books, day: string): Amounts {
  const before = [...[...months].filter(([month]) => month < monthOf(day)), ...[...days].filter(([date]) => monthOf(date) === monthOf(day) && date < day)];
  return totalOf(before.map(([, count]) => count).reduce(addCounts, nothing).movements);
}

export function datesBetween(from: string, to: string): string[] {
  const count = Math.max(0, 1 + (Date.parse(to) - Date.parse(from)) / dayMilliseconds);
  return Array.from({ length: count }, (_, index) => addDays(from, index));
}
