/** What the operations tell in the event log, and how it is read. */
import { describe, expect, test } from "vitest";
import { customerExample } from "../domain/customers/model.ts";
import { dayMilliseconds } from "../domain/kernel/time.ts";
import { appendChanges } from "../domain/webhooks/event-log.ts";
import { laneHeadKey } from "../domain/webhooks/keys.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { baseUrl, call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";

type Told = { type: string; object: Json; previous?: Json };
/** Sends a request with the tenant's live key; answers the body. */
type Send = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<Json>;

const sender =
  ({ live }: TenantKeys): Send =>
  async (method, path, body, headers = {}) =>
    (await call(live, method, path, { ...(body && { body }), headers })).body;

/** The whole log once it has what `key` has written so far: an event stands behind all that were told before it. */
async function settledLog(key: string): Promise<Json[]> {
  const { body: last } = await call(key, "post", "/v1/customers", { body: { displayName: "last" } });
  const events = await eventually(async () => {
    const { data } = (await call(key, "get", "/v1/events?limit=100")).body;
    return data.at(-1)?.data.object.id === last.id && data;
  });
  return events.slice(0, -1);
}

const email = { type: "email", value: "ada@example.com" };
const phone = { type: "phone", value: "+33612345678" };
const visit = { type: "visit", channel: "store", occurredAt: "2026-11-21T09:30:00Z", dedupeId: "visit-1" };
const created = (object: Json): Told => ({ type: "customer.created", object });
const identityOf = (customer: Json, { type }: { type: string }) => ({
  object: "identity",
  customerId: customer.id,
  ...customer.identities.find((one: Json) => one.type === type),
});
const create = (send: Send, body: object = { displayName: "Ada", identities: [email] }) => send("post", "/v1/customers", body);

const operations: Record<string, (send: Send) => Promise<Told[]>> = {
  createCustomer: async (send) => [created(await create(send))],
  updateCustomer: async (send) => {
    const before = await create(send);
    const after = await send("patch", `/v1/customers/${before.id}`, { displayName: "Ada L.", birthDate: "1815-12-10", tags: ["vip"] });
    return [created(before), { type: "customer.updated", object: after, previous: { displayName: "Ada", birthDate: null, tags: [] } }];
  },
  "updateCustomer of the identities": async (send) => {
    const before = await create(send);
    const after = await send("patch", `/v1/customers/${before.id}`, { identities: [phone] });
    return [
      created(before),
      { type: "customer.updated", object: after, previous: { identities: before.identities } },
      { type: "identity.linked", object: identityOf(after, phone) },
      { type: "identity.unlinked", object: identityOf(before, email) },
    ];
  },
  "deleteCustomer, once": async (send) => {
    const before = await create(send);
    const after = await send("delete", `/v1/customers/${before.id}`);
    await send("delete", `/v1/customers/${before.id}`);
    return [created(before), { type: "customer.deleted", object: after, previous: { status: "active", deletedAt: null, purgeAt: null } }];
  },
  "restoreCustomer, once": async (send) => {
    const before = await create(send);
    const deleted = await send("delete", `/v1/customers/${before.id}`);
    const { customer } = await send("post", `/v1/customers/${before.id}/restore`);
    await send("post", `/v1/customers/${before.id}/restore`);
    const { status, deletedAt, purgeAt } = deleted;
    return [
      created(before),
      { type: "customer.deleted", object: deleted, previous: { status: "active", deletedAt: null, purgeAt: null } },
      { type: "customer.restored", object: customer, previous: { status, deletedAt, purgeAt } },
    ];
  },
  "restoreCustomer without an identity that was taken": async (send) => {
    const before = await create(send);
    const deleted = await send("delete", `/v1/customers/${before.id}`);
    const other = await create(send);
    const { customer } = await send("post", `/v1/customers/${before.id}/restore`);
    const { status, deletedAt, purgeAt, identities } = deleted;
    return [
      created(before),
      { type: "customer.deleted", object: deleted, previous: { status: "active", deletedAt: null, purgeAt: null } },
      created(other),
      { type: "customer.restored", object: customer, previous: { status, deletedAt, purgeAt, identities } },
    ];
  },
  upsertCustomerByIdentity: async (send) => {
    const path = "/v1/customers/by/email/ada@example.com";
    const before = await send("put", path, { displayName: "Ada" });
    const after = await send("put", path, { displayName: "Ada L.", identities: [phone] });
    await send("put", path, { displayName: "Ada L.", identities: [phone] });
    return [
      created(before),
      { type: "customer.updated", object: after, previous: { displayName: "Ada", identities: before.identities } },
      { type: "identity.linked", object: identityOf(after, phone) },
    ];
  },
  batchUpsertCustomers: async (send) => {
    const items = ["1", "1", "not a phone"].map((value, index) => ({
      identity: { type: index < 2 ? "external_id" : "phone", value },
      customer: { tags: [`t${index}`] },
    }));
    const { items: answers } = await send("post", "/v1/customers/batch", { items });
    return [created(answers[0].customer), { type: "customer.updated", object: answers[1].customer, previous: { tags: ["t0"] } }];
  },
  "linkIdentity, verifyIdentity and unlinkIdentity, each once": async (send) => {
    const before = await create(send, {});
    const path = `/v1/customers/${before.id}/identities`;
    const told: Told[] = [created(before)];
    const linked = await send("post", path, email);
    told.push({ type: "identity.linked", object: identityOf(linked, email) });
    await send("post", path, email);
    const verified = await send("post", `${path}/email/ada@example.com/verify`);
    told.push({ type: "identity.verified", object: identityOf(verified, email) });
    await send("post", `${path}/email/ada@example.com/verify`);
    await send("delete", `${path}/email/ada@example.com`);
    return [...told, { type: "identity.unlinked", object: identityOf(verified, email) }];
  },
  "recordCustomerEvent, once per dedupeId": async (send) => {
    const customer = await create(send);
    const event = await send("post", `/v1/customers/${customer.id}/events`, visit);
    await send("post", `/v1/customers/${customer.id}/events`, visit);
    return [created(customer), { type: "customer_event.recorded", object: event }];
  },
  batchRecordCustomerEvents: async (send) => {
    const customer = await create(send);
    const { items } = await send("post", "/v1/customer-events/batch", {
      items: [
        { customerId: customer.id, event: visit },
        { identity: phone, event: visit },
      ],
    });
    return [created(customer), { type: "customer_event.recorded", object: items[0].customerEvent }];
  },
  "what changes nothing, is refused, is a dry run or a replay: nothing": async (send) => {
    const customer = await create(send);
    await send("patch", `/v1/customers/${customer.id}`, { displayName: "Ada" });
    await send("patch", `/v1/customers/${customer.id}`, { displayName: "Eve" }, { "if-match": '"9"' });
    await create(send);
    await send("post", "/v1/customers?dryRun=true", {});
    const replayed = [await send("post", "/v1/customers", {}, { "idempotency-key": "k" }), await send("post", "/v1/customers", {}, { "idempotency-key": "k" })];
    return [created(customer), created(replayed[0])];
  },
};

describe.concurrent("tells", () => {
  test.each(Object.entries(operations))("%s", async (_, act) => {
    const tenant = await newTenant();
    const expected = await act(sender(tenant));
    const events = await settledLog(tenant.live);
    expect(events.map(({ type, data }) => ({ type, object: data.object, ...(data.previousAttributes && { previous: data.previousAttributes }) }))).toEqual(
      expected,
    );
    expect(events.map(({ sequence }) => sequence)).toEqual(expected.map((_told, index) => index + 1));
  });
});

test("an event names who did it, the request and its Idempotency-Key, and its time is the time of the write", async () => {
  const tenant = await newTenant();
  const answer = await call(tenant.live, "post", "/v1/customers", { body: {}, headers: { "idempotency-key": "till-7#1" } });
  const me = await call(tenant.live, "get", "/v1/me");
  const [event] = await settledLog(tenant.live);
  expect(event).toMatchObject({
    actor: { type: "api_key", id: me.body.credential.id },
    request: { id: answer.headers.get("request-id"), idempotencyKey: "till-7#1" },
    createdAt: answer.body.createdAt,
    apiVersion: answer.headers.get("api-version"),
    livemode: true,
  });
});

test("an event shows within a second of its write", async () => {
  const { live } = await newTenant();
  const delays: number[] = [];
  for (let sequence = 1; sequence <= 5; sequence++) {
    await call(live, "post", "/v1/customers", { body: {} });
    const writtenAt = Date.now();
    await eventually(async () => (await call(live, "get", `/v1/events?afterSequence=${sequence - 1}`)).body.data.length === 1, 20_000);
    delays.push(Date.now() - writtenAt);
  }
  // The least of five: a busy machine delays some, a consumer that is slow delays all.
  expect(Math.min(...delays)).toBeLessThan(1_000);
});

describe.concurrent("is read", () => {
  test("apart for live and test data, and by the tenant alone", async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    for (const key of [tenant.live, tenant.test, other.live]) await call(key, "post", "/v1/customers", { body: {} });
    const logs = await Promise.all([tenant.live, tenant.test, other.live].map(settledLog));
    expect(logs.map((log) => log.map(({ sequence, livemode }) => [sequence, livemode]))).toEqual([[[1, true]], [[1, false]], [[1, true]]]);
    const ids = logs.map(([event]) => event.id);
    expect((await call(tenant.live, "get", `/v1/events/${ids[0]}`)).status).toBe(200);
    for (const id of ids.slice(1)) expect(await call(tenant.live, "get", `/v1/events/${id}`)).toMatchObject({ status: 404, body: { code: "event_not_found" } });
  });

  test("from a sequence on, by type, by noun and by customer, in pages that a cursor continues", async () => {
    const tenant = await newTenant();
    const send = sender(tenant);
    const one = await create(send);
    const two = await create(send, {});
    await send("patch", `/v1/customers/${one.id}`, { tags: ["vip"] });
    await send("post", `/v1/customers/${two.id}/identities`, phone);
    const log = await settledLog(tenant.live);
    // The marker of the end stands in the log too.
    const read = async (query: string) => (await send("get", `/v1/events?${query}`)).data.filter(({ sequence }: Json) => sequence <= log.length);
    expect(await read("afterSequence=2")).toEqual(log.slice(2));
    expect(await read("afterSequence=99")).toEqual([]);
    expect(await read("type=customer.updated")).toEqual([log[2]]);
    expect(await read("type=customer.*")).toEqual(log.slice(0, 3));
    expect(await read("type=identity.*&afterSequence=1")).toEqual([log[3]]);
    expect(await eventually(async () => (await read(`customerId=${one.id}`)).length === 2 && read(`customerId=${one.id}`))).toEqual([log[2], log[0]]);
    expect(await read(`customerId=${one.id}&type=customer.created`)).toEqual([log[0]]);

    const paged: Json[] = [];
    for (let cursor = "", pages = 1; ; pages++) {
      const page = await send("get", `/v1/events?limit=2${cursor && `&cursor=${cursor}`}`);
      paged.push(...page.data);
      expect(pages).toBeLessThan(9);
      if (!page.hasMore) break;
      cursor = page.nextCursor;
      expect(await send("get", `/v1/events?limit=2&type=customer.*&cursor=${cursor}`)).toMatchObject({ code: "invalid_cursor" });
    }
    expect(paged.slice(0, -1)).toEqual(log);
  });

  test("one by one in the bytes of the list", async () => {
    const tenant = await newTenant();
    const customer = await create(sender(tenant));
    await sender(tenant)("patch", `/v1/customers/${customer.id}`, { displayName: "Ada L.", identities: [phone] });
    const headers = { authorization: `Bearer ${tenant.live}` };
    const text = async (path: string) => (await fetch(baseUrl + path, { headers })).text();
    for (const { id } of await settledLog(tenant.live)) expect(await text("/v1/events?limit=100")).toContain(await text(`/v1/events/${id}`));
  });

  test("for 30 days to the second, and by no path for longer", async () => {
    const tenant = await newTenant();
    const table = openTable(tenant.tenantId);
    const customerId = newId("cus");
    const ages = [40 * dayMilliseconds, 30 * dayMilliseconds + 10_000, 30 * dayMilliseconds - 600_000, 0];
    const ids = ages.map(() => newId("evt"));
    for (const [index, age] of ages.entries()) {
      const at = new Date(Date.now() - age);
      const actor = { type: "system" as const, id: "test" };
      const data = { object: { ...customerExample, id: customerId } };
      const event = {
        id: ids[index] as string,
        object: "event" as const,
        type: "customer.created",
        tenantId: tenant.tenantId,
        apiVersion: "2026-11-01",
        livemode: true,
        createdAt: at.toISOString(),
        actor,
        data,
      };
      const changes = appendChanges(0, await table.get(laneHeadKey(0)), [{ event, customerId, happenedAt: event.createdAt, tellsChange: true }], at);
      await table.commit(changes, () => []);
    }
    const sequences = async (query: string) => (await call(tenant.live, "get", `/v1/events?${query}`)).body.data.map(({ sequence }: Json) => sequence);
    expect([await sequences(""), await sequences("afterSequence=1"), await sequences("afterSequence=3")]).toEqual([[3, 4], [3, 4], [4]]);
    expect(await sequences(`customerId=${customerId}`)).toEqual([4, 3]);
    const statuses = await Promise.all(ids.map(async (id) => (await call(tenant.live, "get", `/v1/events/${id}`)).status));
    expect(statuses).toEqual([404, 404, 200, 200]);
  });
});
