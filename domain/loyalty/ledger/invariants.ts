/** What must hold for every wallet at every time. */
import { refuse } from "./refusal.ts";
import { balancesOf, datesMax, monthsMax, pendingBucketsMax, type WalletHead } from "./wallet-head.ts";

/** A fault here is ours, and nothing is written. */
export function assertInvariants(head: WalletHead): void {
  const balances = balancesOf(head);
  const amounts = Object.values(balances);
  const all = [...head.buckets, ...head.pending, ...head.holds.flatMap(({ buckets }) => buckets)];
  const isSound =
    amounts.every(Number.isSafeInteger) &&
    amounts.reduce((total, points) => total + points, 0) === 0 &&
    head.debt >= 0 &&
    all.every(({ points }) => Number.isSafeInteger(points) && points > 0);
  const isPaid = head.debt === 0 || head.buckets.length === 0;
  if (!isSound || !isPaid) throw new Error(`The ledger of ${head.id} would break an invariant: ${JSON.stringify(balances)}`);
}

/**
 * The head has an end: it knows so many expiry dates, in so many months, whether their points are available, pending or held. So whatever comes
 * due can always be settled, because that brings no new date.
 */
export function assertWithinLimits({ buckets, pending, holds }: WalletHead): void {
  const dates = new Set([...buckets, ...pending, ...holds.flatMap((hold) => hold.buckets)].map(({ expiresOn }) => expiresOn));
  if (dates.size > datesMax) refuse("too_many_buckets", { datesMax });
  const months = new Set([...dates].map((date) => date?.slice(0, "YYYY-MM".length)));
  if (months.size > monthsMax) refuse("too_many_buckets", { monthsMax });
  if (pending.length > pendingBucketsMax) refuse("too_many_buckets", { pendingBucketsMax });
}
