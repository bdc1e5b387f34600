/**
 * The arithmetic of rate limits: GCRA, a token bucket that is kept as one number, its mark. The mark is the instant at
 * which the bucket is full again; each token taken moves it by the time one token takes to come back. It never moves
 * back. Instants and spans are whole microseconds, so that they are exact in a table and in JavaScript.
 */

export const secondMicroseconds = 1_000_000;
/** A bucket holds what its limit allows in this time. */
export const burstSeconds = 2;
const burstMicroseconds = burstSeconds * secondMicroseconds;

/** A lease is as large as what the limit allows in this time: long enough to save writes, too short to be felt when it is lost. */
const leaseSeconds = 0.25;
/** How long leased tokens may be used at least. By then as many have come back to the bucket, so losing them takes nothing from what a client was told. */
const leaseLifeMicroseconds = secondMicroseconds;

export const burstOf = (perSecond: number): number => perSecond * burstSeconds;

/** How long it takes until so many tokens are back; rounded down, or a burst would lack its last token. */
export const spanOf = (tokens: number, perSecond: number): number => Math.floor((tokens * secondMicroseconds) / perSecond);

/** How many tokens are in the bucket: the most whose span fits below the highest mark. */
export function roomAt(mark: number, perSecond: number, now: number): number {
  const free = burstMicroseconds - Math.max(0, mark - now);
  return Math.max(0, Math.ceil(((free + 1) * perSecond) / secondMicroseconds) - 1);
}

/**
 * How many of `cost` tokens must be there. What costs more than a bucket holds, a large batch under a small limit, would
 * never be admitted: it needs a full bucket but for the token that every request takes first, and the rest is owed.
 */
export const requiredOf = (cost: number, perSecond: number): number => Math.min(cost, burstOf(perSecond) - 1);

/** The highest mark that a bucket may have in which so many tokens are. */
export const highestMarkWith = (tokens: number, perSecond: number, now: number): number => now + burstMicroseconds - spanOf(tokens, perSecond);

/** How long until so many tokens are there; 0 when they are. */
export const waitFor = (tokens: number, mark: number, perSecond: number, now: number): number => Math.max(0, mark - highestMarkWith(tokens, perSecond, now));

/** Tokens that a process has taken at once and gives away itself until `until`. `size` is how many it took. */
export type Lease = { readonly size: number; readonly tokens: number; readonly until: number };

export const largestLease = (perSecond: number): number => Math.ceil(perSecond * leaseSeconds);
export const leaseEnd = (tokens: number, perSecond: number, now: number): number => now + Math.max(leaseLifeMicroseconds, spanOf(tokens, perSecond));

/** Twice the last one when that was used up in time, half of it when it was not, the same when nobody was in a hurry. */
export function nextLeaseSize({ size, tokens, until }: Lease, perSecond: number, now: number): number {
  const wanted = now < until ? size * 2 : tokens > 0 ? Math.floor(size / 2) : size;
  return Math.max(1, Math.min(wanted, largestLease(perSecond)));
}

const secondsOf = (span: number): number => Math.ceil(span / secondMicroseconds);
/** Whole seconds to wait, at least one. */
export const retryAfterSeconds = (span: number): number => Math.max(1, secondsOf(span));

/** An item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): so many in so many seconds. */
export const policyItem = (name: string, perSecond: number): string => `"${name}";q=${burstOf(perSecond)};w=${burstSeconds}`;

/** An item of `RateLimit`: what is left, and the seconds until everything is there again or, when nothing is left, until `next`. */
export function limitItem(name: string, left: number, mark: number, now: number, next: number): string {
  const seconds = left === 0 ? retryAfterSeconds(next) : secondsOf(Math.max(0, mark - now));
  return `"${name}";r=${left};t=${seconds}`;
}
