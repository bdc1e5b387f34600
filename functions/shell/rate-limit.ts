/**
 * Rate limits without a read: a bucket is one number in the table (see gcra.ts) that a conditional update moves. A busy
 * process takes tokens in leases and gives them away itself, so most requests ask nobody. What was last seen of a mark is
 * kept: marks never move back, so what it refuses, the table would refuse too. Tokens that are not used are lost, which
 * admits less, never more. When the table does not answer, requests go through.
 */
import type { Caller } from "../../domain/kernel/caller.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import { updateIf } from "./dynamodb.ts";
import { partitionOf } from "./execute.ts";
import * as gcra from "./gcra.ts";
import { complain } from "./metrics.ts";

/** Everything but `pk` is this process's own view. */
export type Bucket = {
  readonly pk: string;
  /** As headers and problems name it. */
  readonly name: string;
  perSecond: number;
  mark: number;
  lease: gcra.Lease;
  /** Then tokens are taken by whole leases only: else each would be fetched by itself, the moment it is there. */
  isDrained: boolean;
  /** Until then nobody asks: the table has just failed to answer. */
  openUntil: number;
  fetching: Promise<void> | undefined;
};

const buckets = new Map<string, Bucket>();
/** Bounds the memory; a bucket that is forgotten loses its lease. */
const bucketsMax = 10_000;

/** A request waits no longer than this for its limit to be found out. */
const patienceMilliseconds = 1_000;
const openMicroseconds = 2 * gcra.secondMicroseconds;
/** An outage is told once in this time, not by each request. */
const complaintSeconds = 10;
/** Longer than any bucket takes to be full again. */
const ttlSeconds = 3_600;
let complainedAt = Number.NEGATIVE_INFINITY;

const nowMicroseconds = () => Date.now() * 1_000;

/** The budgets that a request is charged to: the key's own, if it has one, and the tenant's. None for the platform and for nobody. */
export function bucketsOf(operation: AnyOperation, caller: Caller): readonly Bucket[] {
  if (caller.tenantId === platformTenantId) return [];
  const [budget, limit] = operation.method === "get" ? (["reads", "readsPerSecond"] as const) : (["writes", "writesPerSecond"] as const);
  const ofTenant = bucket(`RL#${partitionOf(caller)}#${budget}`, budget, caller.settings.rateLimits[limit]);
  const own = caller.rateLimits?.[limit];
  // The key's goes first: a key that is over its own limit takes nothing from the tenant's.
  return own === undefined ? [ofTenant] : [bucket(`RL#${caller.credential.id}#${budget}`, `key-${budget}`, own), ofTenant];
}

function bucket(pk: string, name: string, perSecond: number): Bucket {
  let found = buckets.get(pk);
  if (!found) {
    if (buckets.size >= bucketsMax) buckets.delete(buckets.keys().next().value as string);
    found = { pk, name, perSecond, mark: 0, lease: { size: 1, tokens: 0, until: 0 }, isDrained: false, openUntil: 0, fetching: undefined };
    buckets.set(pk, found);
  }
  found.perSecond = perSecond;
  return found;
}

/** Takes `cost` tokens from each bucket or from none. Throws `rate_limited`, with Retry-After for all that the request needs. */
export async function charge(charged: readonly Bucket[], cost: number, needed = cost): Promise<void> {
  for (const [place, each] of charged.entries()) {
    if (await take(each, cost)) continue;
    giveBack(charged.slice(0, place), cost);
    const there = Math.min(Math.max(needed, requiredFor(each, cost)), gcra.burstOf(each.perSecond));
    const wait = gcra.waitFor(there, each.mark, each.perSecond, nowMicroseconds());
    const problem = { budget: each.name, limitPerSecond: each.perSecond };
    throw shellProblem("rate_limited", problem, { "retry-after": String(gcra.retryAfterSeconds(wait)) });
  }
}

/** For the items of a batch, of which the first has been charged; it is given back when the others are refused. */
export async function chargeOtherItems(charged: readonly Bucket[], items: number): Promise<void> {
  if (items === 1) return;
  try {
    await charge(charged, items - 1, items);
  } catch (refusal) {
    giveBack(charged, 1);
    throw refusal;
  }
}

/** For what costs nothing in the end, which shows only when it is done. The tokens go to the lease: the mark never moves back. */
export function giveBack(charged: readonly Bucket[], cost: number): void {
  const now = nowMicroseconds();
  for (const each of charged) {
    const { size, tokens } = each.lease;
    each.lease = { size, tokens: tokensOf(each, now) + cost, until: Math.max(each.lease.until, gcra.leaseEnd(tokens + cost, each.perSecond, now)) };
  }
}

/** `RateLimit` and `RateLimit-Policy`: what is left now. */
export function rateLimitHeaders(charged: readonly Bucket[]): Record<string, string> {
  const now = nowMicroseconds();
  const known = charged.filter(({ openUntil }) => openUntil <= now);
  if (known.length === 0) return {};
  return {
    "ratelimit-policy": known.map(({ name, perSecond }) => gcra.policyItem(name, perSecond)).join(", "),
    ratelimit: known.map((each) => gcra.limitItem(each.name, leftIn(each, now), each.mark, now, nextWait(each, now))).join(", "),
  };
}

const tokensOf = ({ lease }: Bucket, now: number): number => (lease.until > now ? lease.tokens : 0);
/** How many tokens must be in the bucket before the table is asked for `cost`. */
const requiredFor = ({ perSecond, isDrained }: Bucket, cost: number): number =>
  gcra.requiredOf(isDrained ? Math.max(cost, gcra.largestLease(perSecond)) : cost, perSecond);
const nextWait = (each: Bucket, now: number): number => gcra.waitFor(requiredFor(each, 1), each.mark, each.perSecond, now);

/** What can be taken for sure: the lease's tokens and the bucket's, of which a drained one gives whole leases only. */
function leftIn(each: Bucket, now: number): number {
  const room = gcra.roomAt(each.mark, each.perSecond, now);
  const unit = requiredFor(each, 1);
  return Math.min(tokensOf(each, now) + Math.floor(room / unit) * unit, gcra.burstOf(each.perSecond));
}

/** Those who come while a lease is being fetched wait for that one. */
async function take(each: Bucket, cost: number): Promise<boolean> {
  for (;;) {
    const now = nowMicroseconds();
    if (each.openUntil > now) return true;
    const tokens = tokensOf(each, now);
    if (tokens >= cost) {
      each.lease = { ...each.lease, tokens: tokens - cost };
      return true;
    }
    if (gcra.waitFor(requiredFor(each, cost - tokens), each.mark, each.perSecond, now) > 0) {
      // A batch may be refused while there is something for others.
      each.isDrained ||= gcra.roomAt(each.mark, each.perSecond, now) === 0;
      return false;
    }
    each.fetching ??= fetchLease(each, cost - tokens, now).finally(() => {
      each.fetching = undefined;
    });
    await each.fetching;
  }
}

/** Adds at least `need` tokens to the lease, more when the key is busy, or learns of a mark that refuses them. */
async function fetchLease(each: Bucket, need: number, now: number): Promise<void> {
  const { perSecond } = each;
  const size = each.isDrained ? gcra.largestLease(perSecond) : gcra.nextLeaseSize(each.lease, perSecond, now);
  const roomNow = () => gcra.roomAt(each.mark, perSecond, now);
  try {
    do {
      const tokens = Math.max(need, Math.min(size, roomNow()));
      if (!(await moveMark(each, tokens, now))) continue;
      const all = tokensOf(each, now) + tokens;
      each.lease = { size, tokens: all, until: gcra.leaseEnd(all, perSecond, now) };
      // Half full again is far enough from where single tokens would be fetched.
      each.isDrained = roomNow() < perSecond && (each.isDrained || tokens < size);
      return;
    } while (roomNow() >= requiredFor(each, need));
  } catch (error) {
    each.openUntil = nowMicroseconds() + openMicroseconds;
    complainOnce(error, each.openUntil);
  }
}

/** Takes the tokens unless the mark stands too high. An idle bucket's mark lies in the past, or has been removed, and starts from now. */
async function moveMark(each: Bucket, tokens: number, now: number): Promise<boolean> {
  const span = gcra.spanOf(tokens, each.perSecond);
  const highest = gcra.highestMarkWith(gcra.requiredOf(tokens, each.perSecond), each.perSecond, now);
  const [set, condition, values] =
    each.mark < now
      ? (["fullAt = :to", "attribute_not_exists(fullAt) OR fullAt < :now", { ":now": now, ":to": now + span }] as const)
      : (["fullAt = fullAt + :span", "fullAt BETWEEN :now AND :highest", { ":now": now, ":highest": highest, ":span": span }] as const);
  const ttl = { ":ttl": Math.ceil(now / gcra.secondMicroseconds) + ttlSeconds };
  const update = { set: `SET ${set}, expiresAtSeconds = :ttl`, condition, values: { ...values, ...ttl } };
  const { isDone, item } = await updateIf({ pk: each.pk, sk: "META" }, update, patienceMilliseconds);
  each.mark = (item?.["fullAt"] as number | undefined) ?? 0;
  return isDone;
}

function complainOnce(error: unknown, now: number): void {
  if (now - complainedAt < complaintSeconds * gcra.secondMicroseconds) return;
  complainedAt = now;
  complain("RateLimitsOpen", "rate limits are not enforced", error);
}
