/** What callers meet when the database fails: one effect or none, an honest status, and nothing of what is inside. */
import { describe, expect, test } from "vitest";
import { type Answer, call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { answerLost, cancelled, firstKeyRead, inject, nothingRead, notSent, refused, unreachable } from "./fault-injection.ts";

const person = (email: string) => ({ displayName: "Ada", identities: [{ type: "email", value: email }] });
const create = ({ live }: TenantKeys, body: object, key?: string): Promise<Answer> =>
  call(live, "post", "/v1/customers", { body, headers: key ? { "idempotency-key": key } : {} });
const list = async ({ live }: TenantKeys): Promise<Json[]> => (await call(live, "get", "/v1/customers?limit=100")).body.data;
const eventsOf = async ({ live }: TenantKeys): Promise<Json[]> => (await call(live, "get", "/v1/events?limit=100")).body.data;
const customersOf = ({ tenantId }: TenantKeys) => `T#${tenantId}#C#`;

/** Everything of the tenant that the API shows is one customer and the events of one creation. */
async function expectOneCustomer(tenant: TenantKeys, id: string) {
  expect((await list(tenant)).map((customer) => customer.id)).toEqual([id]);
  // A later write's event stands behind all that the writes before it told.
  const last = (await create(tenant, {})).body.id;
  const events = await eventually(async () => {
    const all = await eventsOf(tenant);
    return all.some(({ data }) => data.object.id === last) && all;
  });
  expect(events.map(({ type, data, sequence }) => [type, data.object.id, sequence])).toEqual([
    ["customer.created", id, 1],
    ["customer.created", last, 2],
  ]);
}

function expectProblem({ status, body, headers }: Answer, expected: number, code: string) {
  expect({ status, code: body.code }).toEqual({ status: expected, code });
  if (expected === 503 || expected === 409) expect(headers.get("retry-after")).toMatch(/^\d+$/);
}

describe.concurrent("the answer of a commit is lost", () => {
  const bodies = { "a single conditional put": {}, "a transaction": person("ada@example.com") };
  for (const [name, body] of Object.entries(bodies)) {
    for (const key of [undefined, "k-1"]) {
      test(`${name} ${key ? "with" : "without"} an Idempotency-Key: the SDK's repeat is recognised, and there is one effect`, async () => {
        const tenant = await newTenant();
        using fault = inject({ about: customersOf(tenant), times: 1 }, answerLost);
        const answer = await create(tenant, body, key);
        expect({ status: answer.status, hits: fault.hits }).toEqual({ status: 201, hits: 1 });
        await expectOneCustomer(tenant, answer.body.id);
      });
    }
  }

  test("again and again: 503, and the caller's repeat with its Idempotency-Key gets the answer of the one effect", async () => {
    const tenant = await newTenant();
    using fault = inject({ about: customersOf(tenant) }, answerLost);
    expectProblem(await create(tenant, person("ada@example.com"), "k-1"), 503, "service_unavailable");
    expect(fault.hits).toBeGreaterThan(1);
    fault.stop();
    const repeat = await create(tenant, person("ada@example.com"), "k-1");
    expect({ status: repeat.status, replayed: repeat.headers.get("idempotency-replayed") }).toEqual({ status: 201, replayed: "true" });
    await expectOneCustomer(tenant, repeat.body.id);
  });

  test("of a change that is repeated with If-Match: the repeat gets the answer, not 412 by its own first effect", async () => {
    const tenant = await newTenant();
    const { body: customer } = await create(tenant, {});
    const change = () =>
      call(tenant.live, "patch", `/v1/customers/${customer.id}`, { body: { tags: ["vip"] }, headers: { "if-match": '"1"', "idempotency-key": "k-1" } });
    using fault = inject({ about: customersOf(tenant) }, answerLost);
    expectProblem(await change(), 503, "service_unavailable");
    fault.stop();
    expect(await change()).toMatchObject({ status: 200, body: { version: 2, tags: ["vip"] } });
  });
});

describe.concurrent("transactions collide", () => {
  const conflict = cancelled("TransactionConflict");

  test("once: the operation is decided again and succeeds", async () => {
    const tenant = await newTenant();
    using fault = inject({ about: customersOf(tenant), times: 1 }, conflict);
    const answer = await create(tenant, person("ada@example.com"));
    expect({ status: answer.status, hits: fault.hits }).toEqual({ status: 201, hits: 1 });
    await expectOneCustomer(tenant, answer.body.id);
  });

  test.each([
    ["in a transaction", person("ada@example.com"), conflict],
    ["in a single write", {}, refused("TransactionConflictException")],
  ])("always, %s: 409 contention with Retry-After, and nothing is written", async (_, body, fault) => {
    const tenant = await newTenant();
    using injected = inject({ about: customersOf(tenant) }, fault);
    expectProblem(await create(tenant, body), 409, "contention");
    injected.stop();
    expect(await list(tenant)).toEqual([]);
    const { status, body: created } = await create(tenant, person("ada@example.com"));
    expect(status).toBe(201);
    await expectOneCustomer(tenant, created.id);
  });
});

describe.concurrent("the database is overloaded or gone: 503 with Retry-After, and nothing is written", () => {
  test.each([
    ["ThrottlingError as a reason of a cancellation", cancelled("ThrottlingError")],
    ["ProvisionedThroughputExceeded as a reason of a cancellation", cancelled("ProvisionedThroughputExceeded")],
    ["ThrottlingException", refused("ThrottlingException")],
    ["ProvisionedThroughputExceededException", refused("ProvisionedThroughputExceededException")],
    ["RequestLimitExceeded", refused("RequestLimitExceeded")],
    ["InternalServerError", refused("InternalServerError", { status: 500 })],
    ["ServiceUnavailable", refused("ServiceUnavailable", { status: 503 })],
    ["no connection", unreachable],
    ["a broken connection", notSent("EPIPE")],
    ["a connection that comes to nothing", notSent("ETIMEDOUT")],
    ["no address", notSent("ENOTFOUND")],
  ])("%s", async (_, fault) => {
    const tenant = await newTenant();
    using injected = inject({ about: customersOf(tenant) }, fault);
    expectProblem(await create(tenant, person("ada@example.com"), "k-1"), 503, "service_unavailable");
    injected.stop();
    expect(await list(tenant)).toEqual([]);
    const repeat = await create(tenant, person("ada@example.com"), "k-1");
    expect({ status: repeat.status, replayed: repeat.headers.get("idempotency-replayed") }).toEqual({ status: 201, replayed: null });
  });

  test.each([
    ["GetItem", "", unreachable],
    ["GetItem", "", refused("ThrottlingException")],
    ["Query", "/view", refused("ProvisionedThroughputExceededException")],
  ])("%s of a read%s", async (request, path, fault) => {
    const tenant = await newTenant();
    const { body: customer } = await create(tenant, {});
    using injected = inject({ request, about: customersOf(tenant) }, fault);
    expectProblem(await call(tenant.live, "get", `/v1/customers/${customer.id}${path}`), 503, "service_unavailable");
    injected.stop();
    expect((await call(tenant.live, "get", `/v1/customers/${customer.id}${path}`)).status).toBe(200);
  });

  test("a credential that cannot be looked up", async () => {
    const tenant = await newTenant();
    using injected = inject({ request: "BatchGetItem", about: `TENANT#${tenant.tenantId}` }, unreachable);
    expectProblem(await create(tenant, {}), 503, "service_unavailable");
    injected.stop();
    expect((await create(tenant, {})).status).toBe(201);
  });
});

describe.concurrent("the database refuses", () => {
  test.each([
    ["a single write", {}, refused("ValidationException", { message: "Item size has exceeded the maximum allowed size" })],
    ["a write of a transaction", person("ada@example.com"), cancelled("ValidationError", "Item size to update has exceeded the maximum allowed size")],
  ])("%s as too large: 413 payload_too_large", async (_, body, fault) => {
    const tenant = await newTenant();
    using _fault = inject({ about: customersOf(tenant) }, fault);
    expectProblem(await create(tenant, body), 413, "payload_too_large");
  });

  const secret = "User arn:aws:iam::123456789012:role/clientele is not authorized on table-4711";
  test.each([
    ["a permission that is missing", refused("AccessDeniedException", { message: secret })],
    ["a malformed expression", refused("ValidationException", { message: secret })],
    ["a malformed write of a transaction", cancelled("ValidationError", secret)],
  ])("%s: 500 internal_error, without a word of what is inside", async (_, fault) => {
    const tenant = await newTenant();
    using _fault = inject({ about: customersOf(tenant) }, fault);
    const answer = await create(tenant, person("ada@example.com"));
    expectProblem(answer, 500, "internal_error");
    expect(Object.keys(answer.body).toSorted()).toEqual(["code", "requestId", "status", "title", "type"]);
    expect(JSON.stringify([answer.body, ...answer.headers])).not.toMatch(/arn|4711|dynamodb|Exception|\.ts|at /i);
  });
});

describe.concurrent("a batch read is answered in part", () => {
  const recordVisit = ({ live }: TenantKeys, id: string) =>
    call(live, "post", `/v1/customers/${id}/events`, { body: { type: "visit", channel: "store", occurredAt: "2026-11-21T09:30:00Z", dedupeId: "visit-1" } });

  test("what was left out is asked for again", async () => {
    const tenant = await newTenant();
    const { body: customer } = await create(tenant, {});
    const { body: first } = await recordVisit(tenant, customer.id);
    using none = inject({ request: "BatchGetItem", about: customersOf(tenant), times: 1 }, nothingRead);
    using some = inject({ request: "BatchGetItem", about: customersOf(tenant), times: 1 }, firstKeyRead);
    expect(await recordVisit(tenant, customer.id)).toMatchObject({ status: 200, body: { id: first.id } });
    expect([none.hits, some.hits]).toEqual([1, 1]);
  });

  test("for ever: 503 instead of a request that never ends", async () => {
    const tenant = await newTenant();
    const { body: customer } = await create(tenant, {});
    using _fault = inject({ request: "BatchGetItem", about: customersOf(tenant) }, nothingRead);
    expectProblem(await recordVisit(tenant, customer.id), 503, "service_unavailable");
  });
});

describe.concurrent("a batch meets a fault", () => {
  const items = (names: readonly string[]) => names.map((name) => ({ identity: { type: "external_id", value: name }, customer: { displayName: name } }));
  const names = ["anna", "bert", "carl", "dora"];
  const upsert = ({ live }: TenantKeys, key = "k-1") =>
    call(live, "post", "/v1/customers/batch", { body: { items: items(names) }, headers: { "idempotency-key": key } });
  const statuses = ({ body }: Answer) => body.items.map(({ status }: Json) => status);
  /** Writes of the customer with this name, not of the event that tells of it. */
  const writesOf = ({ tenantId }: TenantKeys, name: string) => new RegExp(`T#${tenantId}#C#.*${name}|${name}.*T#${tenantId}#C#`);

  test.each([
    [503, "service_unavailable", unreachable],
    [503, "service_unavailable", cancelled("ThrottlingError")],
    [409, "contention", cancelled("TransactionConflict")],
    [500, "internal_error", refused("AccessDeniedException")],
  ])("on one item: only it is refused, with %i %s, and a repeat with the key does only the rest", async (status, code, fault) => {
    const tenant = await newTenant();
    using injected = inject({ about: writesOf(tenant, "carl") }, fault);
    const first = await upsert(tenant);
    expect(statuses(first)).toEqual([201, 201, status, 201]);
    expect(first.body.items[2].problem).toMatchObject({ status, code });
    injected.stop();
    const repeat = await upsert(tenant);
    expect(statuses(repeat)).toEqual([201, 201, 201, 201]);
    for (const index of [0, 1, 3]) expect(repeat.body.items[index]).toEqual(first.body.items[index]);
    expect((await list(tenant)).map(({ displayName }) => displayName).toSorted()).toEqual(names);
  });

  test("and the answer of an item is lost for good: a repeat with the key gets it, and there is one effect", async () => {
    const tenant = await newTenant();
    using injected = inject({ about: writesOf(tenant, "carl") }, answerLost);
    expect(statuses(await upsert(tenant))).toEqual([201, 201, 503, 201]);
    injected.stop();
    expect(statuses(await upsert(tenant))).toEqual([201, 201, 201, 201]);
    expect((await list(tenant)).map(({ displayName, version }) => [displayName, version]).toSorted()).toEqual(names.map((name) => [name, 1]));
  });

  test("on the record of its key: nothing is done, and a repeat does all", async () => {
    const tenant = await newTenant();
    const record = { request: "PutItem", about: `T#${tenant.tenantId}#IDEM#` };
    for (const [fault, status] of [[refused("TransactionConflictException"), 409] as const, [unreachable, 503] as const]) {
      using _fault = inject(record, fault);
      expectProblem(await upsert(tenant), status, status === 409 ? "contention" : "service_unavailable");
    }
    expect(await list(tenant)).toEqual([]);
    using lost = inject({ ...record, times: 1 }, answerLost);
    const answer = await upsert(tenant);
    expect({ statuses: statuses(answer), replayed: answer.headers.get("idempotency-replayed"), hits: lost.hits }).toEqual({
      statuses: [201, 201, 201, 201],
      replayed: null,
      hits: 1,
    });
  });
});
