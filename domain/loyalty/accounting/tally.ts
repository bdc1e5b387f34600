/**
 * A tally: what the entries of a day, or of a month, did to a programme. An entry belongs to the day on which it was recorded,
 * in the programme's time zone, whatever its `effectiveAt`: the books of a day that is over stay closed.
 */
import { todayIn } from "../ledger/calendar.ts";
import type { Entry } from "../ledger/entry.ts";
import { addDues, type Dues } from "./dues.ts";
import type { Invariant } from "./integrity-violated.ts";
import { addMovements, amountsOf, type Movements } from "./movements.ts";

/** How much is counted. Tallies are added, in any order. */
export type Count = {
  readonly movements: Movements;
  readonly entries: number;
  /** Wallets whose first entry is among the entries. */
  readonly wallets: number;
  readonly violations: Readonly<Partial<Record<Invariant, number>>>;
  /** How the months changed in which points fall due. Kept of months only: what matters is the sum of all. */
  readonly dues: Dues;
  /** `recordedAt` of the latest entry; empty when there is none. */
  readonly lastRecordedAt: string;
};
export type Tally = Count & { readonly version: number; readonly countedAt: string };

export const nothing: Count = { movements: {}, entries: 0, wallets: 0, violations: {}, dues: {}, lastRecordedAt: "" };

export function addCounts(one: Count, other: Count): Count {
  const invariants = new Set([...Object.keys(one.violations), ...Object.keys(other.violations)]) as Set<Invariant>;
  return {
    movements: addMovements(one.movements, other.movements),
    entries: one.entries + other.entries,
    wallets: one.wallets + other.wallets,
    violations: Object.fromEntries([...invariants].map((invariant) => [invariant, (one.violations[invariant] ?? 0) + (other.violations[invariant] ?? 0)])),
    dues: addDues(one.dues, other.dues),
    lastRecordedAt: one.lastRecordedAt > other.lastRecordedAt ? one.lastRecordedAt : other.lastRecordedAt,
  };
}

export const countOfEntry = (entry: Entry): Count => ({
  ...nothing,
  movements: { [entry.type]: amountsOf(entry) },
  entries: 1,
  wallets: entry.seq === 1 ? 1 : 0,
  lastRecordedAt: entry.recordedAt,
});
export const countOfViolation = (invariant: Invariant): Count => ({ ...nothing, violations: { [invariant]: 1 } });

export const countOfDues = (dues: Dues): Count => ({ ...nothing, dues });
/** What a day keeps of it. */
export const countOfDay = (count: Count): Count => ({ ...count, dues: {} });

export const dayOfEntry = ({ recordedAt }: Entry, timeZone: string): string => todayIn(timeZone, new Date(recordedAt));

/** The next state of a tally. */
export const tallyAfter = (before: Tally | undefined, count: Count, now: Date): Tally => ({
  ...addCounts(before ?? nothing, count),
  version: (before?.version ?? 0) + 1,
  countedAt: now.toISOString(),
});
