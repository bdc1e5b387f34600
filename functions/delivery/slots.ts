/**
 * How many attempts to one endpoint may be under way at once, over all processes: a receiver that hangs must not take all
 * of them. A process has a few slots for nothing, so that a quiet endpoint costs no write, and leases more for a while. A
 * lease ends by itself with its span of time, longer than an attempt, so that a process that dies keeps nothing for long.
 */
import { updateIf } from "../shell/dynamodb.ts";
import { complain } from "../shell/metrics.ts";

/** Leased at once by all processes together; at the border of two spans, what began in the former comes on top. */
const leasedMax = 50;
const freePerProcess = 2;
const spanMilliseconds = 20_000;
const patienceMilliseconds = 2_000;
const endpointsMax = 10_000;

type Held = { span: number; leased: number; inUse: number };
const held = new Map<string, Held>();

/** Takes up to `wanted` slots and answers how many; each is to be given back when its attempt has ended. */
export async function takeSlots(partition: string, endpointId: string, wanted: number): Promise<number> {
  const name = `${partition}#${endpointId}`;
  const now = Date.now();
  const span = Math.floor(now / spanMilliseconds);
  const mine = held.get(name) ?? { span, leased: 0, inUse: 0 };
  if (held.size >= endpointsMax) for (const [other, { inUse }] of held) if (inUse === 0) held.delete(other);
  held.set(name, mine);
  if (mine.span !== span) Object.assign(mine, { span, leased: 0 });
  const lacking = wanted - (freePerProcess + mine.leased - mine.inUse);
  // Counted before anything is waited for, so that batches at the same time do not count on the same slots.
  mine.inUse += wanted;
  if (lacking <= 0) return wanted;
  const leased = await lease(name, span, lacking);
  if (mine.span === span) mine.leased += leased;
  const refused = Math.min(wanted, lacking - leased);
  mine.inUse -= refused;
  return wanted - refused;
}

export function giveBackSlots(partition: string, endpointId: string, count: number): void {
  const mine = held.get(`${partition}#${endpointId}`);
  if (mine) mine.inUse -= count;
}

/** How many of `wanted` the table gives: all, or what is left. When it does not answer, all: it is the circuit breaker that protects then. */
async function lease(name: string, span: number, wanted: number): Promise<number> {
  const ttlSeconds = Math.ceil(((span + 2) * spanMilliseconds) / 1_000);
  try {
    for (let count = Math.min(wanted, leasedMax); count > 0; ) {
      const { isDone, item } = await updateIf(
        { pk: `RL#${name}`, sk: `SLOTS#${span}` },
        {
          set: "SET taken = if_not_exists(taken, :none) + :count, expiresAtSeconds = :ttl",
          condition: "attribute_not_exists(taken) OR taken <= :most",
          values: { ":none": 0, ":count": count, ":most": leasedMax - count, ":ttl": ttlSeconds },
        },
        patienceMilliseconds,
      );
      if (isDone) return count;
      count = Math.min(count - 1, leasedMax - Number(item?.["taken"] ?? leasedMax));
    }
    return 0;
  } catch (error) {
    complain("RateLimitsOpen", "the concurrency of a webhook endpoint is not enforced", error, { endpoint: name });
    return wanted;
  }
}
