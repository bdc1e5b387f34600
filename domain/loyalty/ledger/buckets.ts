/** Points by expiry date: taken from those that expire first, put where their date is. Pure; nothing here can go below zero. */
import { type Bucket, onInactivity } from "./entry.ts";
import { pointsIn } from "./wallet-head.ts";

type Dated = Pick<Bucket, "expiresOn">;
/** By date, then those that expire by inactivity; what never expires comes last. */
export const byExpiry = (one: Dated, other: Dated): number =>
  one.expiresOn === other.expiresOn ? 0 : one.expiresOn === null ? 1 : other.expiresOn === null || one.expiresOn < other.expiresOn ? -1 : 1;

/** `buckets` with `added` among them: one bucket for each date. */
export function withAdded(buckets: readonly Bucket[], added: readonly Bucket[]): Bucket[] {
  const byDate = new Map<string | null, number>();
  for (const { expiresOn, points } of [...buckets, ...added]) byDate.set(expiresOn, (byDate.get(expiresOn) ?? 0) + points);
  return [...byDate]
    .filter(([, points]) => points > 0)
    .map(([expiresOn, points]) => ({ expiresOn, points }))
    .toSorted(byExpiry);
}

/** Up to `points` from the front. */
export function takeFirst(buckets: readonly Bucket[], points: number): { taken: Bucket[]; left: Bucket[] } {
  const taken: Bucket[] = [];
  const left: Bucket[] = [];
  let wanted = points;
  for (const { expiresOn, points: there } of buckets) {
    const some = Math.min(there, wanted);
    wanted -= some;
    if (some > 0) taken.push({ expiresOn, points: some });
    if (there > some) left.push({ expiresOn, points: there - some });
  }
  return { taken, left };
}

/** Up to `points` of the bucket with this date. */
export function takeOf(buckets: readonly Bucket[], expiresOn: string | null, points: number): { taken: Bucket[]; left: Bucket[] } {
  const own = buckets.filter((bucket) => bucket.expiresOn === expiresOn);
  const { taken, left } = takeFirst(own, points);
  return { taken, left: [...buckets.filter((bucket) => bucket.expiresOn !== expiresOn), ...left].toSorted(byExpiry) };
}

/** What the last day of points depends on besides their bucket. */
export type Moving = { readonly movingExpiresOn?: string | undefined };
/** The last day on which the bucket's points can be used, as things stand; null: for ever. */
export const lastDayOf = ({ expiresOn }: Dated, { movingExpiresOn }: Moving): string | null =>
  expiresOn === onInactivity ? (movingExpiresOn ?? null) : expiresOn;

export function splitExpired(buckets: readonly Bucket[], today: string, moving: Moving): { alive: Bucket[]; dead: Bucket[] } {
  const isDead = (bucket: Bucket) => (lastDayOf(bucket, moving) ?? today) < today;
  return { alive: buckets.filter((bucket) => !isDead(bucket)), dead: buckets.filter(isDead) };
}

/** `buckets` without the first `skipped` points, and of the rest `points`: for what is given back part by part. */
export const slice = (buckets: readonly Bucket[], skipped: number, points: number): Bucket[] =>
  takeFirst(takeFirst(buckets, Math.min(skipped, pointsIn(buckets))).left, points).taken;
