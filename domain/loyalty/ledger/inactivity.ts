/**
 * Expiry by inactivity: points without a date of their own stand together in one bucket, which moves with every activity.
 * The wallet remembers the date of that bucket: a date that an earning or a rule stated is another one, and stays.
 */

import type { ExpiryPolicy } from "../programs/program.ts";
import { withAdded } from "./buckets.ts";
import { expiresOnFor } from "./calendar.ts";
import type { Bucket } from "./entry.ts";
import type { WalletHead } from "./wallet-head.ts";

/** `movingExpiresOn`: when the points expire that move with the member's activity; absent before the first activity. */
export type MovingHead = Pick<WalletHead, "buckets" | "pending" | "holds"> & { readonly movingExpiresOn?: string | undefined };

/**
 * The wallet after the member did something on `activityOn`. What had expired by then must be gone from it already. Moves
 * to a later date only, and is the same wallet when nothing moves. A date stated by chance as that of the moving bucket,
 * or one a later activity meets, moves with it from then on: it can only become later.
 */
export function afterActivity<Head extends MovingHead>(head: Head, expiry: ExpiryPolicy, activityOn: string): Head {
  if (expiry.kind !== "inactivity_months") return head;
  const { movingExpiresOn: from } = head;
  const to = expiresOnFor(expiry, activityOn) as string;
  if (from !== undefined && from >= to) return head;
  // A bucket that died before this activity is not revived by it, whoever forgot to expire it.
  if (from === undefined || from < activityOn) return { ...head, movingExpiresOn: to };
  const moved = <Dated extends Bucket>(bucket: Dated): Dated => (bucket.expiresOn === from ? { ...bucket, expiresOn: to } : bucket);
  return {
    ...head,
    movingExpiresOn: to,
    buckets: withAdded([], head.buckets.map(moved)),
    pending: mergedPending(head.pending.map(moved)),
    holds: head.holds.map((hold) => ({ ...hold, buckets: withAdded([], hold.buckets.map(moved)) })),
  };
}

/** One bucket for each pair of dates, by the day of activation, as the ledger keeps them. */
function mergedPending(pending: WalletHead["pending"]): WalletHead["pending"] {
  const days = [...new Set(pending.map(({ activatesOn }) => activatesOn))];
  return days.flatMap((activatesOn) =>
    withAdded(
      [],
      pending.filter((bucket) => bucket.activatesOn === activatesOn),
    ).map((bucket) => ({ ...bucket, activatesOn })),
  );
}
