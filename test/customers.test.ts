/** The journey of a customer, as a shop's system sees it over HTTP. */
import { expect, test } from "vitest";
import { call, eventually, type Json, newTenant } from "./clientele.ts";

const { test: key, live } = await newTenant();
const post = (path: string, body: unknown) => call(key, "POST", path, { body });
const patch = (path: string, body: unknown) => call(key, "PATCH", path, { body });
const get = (path: string) => call(key, "GET", path);
const create = async (body: object): Promise<Json> => (await post("/v1/customers", body)).body;

test("a customer is found by any spelling of an identity, and by none of another tenant's", async () => {
  const ada = await create({
    displayName: "Ada",
    identities: [
      { type: "email", value: " ADA@Lovelace.org " },
      { type: "phone", value: "06 12 34 56 78" },
    ],
  });
  expect(ada.identities.map(({ value }: Json) => value)).toEqual(["ada@lovelace.org", "+33612345678"]);
  for (const path of ["email/ada@lovelace.org", "email/Ada%40LOVELACE.org", "phone/+33612345678", "phone/0612345678", "phone/+33%206%2012%2034%2056%2078"])
    expect((await get(`/v1/customers/by/${path}`)).body.id, path).toBe(ada.id);
  expect((await call(live, "GET", "/v1/customers/by/email/ada@lovelace.org")).status).toBe(404);
});

test("text is trimmed and NFC-normalised; control characters are refused with a pointer", async () => {
  const { displayName } = await create({ displayName: "  Jose\u0301  " });
  expect(displayName).toBe("Jos\u00e9");
  const { status, body } = await post("/v1/customers", {
    displayName: "a\u0000b",
    identities: [
      { type: "email", value: "x" },
      { type: "nonsense", value: "y" },
    ],
  });
  expect(status).toBe(400);
  expect(body.errors.map(({ pointer }: Json) => pointer)).toEqual(expect.arrayContaining(["/displayName", "/identities/1/type"]));
});

test("a patch clears with null, replaces arrays, merges properties, and makes no version when nothing changes", async () => {
  const customer = await create({ displayName: "Grace", tags: ["a", "b"], properties: { size: 38, vip: true }, metadata: { ref: "1" } });
  const path = `/v1/customers/${customer.id}`;
  const { body } = await patch(path, { displayName: null, tags: ["c"], properties: { vip: null, city: "Paris" }, kind: null });
  expect(body).toMatchObject({ version: 2, tags: ["c"], properties: { size: 38, city: "Paris" }, metadata: { ref: "1" }, kind: "person" });
  expect(body).not.toHaveProperty("displayName");
  expect((await patch(path, { tags: ["c"] })).body.version).toBe(2);
  expect((await get(path)).body).toEqual(body);
});

test("identities replaced by a patch: the old ones are free, the new ones found, a taken one refuses all of it", async () => {
  const holder = await create({ identities: [{ type: "qq", value: "1" }] });
  const customer = await create({
    identities: [
      { type: "qq", value: "2" },
      { type: "qq", value: "3" },
    ],
  });
  const path = `/v1/customers/${customer.id}`;
  const refused = await patch(path, {
    displayName: "X",
    identities: [
      { type: "qq", value: "4" },
      { type: "qq", value: "1" },
    ],
  });
  expect(refused).toMatchObject({ status: 409, body: { code: "identity_taken", identityType: "qq", customerId: holder.id } });
  expect((await get("/v1/customers/by/qq/4")).status).toBe(404);
  expect((await get(path)).body).toEqual(customer);
  expect(
    (
      await patch(path, {
        identities: [
          { type: "qq", value: "3" },
          { type: "qq", value: "5" },
        ],
      })
    ).status,
  ).toBe(200);
  expect(await Promise.all(["2", "3", "5"].map(async (value) => (await get(`/v1/customers/by/qq/${value}`)).status))).toEqual([404, 200, 200]);
});

test("a deleted customer frees its identities, comes back with those still free, and reports the others", async () => {
  const customer = await create({
    displayName: "Leaver",
    identities: [
      { type: "member_card", value: "M-1" },
      { type: "member_card", value: "M-2" },
    ],
  });
  const path = `/v1/customers/${customer.id}`;
  const deleted = await call(key, "DELETE", path);
  expect(deleted.body).toMatchObject({ status: "deleted", version: 2 });
  expect(Date.parse(deleted.body.purgeAt) - Date.parse(deleted.body.deletedAt)).toBe(90 * 86_400_000);
  expect((await get("/v1/customers/by/member_card/M-1")).status).toBe(404);
  expect((await get(path)).body.status).toBe("deleted");
  expect((await patch(path, { displayName: "Ghost" })).body.code).toBe("customer_not_active");
  expect((await post(`${path}/events`, { type: "visit", channel: "web", occurredAt: "2026-11-21T10:00:00Z" })).body.code).toBe("customer_not_active");
  const heir = await create({ identities: [{ type: "member_card", value: "M-1" }] });
  const { body } = await post(`${path}/restore`, undefined);
  expect(body.identitiesTaken).toEqual([{ type: "member_card", value: "M-1", customerId: heir.id }]);
  expect(body.customer).toMatchObject({ status: "active", identities: [{ value: "M-2", primary: true }] });
  expect(body.customer).not.toHaveProperty("purgeAt");
  expect((await get("/v1/customers/by/member_card/M-2")).body.id).toBe(customer.id);
});

test("an upsert adds identities and never takes one away; a customer has at most 20", async () => {
  const created = await call(key, "PUT", "/v1/customers/by/external_id/E-1", {
    body: { displayName: "E", identities: [{ type: "email", value: "e1@example.com" }] },
  });
  expect(created.status).toBe(201);
  const changed = await call(key, "PUT", "/v1/customers/by/email/e1@example.com", { body: { tags: ["x"], identities: [{ type: "qq", value: "E-9" }] } });
  expect(changed).toMatchObject({ status: 200, body: { id: created.body.id, displayName: "E", tags: ["x"] } });
  expect(changed.body.identities.map(({ value }: Json) => value)).toEqual(["E-1", "e1@example.com", "E-9"]);
  const many = Array.from({ length: 18 }, (_, index) => ({ type: "device_id", value: `d${index}` }));
  expect((await call(key, "PUT", "/v1/customers/by/external_id/E-1", { body: { identities: many } })).body.code).toBe("too_many_identities");
  for (const identity of many.slice(1)) await post(`/v1/customers/${created.body.id}/identities`, identity);
  expect((await post(`/v1/customers/${created.body.id}/identities`, { type: "device_id", value: "d0" })).body.code).toBe("too_many_identities");
});

test("verify, link twice, unlink what is not there", async () => {
  const { id } = await create({ identities: [{ type: "email", value: "v@example.com" }] });
  const verified = await post(`/v1/customers/${id}/identities/email/V@example.com/verify`, undefined);
  expect(verified.body.identities[0]).toMatchObject({ verified: true, verifiedAt: verified.body.updatedAt });
  expect(await post(`/v1/customers/${id}/identities`, { type: "email", value: "v@example.com" })).toMatchObject({ status: 200, body: { version: 2 } });
  expect((await call(key, "DELETE", `/v1/customers/${id}/identities/qq/0`)).body.code).toBe("identity_not_found");
});

test("a batch refuses what is wrong item by item, and does the rest", async () => {
  const { status, body } = await post("/v1/customers/batch", {
    items: [
      { identity: { type: "external_id", value: "B-1" }, customer: { displayName: "One" } },
      { identity: { type: "email", value: "not an address" }, customer: {} },
      { identity: { type: "external_id", value: "B-1" }, customer: { tags: ["again"] } },
      { identity: { type: "external_id" }, customer: { colour: "red" } },
    ],
  });
  expect(status).toBe(207);
  expect(body.items.map((item: Json) => [item.index, item.status, item.problem?.code])).toEqual([
    [0, 201, undefined],
    [1, 400, "invalid_input"],
    [2, 200, undefined],
    [3, 400, "invalid_input"],
  ]);
  expect(body.items[2].customer).toMatchObject({ id: body.items[0].customer.id, displayName: "One", tags: ["again"] });
  expect(body.items[3].problem.errors.map(({ pointer }: Json) => pointer)).toEqual(["/items/3/identity/value", "/items/3/customer/colour"]);
});

test("the view sums up the touchpoints; the timeline and the changes tell the story, within a second", async () => {
  const { id } = await create({ displayName: "Before" });
  const item = (event: object) => ({ customerId: id, event: { channel: "store", occurredAt: "2026-01-02T10:00:00+01:00", ...event } });
  const purchase = { type: "purchase", amount: { amountMinor: 1177, currency: "EUR" } };
  const batch = await post("/v1/customer-events/batch", {
    items: [item(purchase), item({ ...purchase, channel: "web", occurredAt: "2026-03-01T00:00:00Z" }), item({ type: "visit" })],
  });
  expect(batch.body.items.map((one: Json) => one.status)).toEqual([201, 201, 201]);
  await patch(`/v1/customers/${id}`, { displayName: "After", preferredChannel: "wechat" });
  const { body: view } = await get(`/v1/customers/${id}/view`);
  expect(view.touchpoints).toMatchObject({ count: 3, countByType: { purchase: 2, visit: 1 }, purchaseTotals: [{ amountMinor: 2354, currency: "EUR" }] });
  expect(view.touchpoints.lastByChannel.web.occurredAt).toBe("2026-03-01T00:00:00.000Z");
  const timeline = await eventually(
    async () => (await get(`/v1/customers/${id}/timeline`)).body.data.length === 5 && (await get(`/v1/customers/${id}/timeline`)).body.data,
    1_000,
  );
  expect(timeline.map(({ type }: Json) => type)).toEqual([
    "customer.updated",
    "customer.created",
    "customer_event.recorded",
    "customer_event.recorded",
    "customer_event.recorded",
  ]);
  expect((await get(`/v1/customers/${id}/timeline?channel=web`)).body.data.map(({ data }: Json) => data.object.channel)).toEqual(["web"]);
  expect((await get(`/v1/customers/${id}/timeline?type=customer.*`)).body.data).toHaveLength(2);
  const [change] = (await get(`/v1/customers/${id}/changes`)).body.data;
  expect(change).toMatchObject({ type: "customer.updated", actor: { type: "api_key" } });
  expect(change.fields).toEqual(
    expect.arrayContaining([
      { field: "displayName", from: "Before", to: "After" },
      { field: "preferredChannel", from: null, to: "wechat" },
    ]),
  );
});

test("lists filter by tag, status and time of change, and link to the next page", async () => {
  const ids = await Promise.all(Array.from({ length: 7 }, async (_, index) => (await create({ tags: index % 2 ? ["odd"] : ["even"] })).id));
  const odd = await get("/v1/customers?tag=odd&limit=2");
  expect(odd.body).toMatchObject({ object: "list", hasMore: true });
  const next = odd.headers.get("link")?.match(/<http:\/\/[^/]+(.+)>; rel="next"/)?.[1] ?? "";
  const rest = await get(next);
  expect([...odd.body.data, ...rest.body.data].map(({ id }: Json) => id).toSorted()).toEqual(ids.filter((_, index) => index % 2).toSorted());
  await call(key, "DELETE", `/v1/customers/${ids[0]}`);
  expect((await get("/v1/customers?status=deleted")).body.data.map(({ id }: Json) => id)).toContain(ids[0]);
  expect((await get("/v1/customers?tag=even")).body.data.map(({ id }: Json) => id)).not.toContain(ids[0]);
  expect((await get("/v1/customers?updatedSince=2999-01-01T00:00:00Z")).body.data).toEqual([]);
});

test("a list that ends with a full page says so, and the pages have each one once", async () => {
  const tenant = await newTenant();
  await Promise.all(Array.from({ length: 6 }, () => call(tenant.test, "POST", "/v1/customers", { body: {} })));
  const first = await call(tenant.test, "GET", "/v1/customers?limit=3");
  const second = await call(tenant.test, "GET", `/v1/customers?limit=3&cursor=${encodeURIComponent(first.body.nextCursor)}`);
  expect([first.body.hasMore, second.body.hasMore, second.body.nextCursor]).toEqual([true, false, undefined]);
  expect(new Set([...first.body.data, ...second.body.data].map(({ id }: Json) => id)).size).toBe(6);
});
