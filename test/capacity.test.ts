/** What operations ask of the database, as it counts itself: promises that a later change must not break unnoticed. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQSEvent } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, apiWith } from "../bench/api.ts";
import { consumptionOf } from "../bench/consumption.ts";
import { customerWithHistory } from "../bench/costs.ts";
import { ledgerCosts, openWalletWith } from "../bench/ledger-costs.ts";
import { newBody } from "../bench/population.ts";
import { create } from "../domain/kernel/table.ts";
import { creationOf, messageOf, newDelivery } from "../domain/webhooks/delivery-round.ts";
import { endpointExample } from "../domain/webhooks/endpoint.ts";
import { endpointKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { endpointSecretFrom } from "../domain/webhooks/signature.ts";
import { handler as deliver } from "../functions/deliver-webhook.ts";
import { type Clientele, startClientele } from "../functions/local/runtime.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const dataDir = mkdtempSync(join(tmpdir(), "clientele-"));
let clientele: Clientele;
let api: Api;
let customer: { customerId: string; email: string };

beforeAll(async () => {
  clientele = await startClientele({ port: 0, dataDir });
  api = apiWith(clientele.demo.liveKey);
  customer = await customerWithHistory(api, 1);
});
afterAll(async () => {
  await clientele?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Without what rate limits write, which belongs to no single call. */
const costOf = async (work: () => Promise<unknown>) => {
  const { limiterWrites: _, ...cost } = await consumptionOf(work);
  return cost;
};
const callsOf = async (work: () => Promise<unknown>) => (await costOf(work)).calls;
const withKey = () => ({ "idempotency-key": randomUUID() });

test("a customer is got by id in one read", async () => {
  const cost = await costOf(() => api("GET /v1/customers/{customerId}", { params: { customerId: customer.customerId } }));
  expect(cost).toEqual({ calls: ["GetItem"], readUnits: 1, writeUnits: 0 });
});

test("a customer is found by an identity in two reads", async () => {
  const params = { identityType: "email", identityValue: customer.email };
  const cost = await costOf(() => api("GET /v1/customers/by/{identityType}/{identityValue}", { params }));
  expect(cost).toEqual({ calls: ["GetItem", "GetItem"], readUnits: 2, writeUnits: 0 });
});

test("a customer is created in one transaction without a read, with its identity, event and idempotency record", async () => {
  expect(await callsOf(() => api("POST /v1/customers", { body: newBody() }))).toEqual(["TransactWriteItems"]);
  expect(await callsOf(() => api("POST /v1/customers", { body: newBody(), headers: withKey() }))).toEqual(["TransactWriteItems"]);
});

test("a customer is changed in one read and one write", async () => {
  const params = { customerId: customer.customerId };
  const patch = (headers: Record<string, string>) =>
    callsOf(() => api("PATCH /v1/customers/{customerId}", { params, body: { displayName: randomUUID() }, headers }));
  expect(await patch({})).toEqual(["GetItem", "PutItem"]);
  expect(await patch(withKey())).toEqual(["GetItem", "TransactWriteItems"]);
});

test("an upsert that changes nothing writes nothing", async () => {
  const params = { identityType: "email", identityValue: customer.email };
  const cost = await costOf(() => api("PUT /v1/customers/by/{identityType}/{identityValue}", { params, body: {} }));
  expect(cost).toEqual({ calls: ["GetItem", "GetItem"], readUnits: 2, writeUnits: 0 });
});

test("a full page of customers is one query", async () => {
  for (let count = 0; count < 50; count++) await api("POST /v1/customers", { body: newBody() });
  expect(await callsOf(() => api("GET /v1/customers", { query: "limit=50" }))).toEqual(["Query"]);
});

test("the view of a customer with 300 touchpoints costs what it costs with one, in at most three round trips", async () => {
  const { customerId } = await customerWithHistory(api, 300);
  const viewCost = (id: string) => costOf(() => api("GET /v1/customers/{customerId}/view", { params: { customerId: id } }));
  const cost = await viewCost(customerId);
  expect(cost).toEqual(await viewCost(customer.customerId));
  expect(cost.calls.length).toBeLessThanOrEqual(3);
});

test("the view of a member is two round trips, however many programmes the member takes part in", async () => {
  const { id: customerId } = await api("POST /v1/customers", { body: newBody() });
  for (const name of ["Club", "Shop", "Bistro"]) {
    const { id: programId } = await api("POST /v1/programs", { body: { name } });
    await api("POST /v1/wallets", { body: { customerId, programId } });
    const cost = await costOf(() => api("GET /v1/customers/{customerId}/view", { params: { customerId } }));
    expect(cost).toMatchObject({ calls: ["Query", "BatchGetItem"], writeUnits: 0 });
  }
  const listed = await costOf(() => api("GET /v1/wallets", { query: `customerId=${customerId}` }));
  expect(listed.calls).toEqual(["Query", "BatchGetItem"]);
});

describe("a wallet's history costs nothing", () => {
  const costsWith = async (entries: number) => {
    const costs = await ledgerCosts(api, await openWalletWith(api, clientele.demo.tenantId, entries, 1));
    return Object.fromEntries(costs.map(({ operation, limiterWrites: _, ...cost }) => [operation, cost]));
  };

  test("earning and redeeming are one read call and one transaction, of at most 6 write units with the reference of an order", async () => {
    const costs = await costsWith(1);
    for (const cost of Object.values(costs)) expect(cost.calls).toEqual(["BatchGetItem", "TransactWriteItems"]);
    for (const name of ["earn", "earn, with reference", "redeem", "redeem, with reference"]) expect(costs[name]?.writeUnits, name).toBeLessThanOrEqual(6);
  });

  test("they cost the same after one entry and after thousands, whatever the client names", async () => {
    // Not near a multiple of 64: such an entry leaves a checkpoint besides.
    expect(await costsWith(2_950)).toEqual(await costsWith(1));
  });
});

test("the rate limits of a busy key cost at most a write in ten requests", async () => {
  const requests = 200;
  const { limiterWrites } = await consumptionOf(async () => {
    for (let count = 0; count < requests; count++) await api("GET /v1/customers/{customerId}", { params: { customerId: customer.customerId } });
  });
  expect(limiterWrites / requests).toBeLessThanOrEqual(0.1);
});

describe("a reward", () => {
  const loyaltyApi = () => apiWith(clientele.demo.liveKey);
  const redeem = (walletId: string, body: object) => loyaltyApi()("POST /v1/wallets/{walletId}/redemptions", { params: { walletId }, body });
  async function walletAndRewards() {
    const ask = loyaltyApi();
    const { id: programId } = await ask("POST /v1/programs", { body: { name: "Club" } });
    const { id: walletId } = await ask("POST /v1/wallets", { body: { customerId: customer.customerId, programId } });
    await ask("POST /v1/wallets/{walletId}/earnings", { params: { walletId }, body: { points: 1000 } });
    const reward = async (stock: object) => (await ask("POST /v1/rewards", { body: { programId, name: "Mug", pricePoints: 1, memberLimit: 9, stock } })).id;
    const [counted, codes] = [await reward({ kind: "counted", quantity: 1000 }), await reward({ kind: "codes" })];
    await ask("POST /v1/rewards/{rewardId}/codes", { params: { rewardId: codes }, body: { codes: ["A", "B", "C"] } });
    return { walletId, counted, codes };
  }

  test("of counted stock is redeemed in one read and one transaction of head, entry, redemption, shard and limit", async () => {
    const { walletId, counted } = await walletAndRewards();
    const cost = await costOf(() => redeem(walletId, { rewardId: counted }));
    expect(cost).toEqual({ calls: ["BatchGetItem", "TransactWriteItems"], readUnits: 7, writeUnits: 11 });
  });

  test("of unique codes is redeemed in one read, one query of the free codes, a second one from their beginning when it began behind them all, and one transaction", async () => {
    const { walletId, codes } = await walletAndRewards();
    const { calls, writeUnits } = await costOf(() => redeem(walletId, { rewardId: codes }));
    const [first, ...others] = calls;
    expect([first, others.at(-1), writeUnits]).toEqual(["BatchGetItem", "TransactWriteItems", 14]);
    expect([["Query"], ["Query", "Query"]]).toContainEqual(others.slice(0, -1));
  });
});

describe("deliveries", () => {
  const receivers: Receiver[] = [];
  afterAll(() => Promise.all(receivers.map((receiver) => receiver.stop())));

  /** Deliveries of events to a new endpoint, pending and not in the queue; answers the batch that the queue would hand over. */
  async function batchOf(count: number): Promise<SQSEvent> {
    const receiver = await startReceiver();
    receivers.push(receiver);
    const { tenantId, liveKey } = clientele.demo;
    const table = openTable(tenantId);
    const now = new Date();
    const endpointId = newId("we");
    const endpoint = { ...endpointExample, id: endpointId, url: receiver.url, secrets: [{ secret: endpointSecretFrom("x"), createdAt: now.toISOString() }] };
    await table.commit([create(endpointKey(endpointId), endpoint)], () => []);
    const listed = await fetch(`${clientele.baseUrl}/v1/events?limit=${count}`, { headers: { authorization: `Bearer ${liveKey}` } });
    const { data: events } = (await listed.json()) as { data: Event[] };
    const deliveries = events.map((event) => newDelivery(endpointId, event, now));
    await table.commit(deliveries.map(creationOf), () => []);
    const bodies = deliveries.map((delivery) => ({ partition: tenantId, ...messageOf(delivery, now)?.body }));
    return { Records: bodies.map((body, index) => ({ messageId: String(index), body: JSON.stringify(body) })) } as SQSEvent;
  }
  const costOf = async (count: number) => {
    const batch = await batchOf(count);
    return consumptionOf(async () => expect(await deliver(batch)).toEqual({ batchItemFailures: [] }));
  };

  test("one is made with one read and one write of one unit", async () => {
    // The deployment's signing keys are read once a minute.
    await costOf(1);
    expect(await costOf(1)).toMatchObject({ calls: ["BatchGetItem", "PutItem"], writeUnits: 1 });
  });

  test("ten are read at once, and written together as they end", async () => {
    await costOf(1);
    const [read, ...writes] = (await costOf(10)).calls;
    expect([read, new Set(writes).has("GetItem")]).toEqual(["BatchGetItem", false]);
    expect(writes.length).toBeLessThanOrEqual(5);
  });
});
