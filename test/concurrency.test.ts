/** Two at once, and two hundred: what must stay one stays one. */
import { expect, test } from "vitest";
import { call, newTenant } from "./clientele.ts";

const times = <Result>(count: number, work: (index: number) => Promise<Result>) => Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const countBy = <Item>(items: readonly Item[], name: (item: Item) => string) =>
  Object.fromEntries([...Map.groupBy(items, name)].map(([key, group]) => [key, group.length]));

test("200 concurrent creates with one e-mail: one customer, and 199 identity_taken that name it", async () => {
  const { test: key } = await newTenant();
  const answers = await times(200, (index) =>
    call(key, "POST", "/v1/customers", {
      body: { displayName: `Claim ${index}`, identities: [{ type: "email", value: index % 2 ? "one@example.com" : "ONE@Example.com " }] },
    }),
  );
  expect(countBy(answers, ({ status, body }) => `${status} ${body.code ?? body.object}`)).toEqual({ "201 customer": 1, "409 identity_taken": 199 });
  const winner = answers.find(({ status }) => status === 201)?.body.id;
  expect(new Set(answers.filter(({ status }) => status === 409).map(({ body }) => body.customerId))).toEqual(new Set([winner]));
  expect((await call(key, "GET", "/v1/customers?limit=100")).body.data).toHaveLength(1);
});

test("200 concurrent upserts of one new identity: one customer, created once, and all the others found it", async () => {
  const { test: key } = await newTenant();
  const answers = await times(200, () => call(key, "PUT", "/v1/customers/by/external_id/same", { body: { displayName: "Same" } }));
  expect(countBy(answers, ({ status }) => String(status))).toEqual({ 200: 199, 201: 1 });
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect((await call(key, "GET", "/v1/customers?limit=100")).body.data).toHaveLength(1);
});

test("concurrent upserts that each change something: every acknowledged change made a version of its own", async () => {
  const { test: key } = await newTenant();
  const answers = await times(40, (index) => call(key, "PUT", "/v1/customers/by/external_id/busy", { body: { metadata: { [`k${index}`]: "v" } } }));
  const done = answers.filter(({ status }) => status < 300);
  // What is not done says so and may be sent again: five tries, then 409 contention.
  expect(answers.filter(({ status, body }) => status >= 300 && body.code !== "contention")).toEqual([]);
  expect(done.length).toBeGreaterThan(0);
  const { body: customer } = await call(key, "GET", "/v1/customers/by/external_id/busy");
  expect(Object.keys(customer.metadata)).toHaveLength(done.length);
  expect(customer.version).toBe(done.length);
  expect(new Set(done.map(({ body }) => body.version)).size).toBe(done.length);
});

test("64 retries of one create with one Idempotency-Key: one customer and one answer", async () => {
  const { test: key } = await newTenant();
  const body = { displayName: "Once", identities: [{ type: "phone", value: "+33612345678" }] };
  const answers = await times(64, () => call(key, "POST", "/v1/customers", { body, headers: { "idempotency-key": "checkout-17" } }));
  expect(countBy(answers, ({ status }) => String(status))).toEqual({ 201: 64 });
  expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(63);
});

test("a link races an unlink and a create for one identity: exactly one holder at the end", async () => {
  const { test: key } = await newTenant();
  const card = { type: "member_card", value: "A-1" };
  const holders = await times(20, async () => (await call(key, "POST", "/v1/customers", { body: {} })).body.id);
  await times(60, async (index) => {
    const id = holders[index % holders.length];
    if (index % 3 === 0) return call(key, "DELETE", `/v1/customers/${id}/identities/member_card/A-1`);
    return call(key, "POST", `/v1/customers/${id}/identities`, { body: card });
  });
  const customers = await times(20, async (index) => (await call(key, "GET", `/v1/customers/${holders[index]}`)).body);
  const holding = customers.filter(({ identities }) => identities.length > 0).map(({ id }) => id);
  const found = await call(key, "GET", "/v1/customers/by/member_card/A-1");
  expect(holding).toEqual(found.status === 200 ? [found.body.id] : []);
});

test("touchpoints at once with one dedupeId count once; without one each counts", async () => {
  const { test: key } = await newTenant();
  const { id } = (await call(key, "POST", "/v1/customers", { body: {} })).body;
  const visit = { type: "visit", channel: "store", occurredAt: "2026-11-21T10:00:00Z" };
  const record = async (body: object) => {
    for (;;) {
      const answer = await call(key, "POST", `/v1/customers/${id}/events`, { body });
      if (answer.body.code !== "contention") return answer;
    }
  };
  const same = await times(20, () => record({ ...visit, dedupeId: "one" }));
  expect(new Set(same.map(({ body }) => body.id)).size).toBe(1);
  await times(20, () => record(visit));
  const { touchpoints } = (await call(key, "GET", `/v1/customers/${id}/view`)).body;
  expect(touchpoints).toMatchObject({ count: 21, countByType: { visit: 21 } });
});

test("links of one identity to one customer at once: linked once, and nobody is told that the customer itself has taken it", async () => {
  const { live } = await newTenant();
  const { body: customer } = await call(live, "post", "/v1/customers", { body: {} });
  const identities = [{ type: "external_id", value: "1042" }];
  const links = Array.from({ length: 12 }, () => call(live, "post", `/v1/customers/${customer.id}/identities`, { body: identities[0] }));
  const patches = Array.from({ length: 3 }, () => call(live, "patch", `/v1/customers/${customer.id}`, { body: { identities } }));
  const answers = await Promise.all([...links, ...patches]);
  expect(answers.filter(({ status, body }) => status >= 400 && body.code !== "contention").map(({ body }) => body)).toEqual([]);
  expect((await call(live, "get", `/v1/customers/${customer.id}`)).body).toMatchObject({ version: 2, identities });
});
