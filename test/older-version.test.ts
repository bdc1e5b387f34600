/** A caller that stayed at an older version. The product has one date so far, so the list is given another one before it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { apiVersions, newestApiVersion } from "../domain/api-versions.ts";
import type { ApiVersion } from "../domain/kernel/api-version.ts";
import { revise } from "../domain/kernel/revision.ts";
import { replace } from "../domain/kernel/table.ts";
import { apiKeyKey } from "../domain/tenants/keys.ts";
import { endpointKey } from "../domain/webhooks/keys.ts";
import { startReceiver } from "./receiver.ts";

const older = "2026-05-01";
/** Before the first date a customer's `displayName` was `name`. */
const oldName = z.looseObject({ name: z.string().min(2).optional() }).transform(({ name, ...rest }) => ({ ...rest, displayName: name }));
const inOldItem = z.looseObject({ customer: oldName });
Object.assign(apiVersions[0], {
  upgrades: { createCustomer: oldName, updateCustomer: oldName, batchUpsertCustomers: inOldItem },
  downgrades: { customer: ({ displayName, ...rest }: Record<string, unknown>) => ({ ...rest, name: displayName }) },
});
(apiVersions as unknown as ApiVersion[]).unshift({ date: older, summary: "Before the first." });

process.env["AUTH_CACHE_SECONDS"] = "0";
const { call, eventually, newTenant } = await import("./clientele.ts");
const { openTable } = await import("../functions/shell/table.ts");
type TenantKeys = Awaited<ReturnType<typeof newTenant>>;

const receiver = await startReceiver();
afterAll(receiver.stop);

const inOlder = { "api-version": older };
let tenant: TenantKeys;
beforeAll(async () => {
  tenant = await newTenant();
});
const ask = (path: string, headers: Record<string, string> = {}) => call(tenant.live, "get", path, { headers });
const create = (body: object, headers: Record<string, string> = inOlder) => call(tenant.live, "post", "/v1/customers", { body, headers });

test("sends and gets the shapes that it knows; for others it is the same object", async () => {
  const made = await create({ name: "Ada" });
  expect([made.status, made.headers.get("api-version"), made.headers.get("etag"), made.body.name, made.body.displayName]).toEqual([
    201,
    older,
    '"1"',
    "Ada",
    undefined,
  ]);
  expect((await ask(`/v1/customers/${made.body.id}`)).body).toMatchObject({ displayName: "Ada" });
  expect((await ask(`/v1/customers/${made.body.id}`, inOlder)).body).toEqual(made.body);
  expect((await ask("/v1/customers", inOlder)).body.data).toContainEqual(made.body);
  const view = (await ask(`/v1/customers/${made.body.id}/view`, inOlder)).body;
  expect(view.customer).toEqual(made.body);
});

test("is faulted in its own words, alone or in a batch", async () => {
  expect((await create({ name: "A" })).body.errors).toEqual([expect.objectContaining({ in: "body", pointer: "/name", code: "too_small" })]);
  expect((await create({ name: "Ada" }, {})).body.errors).toEqual([expect.objectContaining({ pointer: "/name", code: "unknown_field" })]);
  const items = ["B", "Bob"].map((name, index) => ({ identity: { type: "email", value: `b${index}@example.com` }, customer: { name } }));
  const { status, body } = await call(tenant.live, "post", "/v1/customers/batch", { body: { items }, headers: inOlder });
  expect([status, body.items.map(({ status: each }: { status: number }) => each)]).toEqual([207, [400, 201]]);
  expect(body.items[0].problem.errors[0].pointer).toBe("/items/0/customer/name");
  expect(body.items[1].customer).toMatchObject({ name: "Bob" });
});

test("gets its answer again under its Idempotency-Key, as does who has moved on meanwhile", async () => {
  const once = { "idempotency-key": "older-once" };
  const first = await create({ name: "Grace" }, { ...inOlder, ...once });
  const again = await create({ name: "Grace" }, { ...inOlder, ...once });
  expect([again.body, again.headers.get("idempotency-replayed")]).toEqual([first.body, "true"]);
  const moved = await create({ displayName: "Grace" }, once);
  const { name, ...rest } = first.body;
  expect([moved.body, moved.headers.get("api-version")]).toEqual([{ ...rest, displayName: name }, newestApiVersion]);
});

test("may be a key that is pinned to it; a request overrides the pin", async () => {
  const { body: key } = await call(tenant.live, "post", "/v1/api-keys", { body: { name: "Old till", scopes: ["customers:read"], livemode: true } });
  const platform = openTable("platform");
  const at = apiKeyKey(tenant.tenantId, key.id);
  const record = await platform.get(at);
  if (!record) throw new Error("The key is not in the table.");
  await platform.commit([replace(at, record, revise(record, { apiVersion: older }, new Date()))], () => []);
  const versionOf = async (path: string, headers = {}) => (await call(key.secret, "get", path, { headers })).headers.get("api-version");
  expect(await versionOf("/v1/me")).toBe(older);
  expect(await versionOf("/v1/me", { "api-version": newestApiVersion })).toBe(newestApiVersion);
  // A refusal says it as well, and an unknown date falls back to the pin.
  expect([await versionOf("/v1/tenant"), await versionOf("/v1/customers/x"), await versionOf("/v1/me", { "api-version": "1999-01-01" })]).toEqual([
    older,
    older,
    older,
  ]);
  expect((await call(key.secret, "get", "/v1/customers")).body.data[0]).toHaveProperty("name");
});

test("reads events as it knows them; an endpoint gets them in its own version, and filters by what it gets", async () => {
  const make = async (path: string, filter: object[]) =>
    (await call(tenant.live, "post", "/v1/webhook-endpoints", { body: { url: receiver.url + path, eventTypes: ["customer.*"], filter } })).body;
  const endpoint = await make("/older", [{ pointer: "/data/object/name", anyOf: ["Hedy", "Hedy Lamarr"] }]);
  await make("/newest", [{ pointer: "/data/object/displayName", anyOf: ["Hedy", "Hedy Lamarr"] }]);
  const table = openTable(tenant.tenantId);
  const record = await table.get(endpointKey(endpoint.id));
  if (!record) throw new Error("The endpoint is not in the table.");
  await table.commit([replace(endpointKey(endpoint.id), record, revise(record, { apiVersion: older }, new Date()))], () => []);

  const { body: customer } = await create({ displayName: "Hedy" }, {});
  await call(tenant.live, "patch", `/v1/customers/${customer.id}`, { body: { displayName: "Hedy Lamarr" } });
  const logged = (version: string) =>
    eventually(async () => {
      const { data } = (await ask(`/v1/events?customerId=${customer.id}`, { "api-version": version })).body;
      return data.length === 2 && data;
    });
  const received = (path: string) =>
    eventually(async () => {
      const bodies = receiver.requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body));
      return bodies.length === 2 && bodies.toSorted((one, other) => other.sequence - one.sequence);
    });
  for (const [path, version, name] of [
    ["/older", older, "name"],
    ["/newest", newestApiVersion, "displayName"],
  ] as const) {
    const events = await logged(version);
    expect(events[0]).toMatchObject({ apiVersion: version, data: { object: { [name]: "Hedy Lamarr" }, previousAttributes: { [name]: "Hedy" } } });
    expect(Object.keys(events[0].data.previousAttributes)).toEqual([name]);
    expect(await received(path)).toEqual(events);
  }

  const replay = { body: { which: "all" } };
  const { body: counted } = await call(tenant.live, "post", `/v1/webhook-endpoints/${endpoint.id}/replays?dryRun=true`, replay);
  expect(counted.toDeliver).toBe(2);
});
