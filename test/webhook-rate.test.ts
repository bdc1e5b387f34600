/** Endpoints that take only so many deliveries a second. The HTTP is real; long waits pass by moving the clock. */
import { afterAll, describe, expect, test } from "vitest";
import { call, eventually, type Json, newTenant } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const clock = useMovingClock();
const receivers: Receiver[] = [];
afterAll(() => Promise.all(receivers.map((receiver) => receiver.stop())));

async function endpointWith(key: string, settings: object): Promise<{ id: string; receiver: Receiver }> {
  const receiver = await startReceiver();
  receivers.push(receiver);
  const { status, body } = await call(key, "post", "/v1/webhook-endpoints", { body: { url: receiver.url, eventTypes: ["customer.created"], ...settings } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { id: body.id, receiver };
}
const deliveriesTo = async (key: string, endpointId: string): Promise<Json[]> =>
  (await call(key, "get", `/v1/webhook-deliveries?endpointId=${endpointId}&limit=100`)).body.data;
const createCustomers = (key: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => call(key, "post", "/v1/customers", { body: { displayName: "Ada" } })));
const differentEvents = ({ requests }: Receiver): number => new Set(requests.map(({ headers }) => headers["webhook-id"])).size;

describe("an endpoint with maxPerSecond", () => {
  test("5 gets each of its 40 deliveries once and none before its turn; an endpoint without a limit gets its 40 meanwhile", async () => {
    const { live: key } = await newTenant();
    const [limited, free] = [await endpointWith(key, { maxPerSecond: 5 }), await endpointWith(key, {})];
    const count = 40;
    await createCustomers(key, count);
    await eventually(async () => differentEvents(free.receiver) === count, 20_000);
    expect(limited.receiver.requests.length).toBeLessThan(count);
    await eventually(async () => differentEvents(limited.receiver) === count, 30_000);

    const arrivals = limited.receiver.requests.map(({ receivedAt }) => receivedAt.getTime());
    expect(arrivals).toHaveLength(count);
    // The first one may have been on its way for a moment, which gains the others as much.
    const graceMilliseconds = 1_000;
    for (const [index, at] of arrivals.entries()) expect(at - (arrivals[0] as number)).toBeGreaterThanOrEqual(index * 200 - graceMilliseconds);
    for (const { id } of [limited, free]) {
      const deliveries = await eventually(async () => {
        const found = await deliveriesTo(key, id);
        return found.every(({ status }) => status === "succeeded") && found;
      });
      expect(deliveries.map(({ attemptCount }) => attemptCount)).toEqual(Array(count).fill(1));
    }
  }, 60_000);

  test("1 spreads 20 deliveries over 20 seconds, each of which waits for its own", async () => {
    const { live: key } = await newTenant();
    const { id, receiver } = await endpointWith(key, { maxPerSecond: 1 });
    const count = 20;
    await createCustomers(key, count);
    const deliveries = await eventually(async () => {
      const found = await deliveriesTo(key, id);
      const waiting = found.filter(({ status, nextAttemptAt, createdAt }) => status === "pending" && nextAttemptAt > createdAt);
      return found.length === count && waiting.length >= count - 5 && waitsOf(found).length === count && found;
    }, 10_000);
    const waits = waitsOf(deliveries);
    const first = waits[0] as number;
    for (const [index, at] of waits.entries()) {
      expect(at - first).toBeGreaterThan(index - 1);
      expect(at - first).toBeLessThan(index + 3);
    }
    expect(receiver.requests.length).toBeLessThan(count / 2);

    clock.moveOn(count + 3);
    await eventually(async () => (await deliveriesTo(key, id)).every(({ status }) => status === "succeeded"), 40_000);
    expect((await deliveriesTo(key, id)).map(({ attemptCount }) => attemptCount)).toEqual(Array(count).fill(1));
    expect([receiver.requests.length, differentEvents(receiver)]).toEqual([count, count]);
  }, 60_000);
});

/** In seconds and in order: when each was sent, or is to be sent. Left out is what has not asked for its turn yet. */
function waitsOf(deliveries: readonly Json[]): number[] {
  const known = deliveries.filter(({ lastAttempt, nextAttemptAt, createdAt }) => lastAttempt || nextAttemptAt > createdAt);
  return known.map(({ lastAttempt, nextAttemptAt }) => Date.parse(lastAttempt?.at ?? nextAttemptAt) / 1000).toSorted((one, other) => one - other);
}
