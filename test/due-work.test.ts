/** What the product does later by itself: by a sweeper that may be late, run twice, or fail. */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectionPk, customerKey } from "../domain/customers/keys.ts";
import { type CustomerRecord, customerExample } from "../domain/customers/model.ts";
import { create, key, replace } from "../domain/kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../domain/kernel/time.ts";
import { handler } from "../functions/run-due-work.ts";
import { deployment } from "../functions/shell/config.ts";
import { getItem } from "../functions/shell/dynamodb.ts";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import { itemKey } from "../functions/shell/item.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { call, type Json, keyWith, newTenant, type TenantKeys } from "./clientele.ts";
import { answered, inject, refused } from "./fault-injection.ts";

const in91Days = () => new Date(Date.now() + 91 * dayMilliseconds);
/** As EventBridge writes it. */
const sweepAt = (time: Date) => handler({ time: `${time.toISOString().slice(0, 19)}Z` });
const minutesAfter = (time: Date, minutes: number) => new Date(time.getTime() + minutes * 60_000);

async function customer({ live }: TenantKeys, state: "active" | "deleted" | "restored"): Promise<string> {
  const { body } = await call(live, "post", "/v1/customers", { body: { displayName: state } });
  const visit = { type: "visit", channel: "store", occurredAt: "2026-11-21T09:30:00Z" };
  await call(live, "post", `/v1/customers/${body.id}/events`, { body: visit });
  if (state !== "active") await call(live, "delete", `/v1/customers/${body.id}`);
  if (state === "restored") await call(live, "post", `/v1/customers/${body.id}/restore`);
  return body.id;
}
const statusOf = async ({ live }: TenantKeys, id: string) => (await call(live, "get", `/v1/customers/${id}`)).status;

async function itemsWith(text: string): Promise<Json[]> {
  const items: Json[] = [];
  let start: Json;
  do {
    const page = await dynamodb().send(new ScanCommand({ TableName: deployment().tableName, ConsistentRead: true, ExclusiveStartKey: start }));
    items.push(...(page.Items ?? []).filter((item) => JSON.stringify(item).includes(text)));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}
const collectionOf = async ({ tenantId }: TenantKeys, id: string) =>
  (await itemsWith(`T#${tenantId}#${collectionPk(id)}`)).filter(({ pk }) => pk.endsWith(id)).map(({ sk }) => sk);
const dueOf = async ({ tenantId }: TenantKeys, id: string) => (await getItem(itemKey(tenantId, customerKey(id))))?.dueSk;

/** Deleted customers as they are kept, written without asking the API one by one. */
async function deletedCustomers({ tenantId }: TenantKeys, count: number, purgeAt: string, isDue = true): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId("cus"));
  const changes = ids.map((id) => {
    const record: CustomerRecord = { ...customerExample, id, identities: [], status: "deleted", deletedAt: purgeAt, purgeAt, listShard: 0 };
    const list = { pk: "CUSTOMERS#0", sk: `${record.createdAt}#${id}` };
    return create(customerKey(id), record, { placement: { list, ...(isDue && { due: { at: purgeAt, kind: "purge_customer" } }) } });
  });
  for (let from = 0; from < count; from += 100) await openTable(tenantId).commit(changes.slice(from, from + 100), () => []);
  return ids;
}

describe("91 days after a deletion", () => {
  test("deleted customers are gone with all that was kept under them; active and restored ones are not", async () => {
    const tenant = await newTenant();
    const [active, deleted, restored] = [await customer(tenant, "active"), await customer(tenant, "deleted"), await customer(tenant, "restored")];
    await sweepAt(new Date());
    expect(await statusOf(tenant, deleted)).toBe(200);
    await sweepAt(in91Days());
    expect(await Promise.all([active, deleted, restored].map((id) => statusOf(tenant, id)))).toEqual([200, 404, 200]);
    expect(await Promise.all([active, deleted, restored].map(async (id) => (await collectionOf(tenant, id)).length))).toEqual([2, 0, 2]);
  });

  test("a collection that is larger than a transaction goes sweep by sweep, its profile last", async () => {
    const tenant = await newTenant();
    const id = await customer(tenant, "deleted");
    const links = Array.from({ length: 150 }, (_, number) => create(key(collectionPk(id), `LINK#${number}`), {}));
    for (const some of [links.slice(0, 75), links.slice(75)]) await openTable(tenant.tenantId).commit(some, () => []);
    const left: string[][] = [];
    for (let sweep = 1; sweep <= 2; sweep++) {
      await sweepAt(in91Days());
      left.push(await collectionOf(tenant, id));
    }
    expect(left.map(({ length }) => length)).toEqual([53, 0]);
    expect(left[0]).toContain("PROFILE");
  });

  test("nothing that is due is left when it fills many pages, and two sweeps at once do no harm", async () => {
    const tenant = await newTenant();
    const ids = await deletedCustomers(tenant, 260, instantAfter(new Date(), 90 * dayMilliseconds));
    const [kept] = await deletedCustomers(tenant, 1, instantAfter(new Date(), 92 * dayMilliseconds));
    expect(await itemsWith(`T#${tenant.tenantId}#C#`)).toHaveLength(ids.length + 1);
    await Promise.all([sweepAt(in91Days()), sweepAt(in91Days())]);
    expect((await itemsWith(`T#${tenant.tenantId}#C#`)).map(({ pk }) => pk)).toEqual([expect.stringContaining(kept as string)]);
    await sweepAt(in91Days());
    expect(await statusOf(tenant, kept as string)).toBe(200);
  });
});

test("a customer past its purge is absent everywhere, even when the sweeper never ran", async () => {
  const tenant = await newTenant();
  const [id] = await deletedCustomers(tenant, 1, instantAfter(new Date(), -1_000), false);
  const path = `/v1/customers/${id}`;
  const requests = [
    ["get", path],
    ["get", `${path}/view`],
    ["get", `${path}/timeline`],
    ["get", `${path}/changes`],
    ["patch", path, { displayName: "Ada" }],
    ["delete", path],
    ["post", `${path}/restore`],
    ["post", `${path}/events`, { type: "visit", channel: "store", occurredAt: "2026-11-21T09:30:00Z" }],
    ["post", `${path}/identities`, { type: "external_id", value: "1" }],
  ] as const;
  for (const [method, at, body] of requests) {
    const answer = await call(tenant.live, method, at, { ...(body && { body }) });
    expect([method, at, answer.status, answer.body.code]).toEqual([method, at, 404, "customer_not_found"]);
  }
  expect((await call(tenant.live, "get", "/v1/customers?status=deleted")).body.data).toEqual([]);
});

describe("API keys", () => {
  const expiringIn = async (tenant: TenantKeys, days: number) => {
    const secret = await keyWith(tenant, ["customers:read"], { expiresAt: instantAfter(new Date(), days * dayMilliseconds) });
    return (await call(secret, "get", "/v1/me")).body.credential.id as string;
  };
  const secretsOf = async (id: string) => (await itemsWith(id)).filter(({ pk }) => pk.includes("#SECRET#")).length;

  test("that expire lose all their secrets, former ones too; later ones keep theirs", async () => {
    const tenant = await newTenant();
    const [soon, later] = [await expiringIn(tenant, 1), await expiringIn(tenant, 9)];
    await call(tenant.live, "post", `/v1/api-keys/${soon}/rotate`, { body: { overlapSeconds: 604_800 } });
    expect([await secretsOf(soon), await secretsOf(later)]).toEqual([2, 1]);
    const inTwoDays = new Date(Date.now() + 2 * dayMilliseconds);
    await Promise.all([sweepAt(inTwoDays), sweepAt(inTwoDays)]);
    expect([await secretsOf(soon), await secretsOf(later)]).toEqual([0, 1]);
    expect((await call(tenant.live, "get", `/v1/api-keys/${soon}`)).body.id).toBe(soon);
  });

  test("keep them when an index entry that is out of date says that they are due", async () => {
    const tenant = await newTenant();
    const id = await expiringIn(tenant, 9);
    const { pk, sk, duePk } = (await itemsWith(id)).find((item) => item.dueSk);
    const stale = { pk: { S: pk }, sk: { S: sk }, duePk: { S: duePk }, dueSk: { S: `2026-01-01T00:00:00.000Z#expire_api_key#${pk}` } };
    using fault = inject({ request: "Query", about: duePk, times: 1 }, answered({ Items: [stale] }));
    await sweepAt(new Date());
    expect(fault.hits).toBe(1);
    expect(await secretsOf(id)).toBe(1);
  });
});

describe("work that fails", () => {
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  /** What was logged of a kind: sweeps find the failures of other tests too. */
  const loggedOf = (wanted: string) =>
    vi
      .mocked(console.error)
      .mock.calls.map(([line]) => JSON.parse(String(line)))
      .filter(({ kind }) => kind === wanted);

  test("is put off for five minutes and logged, and the rest is done", async () => {
    const tenant = await newTenant();
    const [bad, good] = [await customer(tenant, "deleted"), await customer(tenant, "deleted")];
    const time = new Date(`${in91Days().toISOString().slice(0, 19)}Z`);
    using fault = inject({ request: "TransactWriteItems", about: `T#${tenant.tenantId}#C#${bad}` }, refused("AccessDeniedException"));
    await sweepAt(time);
    expect([await statusOf(tenant, bad), await statusOf(tenant, good)]).toEqual([200, 404]);
    expect(await dueOf(tenant, bad)).toMatch(instantAfter(time, 5 * 60_000));
    expect(loggedOf("purge_customer")).toEqual([expect.objectContaining({ level: "error", message: "due work failed" })]);
    fault.stop();
    await sweepAt(minutesAfter(time, 4));
    expect(await statusOf(tenant, bad)).toBe(200);
    await sweepAt(minutesAfter(time, 6));
    expect(await statusOf(tenant, bad)).toBe(404);
  });

  test("and cannot even be put off: the rest is done all the same", async () => {
    const tenant = await newTenant();
    const ids = await deletedCustomers(tenant, 40, instantAfter(new Date(), 90 * dayMilliseconds));
    const bad = ids.slice(0, 20);
    const about = new RegExp(bad.join("|"));
    using _deletion = inject({ request: "DeleteItem", about }, refused("AccessDeniedException"));
    using _move = inject({ request: "UpdateItem", about }, refused("AccessDeniedException"));
    await sweepAt(in91Days());
    expect(await Promise.all(ids.map((id) => statusOf(tenant, id)))).toEqual(ids.map((id) => (bad.includes(id) ? 200 : 404)));
  });

  test("because nobody knows its kind is logged and put off, for a later release to find", async () => {
    const tenant = await newTenant();
    const time = new Date(`${instantAfter(new Date(), dayMilliseconds).slice(0, 19)}Z`);
    const at = key("X#1", "META");
    await openTable(tenant.tenantId).commit([create(at, {}, { placement: { due: { at: time.toISOString(), kind: "polish_silver" } } })], () => []);
    await sweepAt(time);
    const item = await getItem(itemKey(tenant.tenantId, at));
    expect(item?.dueSk).toBe(`${instantAfter(time, 5 * 60_000)}#polish_silver#T#${tenant.tenantId}#X#1`);
    expect(loggedOf("polish_silver")).toEqual([expect.objectContaining({ message: "due work failed", error: expect.stringContaining("polish_silver") })]);
  });

  test("because somebody else wrote first is decided anew in the same sweep, without a word", async () => {
    const tenant = await newTenant();
    const id = await customer(tenant, "deleted");
    using fault = inject({ request: "TransactWriteItems", about: `T#${tenant.tenantId}#C#${id}`, times: 1 }, async (_, send) => {
      const table = openTable(tenant.tenantId);
      const record = (await table.get(customerKey(id))) as CustomerRecord;
      const placement = { due: { at: record.purgeAt as string, kind: "purge_customer" } };
      await table.commit([replace(customerKey(id), record, { ...record, version: record.version + 1 }, { placement })], () => []);
      return send();
    });
    await sweepAt(in91Days());
    expect([fault.hits, await statusOf(tenant, id)]).toEqual([1, 404]);
    expect(loggedOf("purge_customer")).toEqual([]);
  });
});
