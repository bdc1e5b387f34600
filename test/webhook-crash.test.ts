/** No event and no delivery is lost when the product is killed at random moments while events happen and are delivered. */
import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { webhookVerifier } from "../openapi/sdk/webhooks/verify.ts";
import type { Json } from "./clientele.ts";
import { productProcess, requestTo } from "./product-process.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const kills = 6;
const eventsPerSecond = 200;
const unansweredMax = 32;
const endpoints = 2;

const product = await productProcess();
let key: string;
const receivers: { receiver: Receiver; secret: string }[] = [];
const acknowledged = new Set<string>();

const send = (method: string, path: string, body?: object, idempotencyKey?: string): Promise<Json> =>
  requestTo(product.baseUrl, key, { method, path, body, idempotencyKey });

/** Starts a write every few milliseconds, as long as not too many are unanswered. */
async function load(until: AbortSignal): Promise<void> {
  const writes = new Set<Promise<void>>();
  const startedAt = Date.now();
  for (let count = 0; !until.aborted; count++) {
    await pause(Math.max(0, startedAt + (count * 1000) / eventsPerSecond - Date.now()));
    while (writes.size >= unansweredMax) await Promise.race(writes);
    const name = randomUUID();
    const write = send("POST", "/v1/customers", { displayName: name }, name)
      .then((answer) => void (answer && acknowledged.add(name)))
      .finally(() => writes.delete(write));
    writes.add(write);
  }
  await Promise.all(writes);
}

async function allEvents(): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ""; ; ) {
    const page = await send("GET", `/v1/events?limit=100${cursor && `&cursor=${cursor}`}`);
    found.push(...page.data);
    if (!page.hasMore) return found;
    cursor = page.nextCursor;
  }
}
const idsAt = ({ requests }: Receiver) => requests.map(({ headers }) => headers["webhook-id"] as string);
let events: Json[] = [];
/** By name: writes that were cut off have events too, so that numbers say nothing. */
function untold(): string[] {
  const told = new Set(events.map(({ data }) => data.object.displayName));
  return [...acknowledged].filter((name) => !told.has(name));
}

beforeAll(async () => {
  await product.start();
  key = product.demo().liveKey;
  for (let index = 0; index < endpoints; index++) {
    const receiver = await startReceiver();
    const { secret } = await send("POST", "/v1/webhook-endpoints", { url: receiver.url, eventTypes: ["customer.*"] });
    receivers.push({ receiver, secret });
  }
  for (let round = 0; round < kills; round++) {
    const cut = new AbortController();
    const loaded = load(cut.signal);
    await pause(randomInt(1_000, 3_000));
    await product.kill(round === 2 ? "engine" : "product");
    cut.abort();
    await loaded;
    await product.start();
  }
  // What was waiting is delivered; one that was cut off may wait for its first retry.
  const end = Date.now() + 40_000;
  do {
    await pause(500);
    events = (await allEvents()).filter(({ type }) => type === "customer.created");
  } while (Date.now() < end && (untold().length > 0 || receivers.some(({ receiver }) => new Set(idsAt(receiver)).size < events.length)));
  const received = receivers.map(({ receiver }) => receiver.requests.length);
  console.log(`${kills} kills, ${acknowledged.size} acknowledged writes, ${events.length} events, ${received.join(" and ")} requests received`);
}, 120_000);

afterAll(async () => {
  await product.remove();
  for (const { receiver } of receivers) await receiver.stop();
});

test("every acknowledged write has its event, and the log has no gap", async () => {
  expect(acknowledged.size).toBeGreaterThan(kills * 20);
  expect(untold()).toEqual([]);
  expect((await allEvents()).map(({ sequence }) => sequence)).toEqual((await allEvents()).map((_, index) => index + 1));
});

test("every event is delivered to every endpoint at least once, under its own id", () => {
  for (const { receiver } of receivers) {
    const received = new Set(idsAt(receiver));
    expect(events.filter(({ id }) => !received.has(id)).map(({ sequence }) => sequence)).toEqual([]);
  }
});

test("what came twice has the same webhook-id and body, and is rare", () => {
  for (const { receiver } of receivers) {
    const byId = Map.groupBy(receiver.requests, ({ headers }) => headers["webhook-id"]);
    for (const [id, requests] of byId) {
      expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
      expect(JSON.parse(requests[0]?.body ?? "").id).toBe(id);
    }
    const repeated = receiver.requests.length - byId.size;
    console.log(`${repeated} of ${receiver.requests.length} requests were repeats`);
    // At most what is in flight when the process dies: four batches of ten for an endpoint.
    expect(repeated).toBeLessThanOrEqual(kills * 40);
  }
});

test("every delivery is signed, those around a kill too", async () => {
  for (const { receiver, secret } of receivers) {
    const verifier = webhookVerifier({ secrets: [secret], toleranceSeconds: 600 });
    for (const { headers, body } of receiver.requests) await verifier.verify(headers, body);
  }
});
