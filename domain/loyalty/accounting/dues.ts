/** When the points of a wallet fall due: the month of the last day on which they can be used. Pending and held points count, too. */
import { lastDayOf } from "../ledger/buckets.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { monthOf } from "./accounting-keys.ts";

/** Points by month; those of nobody's date stand under `never`. A month that is missing has none. */
export type Dues = Readonly<Record<string, number>>;
export const never = "never";

export const duesOf = (head: WalletHead): Dues =>
  [...head.buckets, ...head.pending, ...head.holds.flatMap(({ buckets }) => buckets)].reduce<Dues>((sums, bucket) => {
    const day = lastDayOf(bucket, head);
    return addDues(sums, { [day === null ? never : monthOf(day)]: bucket.points });
  }, farDuesOf(head));

/** Of the dates that a head does not carry it knows the months. */
const farDuesOf = ({ far = {} }: WalletHead): Dues => addDues({}, Object.fromEntries(Object.entries(far).map(([month, { points }]) => [month, points])));

export function addDues(one: Dues, other: Dues): Dues {
  const sums = new Map(Object.entries(one));
  for (const [month, points] of Object.entries(other)) sums.set(month, (sums.get(month) ?? 0) + points);
  return Object.fromEntries([...sums].filter(([, points]) => points !== 0));
}
export const duesBetween = (before: Dues, after: Dues): Dues =>
  addDues(after, Object.fromEntries(Object.entries(before).map(([month, points]) => [month, -points])));
