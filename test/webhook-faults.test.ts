/** What becomes of deliveries when receivers misbehave. Days pass here by moving the clock; the HTTP is real. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";
import { type Behaviour, type Receiver, startReceiver } from "./receiver.ts";

const timeoutSeconds = 2;
process.env["WEBHOOK_TIMEOUT_SECONDS"] = String(timeoutSeconds);
const { call, eventually, newTenant } = await import("./clientele.ts");
const { retryDelaysSeconds } = await import("../domain/webhooks/delivery-round.ts");

const clock = useMovingClock();
const receivers: Receiver[] = [];
afterAll(() => Promise.all(receivers.map((receiver) => receiver.stop())));
async function receiverThat(...behaviours: Behaviour[]): Promise<Receiver> {
  const receiver = await startReceiver();
  receivers.push(receiver);
  receiver.behave(...behaviours);
  return receiver;
}

async function endpointAt(key: string, url: string, settings: object = {}): Promise<Json> {
  const { status, body } = await call(key, "post", "/v1/webhook-endpoints", { body: { url, eventTypes: ["customer.created"], ...settings } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}
const deliveriesTo = async (key: string, endpointId: string, query = ""): Promise<Json[]> =>
  (await call(key, "get", `/v1/webhook-deliveries?endpointId=${endpointId}&limit=100${query}`)).body.data;
const deliveryTo = (key: string, endpointId: string, found: (delivery: Json) => boolean): Promise<Json> =>
  eventually(async () => (await deliveriesTo(key, endpointId)).find(found), 15_000);
/** Moves the clock to each attempt, as far as there are any. */
async function comesTo(key: string, endpointId: string, deliveryId: string, status: string): Promise<void> {
  for (let looks = 0; looks < 150; looks++) {
    const delivery = (await deliveriesTo(key, endpointId)).find(({ id }) => id === deliveryId);
    if (delivery.status === status) return;
    clock.moveTo(Date.parse(delivery.nextAttemptAt) + 1_000);
    await pause(100);
  }
  throw new Error(`The delivery is not ${status}.`);
}
const createCustomer = async (key: string): Promise<string> => (await call(key, "post", "/v1/customers", { body: { displayName: "Ada" } })).body.id;

const slow = { afterMilliseconds: timeoutSeconds * 1000 * 1.3 };
/** Receivers that never do better, and what the attempts then say. */
const hopeless: [name: string, behaviour: Behaviour | "refuse" | "tls", expected: object][] = [
  ["refuses connections", "refuse", { failure: "connection_refused" }],
  ["hangs", "hang", { failure: "timeout" }],
  ["resets in the middle of its answer", "reset mid-body", { failure: "connection_reset", status: 200 }],
  ["answers 500", { status: 500, body: "oops" }, { status: 500 }],
  ["redirects", { status: 301, headers: { location: "http://127.0.0.1/" } }, { status: 301 }],
  ["answers after the time-out", slow, { failure: "timeout" }],
  ["shows a certificate that nobody trusts", "tls", { failure: "tls_error" }],
];

describe("an endpoint that never takes a delivery", () => {
  const rows: Record<string, { endpointId: string; final: Json; gaps: number[]; attempts: Json[] }> = {};
  let key: string;
  let healthy: Receiver;
  const overtaken: boolean[] = [];

  beforeAll(async () => {
    key = (await newTenant()).live;
    healthy = await receiverThat({ status: 204 });
    const watcher = await endpointAt(key, healthy.url, { eventTypes: ["customer.*"] });
    for (const [name, behaviour] of hopeless) {
      const receiver = behaviour === "tls" ? await startReceiver({ tls: "self-signed" }) : await receiverThat(...(behaviour === "refuse" ? [] : [behaviour]));
      if (behaviour === "tls") receivers.push(receiver);
      const endpoint = await endpointAt(key, receiver.url);
      if (behaviour === "refuse") await receiver.refuse();
      rows[name] = { endpointId: endpoint.id, final: undefined, gaps: [], attempts: [] };
    }
    const customerId = await createCustomer(key);
    const all = Object.values(rows);
    for (let made = 1; made <= retryDelaysSeconds.length + 1; made++) {
      if (made > 1 && made < 4) await probe(customerId, watcher.id, made);
      const deliveries = await Promise.all(all.map(({ endpointId }) => deliveryTo(key, endpointId, (delivery) => delivery.attemptCount === made)));
      for (const [index, delivery] of deliveries.entries()) {
        const row = all[index] as (typeof all)[number];
        row.final = delivery;
        if (delivery.nextAttemptAt) row.gaps.push((Date.parse(delivery.nextAttemptAt) - Date.parse(delivery.lastAttempt.at)) / 1000);
      }
      const next = deliveries.map(({ nextAttemptAt }) => Date.parse(nextAttemptAt)).filter(Number.isFinite);
      if (made === 4) await nobodyIsEarly(all, Math.min(...next), made);
      // Retries after five minutes are spread over two: one after the other, so that due work takes none that is in the queue for lost.
      if (made === 3)
        for (const { id, endpointId, nextAttemptAt } of deliveries.toSorted((one, other) => (one.nextAttemptAt < other.nextAttemptAt ? -1 : 1))) {
          clock.moveTo(Date.parse(nextAttemptAt) + 500);
          await deliveryTo(key, endpointId, (delivery) => delivery.id === id && delivery.attemptCount > made);
        }
      if (next.length > 0) clock.moveTo(Math.max(...next) + 1_000);
    }
    for (const row of all) row.attempts = (await call(key, "get", `/v1/webhook-deliveries/${row.final.id}`)).body.attempts;
  }, 120_000);

  /** While the slow ones are being tried, something happens that only the healthy endpoint wants. */
  async function probe(customerId: string, watcherId: string, made: number): Promise<void> {
    await call(key, "patch", `/v1/customers/${customerId}`, { body: { displayName: `Ada ${made}` } });
    await eventually(async () => healthy.requests.some(({ body }) => body.includes(`Ada ${made}`)));
    const [hanging] = await deliveriesTo(key, rows["hangs"]?.endpointId as string);
    overtaken.push(hanging.attemptCount < made);
    await deliveryTo(key, watcherId, ({ status, event }) => event.type === "customer.updated" && status === "succeeded");
  }
  async function nobodyIsEarly(all: { endpointId: string }[], earliest: number, made: number): Promise<void> {
    clock.moveTo(earliest - 5_000);
    // Longer than the clock of due work takes to look.
    await pause(1_500);
    for (const { endpointId } of all) expect((await deliveriesTo(key, endpointId))[0].attemptCount).toBe(made);
  }

  describe.each(hopeless)("%s", (name, _, expected) => {
    test("gets one attempt and ten retries, which all say why they failed; then the delivery is exhausted", () => {
      const { final, attempts } = rows[name] as (typeof rows)[string];
      expect(final).toMatchObject({ status: "exhausted", attemptCount: 11 });
      expect(final.nextAttemptAt).toBeUndefined();
      expect(attempts.map(({ number }) => number)).toEqual(Array.from({ length: 11 }, (_unused, index) => index + 1));
      for (const attempt of attempts) expect(attempt).toMatchObject(expected);
    });

    test("has 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h between them, give or take a fifth", () => {
      const { gaps } = rows[name] as (typeof rows)[string];
      expect(gaps).toHaveLength(retryDelaysSeconds.length);
      for (const [index, gap] of gaps.entries()) {
        const delay = retryDelaysSeconds[index] as number;
        expect(gap).toBeGreaterThanOrEqual(delay * 0.8);
        // The attempt itself comes on top.
        expect(gap).toBeLessThanOrEqual(delay * 1.2 + 2 * timeoutSeconds + 3);
      }
    });
  });

  test("retries are spread: no two endpoints have the same gaps", () => {
    const firstGaps = Object.values(rows).map(({ gaps }) => gaps[4]);
    expect(new Set(firstGaps).size).toBe(firstGaps.length);
  });

  test("delays nobody: another endpoint takes its deliveries at once while these hang", async () => {
    expect(overtaken).toEqual([true, true]);
  });
});

describe("an endpoint", () => {
  test("that answers 410 is disabled at once, and the event is told to the others", async () => {
    const { live: key } = await newTenant();
    const [gone, other] = [await receiverThat({ status: 410 }), await receiverThat({})];
    const { id } = await endpointAt(key, gone.url);
    await endpointAt(key, other.url, { eventTypes: ["webhook_endpoint.disabled"] });
    await createCustomer(key);
    const told = await eventually(async () => other.requests[0]);
    expect(JSON.parse(told.body).data.object).toMatchObject({ id, status: "disabled", disabledReason: "gone" });
    expect(await deliveriesTo(key, id)).toMatchObject([{ status: "exhausted", attemptCount: 1 }]);
    await createCustomer(key);
    await eventually(async () => (await call(key, "get", "/v1/events?type=customer.created")).body.data.length === 2);
    expect(gone.requests).toHaveLength(1);
  });

  test("that answers 429 with Retry-After is left alone for that long, by new deliveries too", async () => {
    const { live: key } = await newTenant();
    const busy = await receiverThat({ status: 429, headers: { "retry-after": "900" } }, { status: 200 });
    const { id } = await endpointAt(key, busy.url);
    await createCustomer(key);
    const first = await deliveryTo(key, id, ({ attemptCount }) => attemptCount === 1);
    const waitSeconds = (Date.parse(first.nextAttemptAt) - Date.parse(first.lastAttempt.at)) / 1000;
    expect(waitSeconds).toBeGreaterThanOrEqual(900);
    expect(waitSeconds).toBeLessThan(910);
    await createCustomer(key);
    const second = await deliveryTo(key, id, (delivery) => delivery.id !== first.id && delivery.nextAttemptAt >= first.nextAttemptAt);
    expect([second.attemptCount, busy.requests.length]).toEqual([0, 1]);
    clock.moveTo(Date.parse(first.nextAttemptAt) + 61_000);
    // Whichever comes first is a probe of the paused endpoint; the other may be put off once more until that is answered.
    for (const one of [first, second]) await comesTo(key, id, one.id, "succeeded");
    expect(busy.requests).toHaveLength(3);
  });

  test("that answers 10 MB with 200 has taken the delivery, and little of the answer is kept", async () => {
    const { live: key } = await newTenant();
    const { id } = await endpointAt(key, (await receiverThat("huge")).url);
    await createCustomer(key);
    const taken = await deliveryTo(key, id, ({ status }) => status === "succeeded");
    const { attempts } = (await call(key, "get", `/v1/webhook-deliveries/${taken.id}`)).body;
    expect(attempts).toMatchObject([{ number: 1, status: 200 }]);
    expect(attempts[0].body).toHaveLength(4_096);
  });

  test("that hangs under a flood is asked a few times, then its deliveries are parked; when it is back, all arrive", async () => {
    const { live: key } = await newTenant();
    const flooded = await receiverThat("hang");
    const { id } = await endpointAt(key, flooded.url);
    const count = 120;
    for (let from = 0; from < count; from += 20) await Promise.all(Array.from({ length: 20 }, () => createCustomer(key)));
    const pending = await eventually(async () => {
      const found = await deliveriesTo(key, id, "&status=pending");
      return found.length === 100 && found.every(({ nextAttemptAt }) => Date.parse(nextAttemptAt) > Date.now()) && found;
    }, 20_000);
    expect(pending.some(({ attemptCount }) => attemptCount === 0)).toBe(true);
    // Four batches of ten are in flight at most; the first ten failures break the circuit.
    expect(flooded.requests.length).toBeLessThanOrEqual(60);
    flooded.behave({ status: 200 });
    await eventually(async () => {
      clock.moveOn(20);
      await pause(1_000);
      return (
        new Set(flooded.requests.map(({ headers }) => headers["webhook-id"])).size === count && (await deliveriesTo(key, id, "&status=pending")).length === 0
      );
    }, 3_600_000);
    expect((await deliveriesTo(key, id)).every(({ status }) => status === "succeeded")).toBe(true);
  }, 60_000);

  test("with nothing but failures for five days is disabled; one success in between starts the count anew", async () => {
    const { live: key } = await newTenant();
    const [dead, flaky, other] = [await receiverThat({ status: 500 }), await receiverThat({ status: 500 }), await receiverThat({})];
    const [deadEndpoint, flakyEndpoint] = [await endpointAt(key, dead.url), await endpointAt(key, flaky.url)];
    await endpointAt(key, other.url, { eventTypes: ["webhook_endpoint.*"] });
    for (let day = 0; day <= 5; day++) {
      flaky.behave({ status: day === 3 ? 200 : 500 });
      const before = dead.requests.length;
      await createCustomer(key);
      // They may be left alone for a while after ten failures in a row.
      const flakyBefore = flaky.requests.length;
      await eventually(async () => {
        clock.moveOn(60);
        await pause(300);
        return dead.requests.length > before && flaky.requests.length > flakyBefore;
      }, 7_200_000);
      clock.moveOn(86_400);
    }
    const disabled = await eventually(async () => {
      await createCustomer(key);
      const endpoint = (await call(key, "get", `/v1/webhook-endpoints/${deadEndpoint.id}`)).body;
      return endpoint.status === "disabled" && endpoint;
    }, 20_000);
    expect(disabled.disabledReason).toBe("failing");
    expect((await call(key, "get", `/v1/webhook-endpoints/${flakyEndpoint.id}`)).body.status).toBe("enabled");
    await eventually(async () => other.requests.some(({ body }) => JSON.parse(body).type === "webhook_endpoint.disabled"));
  }, 60_000);
});
