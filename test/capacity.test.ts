/** What operations ask of the database, as it counts itself: promises that a later change must not break unnoticed. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, apiWith } from "../bench/api.ts";
import { consumptionOf } from "../bench/consumption.ts";
import { customerWithHistory } from "../bench/costs.ts";
import { newBody } from "../bench/population.ts";
import { type Clientele, startClientele } from "../functions/local/runtime.ts";

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

test("the rate limits of a busy key cost at most a write in ten requests", async () => {
  const requests = 200;
  const { limiterWrites } = await consumptionOf(async () => {
    for (let count = 0; count < requests; count++) await api("GET /v1/customers/{customerId}", { params: { customerId: customer.customerId } });
  });
  expect(limiterWrites / requests).toBeLessThanOrEqual(0.1);
});
