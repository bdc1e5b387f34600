/**
 * Where points expire day by day, a wallet knows more dates than its head should carry with every write. The nearest ones
 * stay in the head, the others stand in segments, one for each month; a command writes the segments that it changes.
 * Everything above sees one wallet: segments are put together when it is read and split off when it is written.
 */
import { isDeepStrictEqual } from "node:util";
import { type Change, Contention, type Key, overwrite, type Reader, remove } from "../../kernel/table.ts";
import type { Bucket } from "../ledger/entry.ts";
import { onInactivity } from "../ledger/entry.ts";
import { pointsIn, type WalletHead } from "../ledger/wallet-head.ts";
import { walletItemKey } from "./wallet-keys.ts";

export type Segment = { readonly version: number; readonly buckets: readonly Bucket[] };
type Far = NonNullable<WalletHead["far"]>;
const segmentKey = (walletId: string, month: string): Key<Segment> => walletItemKey<Segment>(walletId, `SEG#${month}`);

/** A head with more dates than this is split, and keeps about half of them. */
const headDatesMax = 64;
const nearDates = 32;
/** What no write has room to remove stays, without points, until a later one: two wallets, with a segment for every month, fit in one transaction. */
const removalsMax = 8;

/** The wallet with all its dates: one more round trip where there are segments. Contention when it was written between the two. */
export async function assembled(table: Reader, head: WalletHead): Promise<WalletHead> {
  if (!head.far) return head;
  const { far, ...rest } = head;
  const months = Object.keys(far)
    .filter((month) => far[month]?.points !== 0)
    .toSorted();
  const segments = await table.getMany(months.map((month) => segmentKey(head.id, month)));
  const isTorn = months.some((month, index) => segments[index]?.version !== far[month]?.version);
  if (isTorn) throw new Contention();
  const [dated, others] = [head.buckets.filter(isDated), head.buckets.filter((bucket) => !isDated(bucket))];
  return { ...rest, buckets: [...dated, ...segments.flatMap((segment) => segment?.buckets ?? []), ...others] };
}

const isDated = ({ expiresOn }: Bucket): boolean => expiresOn !== null && expiresOn !== onInactivity;
const monthOf = ({ expiresOn }: Bucket): string => (expiresOn as string).slice(0, 7);

/**
 * The head as it is written, and the segments that change with it. `before` is the wallet as it was put together, `far` what
 * its head said of segments. They need no guard of their own: the head's stands in the same transaction.
 */
export function split(head: WalletHead, before: WalletHead, far: Far = {}): { document: WalletHead; changes: Change[] } {
  const dated = head.buckets.filter(isDated);
  const byMonth = new Map<string, Bucket[]>();
  if (dated.length > headDatesMax) {
    const lastNear = monthOf(dated[nearDates - 1] as Bucket);
    for (const bucket of dated) if (monthOf(bucket) > lastNear) byMonth.set(monthOf(bucket), [...(byMonth.get(monthOf(bucket)) ?? []), bucket]);
  }
  const bucketsBefore = (month: string) => before.buckets.filter((bucket) => isDated(bucket) && monthOf(bucket) === month);
  const emptied = Object.entries(far).filter(([month]) => !byMonth.has(month));
  const changes: Change[] = emptied.slice(0, removalsMax).map(([month]) => remove(segmentKey(head.id, month)));
  const next: Record<string, Far[string]> = Object.fromEntries(emptied.slice(removalsMax).map(([month, segment]) => [month, { ...segment, points: 0 }]));
  for (const [month, buckets] of byMonth) {
    const known = far[month];
    const isSame = known !== undefined && isDeepStrictEqual(buckets, bucketsBefore(month));
    next[month] = isSame ? known : { version: head.version, points: pointsIn(buckets) };
    if (!isSame) changes.push(overwrite(segmentKey(head.id, month), { version: head.version, buckets }));
  }
  if (Object.keys(next).length === 0) return { document: head, changes };
  const near = head.buckets.filter((bucket) => !isDated(bucket) || !byMonth.has(monthOf(bucket)));
  return { document: { ...head, buckets: near, far: next }, changes };
}
