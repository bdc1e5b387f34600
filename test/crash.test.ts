/** Nothing acknowledged is lost and nothing happens twice when the product, or its engine, is killed under load. */
import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "./clientele.ts";
import { productProcess, requestTo } from "./product-process.ts";

const clients = 8;
const productKills = 6;

/** A write of a client, sent again with the same key until it is acknowledged. */
type Write = { key: string; method: string; path: string; body: Json; tells: string; identity?: { type: string; value: string } };
type Acknowledged = Write & { answer: Json };

const product = await productProcess();
const { baseUrl } = product;
let apiKey: string;
const acknowledged: Acknowledged[] = [];
let unacknowledged: Write[] = [];
let kills = 0;
let resent = 0;

const send = ({ key, ...request }: Pick<Write, "method" | "path"> & Partial<Write>): Promise<Json> =>
  requestTo(baseUrl, apiKey, { method: request.method, path: request.path, body: request.body, idempotencyKey: key });
const get = (path: string): Promise<Json> => send({ method: "GET", path });

function newWrite(): Write {
  const key = randomUUID();
  const known = acknowledged.filter(({ answer }) => answer.object === "customer");
  const kind = known.length > 0 ? randomInt(3) : 0;
  const customer = known[randomInt(Math.max(known.length, 1))]?.answer;
  if (kind === 2)
    return {
      key,
      method: "POST",
      path: `/v1/customers/${customer.id}/events`,
      body: { type: "visit", channel: "store", occurredAt: "2026-11-21T09:30:00Z", reference: key },
      tells: "customer_event.recorded",
    };
  const identity = kind === 0 ? { type: "email", value: `${key}@example.com` } : { type: "external_id", value: key };
  if (kind === 1) return { key, method: "PUT", path: `/v1/customers/by/external_id/${key}`, body: { displayName: key }, tells: "customer.created", identity };
  return { key, method: "POST", path: "/v1/customers", body: { displayName: key, identities: [identity] }, tells: "customer.created", identity };
}

async function attempt(write: Write): Promise<boolean> {
  const answer = await send(write);
  if (answer) acknowledged.push({ ...write, answer });
  else unacknowledged.push(write);
  return answer !== undefined;
}

/** Clients write until they are cut off. */
const load = () =>
  Promise.all(
    Array.from({ length: clients }, async () => {
      while (await attempt(newWrite()));
    }),
  );

async function resendUnacknowledged(): Promise<void> {
  const writes = unacknowledged;
  unacknowledged = [];
  resent += writes.length;
  await Promise.all(writes.map(attempt));
  expect(unacknowledged).toEqual([]);
}

async function all(path: string): Promise<Json[]> {
  const found: Json[] = [];
  let cursor = "";
  do {
    const page = await get(`${path}?limit=100${cursor && `&cursor=${cursor}`}`);
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

/** Sixteen at a time. */
async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let item = queue.shift(); item; item = queue.shift()) await work(item);
    }),
  );
}

beforeAll(async () => {
  await product.start();
  apiKey = product.demo().liveKey;
  for (let round = 0; round <= productKills; round++) {
    const loaded = load();
    const enough = acknowledged.length + randomInt(30, 110);
    while (acknowledged.length < enough) await delay(randomInt(20));
    kills += 1;
    await Promise.all([product.kill(round === 2 ? "engine" : "product"), loaded]);
    await product.start();
    await resendUnacknowledged();
  }
  console.log(`${kills} kills, ${acknowledged.length} acknowledged writes, ${resent} of them sent again after a kill`);
}, 90_000);

afterAll(async () => {
  await product.remove();
});

test("the kills came while writes were under way", () => {
  expect(kills).toBe(productKills + 1);
  expect(resent).toBeGreaterThan(kills);
});

test("every acknowledged customer is there, by id and by identity, as it was acknowledged", async () => {
  await forEach(acknowledged, async ({ answer, identity }) => {
    if (!identity) return;
    expect(await get(`/v1/customers/${answer.id}`)).toEqual(answer);
    expect(await get(`/v1/customers/by/${identity.type}/${encodeURIComponent(identity.value)}`)).toEqual(answer);
  });
}, 30_000);

test("every request that was sent again has made exactly one customer", async () => {
  const made = acknowledged.filter(({ identity }) => identity).map(({ key }) => key);
  const listed = (await all("/v1/customers")).map(({ displayName }) => displayName);
  expect(listed.toSorted()).toEqual(made.toSorted());
}, 30_000);

test("every acknowledged touchpoint is counted once", async () => {
  const visits = acknowledged.filter(({ tells }) => tells === "customer_event.recorded");
  const byCustomer = Map.groupBy(visits, ({ answer }) => answer.customerId);
  await forEach([...byCustomer], async ([customerId, ofCustomer]) => {
    expect((await get(`/v1/customers/${customerId}/view`)).touchpoints.count).toBe(ofCustomer.length);
  });
}, 30_000);

test("every acknowledged write has its event exactly once, and the sequence has no gap", async () => {
  const expected = acknowledged.map(({ key, tells, answer }) => `${key} ${tells} ${answer.id}`).toSorted();
  let events: Json[] = [];
  for (const end = Date.now() + 5_000; events.length < expected.length && Date.now() < end; await delay(50)) events = await all("/v1/events");
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(events.map(({ request, type, data }) => `${request.idempotencyKey} ${type} ${data.object.id}`).toSorted()).toEqual(expected);
}, 30_000);
