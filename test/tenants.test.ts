/** Tenants as the platform and as they themselves see them, and the cursors of their lists. */
import { describe, expect, test } from "vitest";
import { call, demo, eventually, type Json, keyWith, newTenant } from "./clientele.ts";

const settings = { name: "Shop", timeZone: "Europe/Paris", currency: "EUR", locale: "fr-FR" };
const createTenant = (body: object) => call(demo.platformKey, "POST", "/v1/tenants", { body: { ...settings, ...body } });
const patchTenant = (tenantId: string, body: object) => call(demo.platformKey, "PATCH", `/v1/tenants/${tenantId}`, { body });
const patchOwn = (key: string, body: object) => call(key, "PATCH", "/v1/tenant", { body });

describe("the platform's operations", () => {
  test("are out of reach for a tenant, whatever its key holds, its own tenant included", async () => {
    const { live, tenantId } = await newTenant();
    const requests = [
      ["POST", "", settings],
      ["GET", ""],
      ["GET", `/${tenantId}`],
      ["PATCH", `/${tenantId}`, { listShards: 4 }],
      ["POST", `/${tenantId}/suspend`],
      ["POST", `/${tenantId}/reactivate`],
    ] as const;
    for (const [method, path, body] of requests) {
      const answer = await call(live, method, `/v1/tenants${path}`, { body });
      expect(answer, `${method} ${path}`).toMatchObject({ status: 403, body: { code: "insufficient_scope", requiredScopes: ["tenants:manage"] } });
    }
  });

  test("are all that the platform's key can do: it reads no tenant's data and makes no keys", async () => {
    for (const path of ["/v1/customers", "/v1/events", "/v1/api-keys", "/v1/tenant"])
      expect((await call(demo.platformKey, "GET", path)).status, path).toBe(403);
    expect((await call(demo.platformKey, "GET", "/v1/tenants")).body.data.map(({ id }: Json) => id)).not.toContain("platform");
    for (const method of ["GET", "PATCH"])
      expect((await call(demo.platformKey, method, "/v1/tenants/platform", method === "GET" ? {} : { body: {} })).status).toBe(400);
  });

  test("show nothing of a tenant's secret, and a tenant's own view neither", async () => {
    const { live, tenantId } = await newTenant();
    for (const { body } of [
      await call(demo.platformKey, "GET", `/v1/tenants/${tenantId}`),
      await call(live, "GET", "/v1/tenant"),
      await call(live, "GET", "/v1/me"),
    ])
      expect(JSON.stringify(body)).not.toMatch(/secret|[0-9A-Za-z]{43}/i);
  });

  test("suspend and reactivate once; again they change nothing", async () => {
    const { tenantId } = await newTenant();
    for (const [verb, status, version] of [
      ["suspend", "suspended", 2],
      ["suspend", "suspended", 2],
      ["reactivate", "active", 3],
      ["reactivate", "active", 3],
    ] as const)
      expect((await call(demo.platformKey, "POST", `/v1/tenants/${tenantId}/${verb}`)).body).toMatchObject({ status, version });
  });
});

describe("a new tenant", () => {
  test("has a live and a test key that hold every scope but the platform's", async () => {
    const { body } = await createTenant({ metadata: { plan: "gold" } });
    expect(body.tenant).toMatchObject({ ...settings, status: "active", listShards: 1, identityPolicies: {}, metadata: { plan: "gold" }, version: 1 });
    expect(body.apiKeys.map(({ livemode }: Json) => livemode)).toEqual([true, false]);
    for (const { secret, livemode, id } of body.apiKeys) {
      const me = (await call(secret, "GET", "/v1/me")).body;
      expect(me).toMatchObject({ livemode, tenant: { id: body.tenant.id, ...settings }, credential: { type: "api_key", id } });
      expect(me.scopes).toEqual(expect.arrayContaining(["customers:write", "keys:manage", "tenant:write"]));
      expect(me.scopes).not.toContain("tenants:manage");
    }
  });

  test.each([
    ["timeZone", ["", "Mars/Olympus", "+01:00", "UTC+1", " Europe/Paris", "Europe/Paris\n", "x".repeat(65), 1, null]],
    ["locale", ["", "fr_FR", "f", "12", "fr-", "en us", 1, null]],
    ["currency", ["", "eur", "EU", "EURO", "EUE", "€", "978", null]],
    ["name", ["", "   ", "x".repeat(201), "two\nlines", "bell\u0007", 7, null]],
    ["identityPolicies", ["FR", [], { defaultPhoneRegion: "France" }, { defaultPhoneRegion: "AB" }, { defaultPhoneRegion: "UK" }, { allowAnything: true }]],
    ["metadata", [[], { "": "x" }, { ["k".repeat(41)]: "x" }, { k: "v".repeat(501) }, { k: 1 }]],
  ])("with a bad %s is refused with a pointer to it, and a change to it too", async (field, values) => {
    const { tenantId, live } = await newTenant();
    for (const value of values as unknown[]) {
      for (const answer of [
        await createTenant({ [field]: value }),
        await patchTenant(tenantId, { [field]: value }),
        await patchOwn(live, { [field]: value }),
      ]) {
        expect(answer.status, JSON.stringify(value)).toBe(400);
        for (const { pointer } of answer.body.errors) expect(pointer).toMatch(new RegExp(`^/${field}`));
      }
    }
    expect((await call(live, "GET", "/v1/tenant")).body.version).toBe(1);
  });

  test.each([
    [{ timeZone: "Asia/Shanghai", currency: "CNY", locale: "zh-Hans-CN" }, "138 1234 5678", "+8613812345678"],
    [{ timeZone: "Asia/Tokyo", currency: "JPY", locale: "ja", identityPolicies: { defaultPhoneRegion: "JP" } }, "090-1234-5678", "+819012345678"],
    [{ timeZone: "UTC", currency: "USD", locale: "en" }, "06 12 34 56 79", undefined],
    [{ timeZone: "America/Argentina/Buenos_Aires", currency: "ARS", locale: "es-419" }, "06 12 34 56 79", undefined],
  ])("may be anywhere; its region, if it has one, reads national phone numbers: %j", async (place, written, read) => {
    const { live } = await newTenant(place);
    const create = (value: string) => call(live, "POST", "/v1/customers", { body: { identities: [{ type: "phone", value }] } });
    expect((await create("+33 6 12 34 56 78")).body.identities[0].value).toBe("+33612345678");
    const { status, body } = await create(written);
    expect([status, body.identities?.[0].value]).toEqual([read ? 201 : 400, read]);
  });
});

describe("a merge patch of a tenant", () => {
  test("changes what it names, merges metadata and policies, and takes away what is null", async () => {
    const { tenantId, live } = await newTenant({ metadata: { plan: "gold", region: "north" }, identityPolicies: { defaultPhoneRegion: "FR" } });
    const first = await patchTenant(tenantId, { name: "Shop Nord", metadata: { region: null, manager: "Ada" }, identityPolicies: {} });
    expect(first.body).toMatchObject({ name: "Shop Nord", timeZone: "Europe/Paris", version: 2, identityPolicies: { defaultPhoneRegion: "FR" } });
    expect(first.body.metadata).toEqual({ plan: "gold", manager: "Ada" });
    expect((await patchOwn(live, { identityPolicies: { defaultPhoneRegion: null } })).body).toMatchObject({ version: 3, identityPolicies: {} });
    await patchOwn(live, { identityPolicies: { defaultPhoneRegion: "DE" } });
    expect((await patchOwn(live, { metadata: null, identityPolicies: null })).body).toMatchObject({ version: 5, metadata: {}, identityPolicies: {} });
    expect((await call(demo.platformKey, "GET", `/v1/tenants/${tenantId}`)).body).toEqual((await call(live, "GET", "/v1/tenant")).body);
  });

  test("that changes nothing makes no version", async () => {
    const { tenantId, live } = await newTenant({ metadata: { a: "1", b: "2" } });
    for (const body of [{}, { name: "Test tenant" }, { metadata: { b: "2", c: null } }, { listShards: 1 }])
      expect((await patchTenant(tenantId, body)).body.version).toBe(1);
    expect((await patchOwn(live, {})).body.version).toBe(1);
  });

  test("with If-Match is refused when somebody was faster", async () => {
    const { live } = await newTenant();
    const { headers } = await call(live, "GET", "/v1/tenant");
    await patchOwn(live, { name: "Faster" });
    const slower = await call(live, "PATCH", "/v1/tenant", { body: { name: "Slower" }, headers: { "if-match": headers.get("etag") ?? "" } });
    expect(slower).toMatchObject({ status: 412, body: { code: "version_mismatch", currentVersion: 2 } });
  });

  test("keeps metadata within 50 keys, counted after the merge", async () => {
    const keys = (from: number, count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${from + index}`, "v"]));
    const { live } = await newTenant({ metadata: keys(0, 50) });
    expect((await patchOwn(live, { metadata: keys(50, 1) })).body).toMatchObject({ code: "invalid_input", errors: [{ pointer: "/metadata" }] });
    expect((await patchOwn(live, { metadata: { ...keys(50, 1), k0: null } })).status).toBe(200);
  });

  test("grows the list shards and never shrinks them; the tenant itself cannot set them", async () => {
    const { tenantId, live } = await newTenant();
    expect((await patchTenant(tenantId, { listShards: 4 })).body).toMatchObject({ listShards: 4, version: 2 });
    for (const count of [3, 1])
      expect(await patchTenant(tenantId, { listShards: count })).toMatchObject({ status: 409, body: { code: "shards_cannot_shrink", listShards: 4 } });
    for (const count of [0, -1, 257, 2.5, "8", null])
      expect((await patchTenant(tenantId, { listShards: count })).body.errors, String(count)).toEqual([expect.objectContaining({ pointer: "/listShards" })]);
    expect((await patchOwn(live, { listShards: 8 })).body.errors).toEqual([expect.objectContaining({ pointer: "/listShards", code: "unknown_field" })]);
    for (const field of ["id", "status", "secret", "version", "livemode"])
      expect((await patchOwn(live, { [field]: 1 })).body.errors[0]).toMatchObject({ pointer: `/${field}`, code: "unknown_field" });
    expect((await call(live, "GET", "/v1/tenant")).body.listShards).toBe(4);
  });
});

test("listTenants pages through all tenants, oldest first, each exactly once, also those that are suspended", async () => {
  const made: string[] = [];
  for (let count = 0; count < 7; count++) made.push((await newTenant()).tenantId);
  await call(demo.platformKey, "POST", `/v1/tenants/${made[2]}/suspend`);
  const listed = await eventually(async () => {
    const seen: Json[] = [];
    let path: string | undefined = "/v1/tenants?limit=2";
    while (path) {
      const { body, headers }: Json = await call(demo.platformKey, "GET", path);
      seen.push(...body.data);
      const link = /^<(.+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
      expect([Boolean(link), Boolean(body.nextCursor)]).toEqual([body.hasMore, body.hasMore]);
      path = link && new URL(link).pathname + new URL(link).search;
    }
    return made.every((id) => seen.some((tenant) => tenant.id === id)) && seen;
  });
  const ids = listed.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => made.includes(id))).toEqual(made);
  expect(listed.map(({ createdAt }) => createdAt)).toEqual(listed.map(({ createdAt }) => createdAt).toSorted());
  expect(listed.find(({ id }) => id === made[2]).status).toBe("suspended");
});

describe("a cursor", () => {
  const list = (key: string, query: string) => call(key, "GET", `/v1/customers?limit=1${query}`);

  test("is refused by another operation, filter, tenant or mode, and when it was tampered with: 400 invalid_cursor", async () => {
    const [tenant, stranger] = [await newTenant(), await newTenant()];
    for (const key of [tenant.live, tenant.live, tenant.test, stranger.live]) await call(key, "POST", "/v1/customers", { body: { displayName: "Ada" } });
    const { nextCursor: cursor } = await eventually(async () => {
      const { body } = await list(tenant.live, "");
      return body.hasMore && body;
    });
    const other = cursor.replace(/.$/, (last: string) => (last === "A" ? "B" : "A"));
    const refused = [
      await list(tenant.test, `&cursor=${cursor}`),
      await list(stranger.live, `&cursor=${cursor}`),
      await list(tenant.live, `&cursor=${cursor}&tag=vip`),
      await list(tenant.live, `&cursor=${cursor}&status=deleted`),
      await call(tenant.live, "GET", `/v1/events?cursor=${cursor}`),
      await call(tenant.live, "GET", `/v1/api-keys?cursor=${cursor}`),
      await call(demo.platformKey, "GET", `/v1/tenants?cursor=${cursor}`),
      ...(await Promise.all(["x", "", ".", other, `${cursor}.`, `x${cursor}`, "null"].map((text) => list(tenant.live, `&cursor=${encodeURIComponent(text)}`)))),
    ];
    for (const { status, body } of refused)
      expect({ status, code: body.code, pointer: body.errors?.[0]?.pointer }).toEqual({ status: 400, code: "invalid_cursor", pointer: "/cursor" });
    // It belongs to the tenant and not to one key of it, nor to one page size.
    const colleague = await keyWith(tenant, ["customers:read"]);
    expect((await call(colleague, "GET", `/v1/customers?limit=50&cursor=${cursor}`)).body.data).toHaveLength(1);
  });

  test("of one list of a customer is refused by its other list, though both take the same parameters", async () => {
    const { live } = await newTenant();
    const { id } = (await call(live, "POST", "/v1/customers", { body: {} })).body;
    await call(live, "PATCH", `/v1/customers/${id}`, { body: { displayName: "Ada" } });
    const page = (name: string, query = "") => call(live, "GET", `/v1/customers/${id}/${name}?limit=1${query}`);
    const { nextCursor } = await eventually(async () => {
      const { body } = await page("timeline");
      return body.hasMore && body;
    });
    expect((await page("timeline", `&cursor=${nextCursor}`)).status).toBe(200);
    expect((await page("changes", `&cursor=${nextCursor}`)).body.code).toBe("invalid_cursor");
  });

  test("holds nothing personal and not the tenant", async () => {
    const tenant = await newTenant();
    const personal = { displayName: "Ada Lovelace", identities: [{ type: "email", value: "ada@example.com" }], tags: ["vip"] };
    for (const body of [personal, { displayName: "Bob", tags: ["vip"] }]) await call(tenant.live, "POST", "/v1/customers", { body });
    const { nextCursor } = await eventually(async () => {
      const { body } = await list(tenant.live, "&tag=vip");
      return body.hasMore && body;
    });
    const opened = nextCursor
      .split(".")
      .map((part: string) => Buffer.from(part, "base64url").toString())
      .join(" ");
    expect(opened).toContain("cus_");
    for (const word of [/ada/i, /example/, /vip/, new RegExp(tenant.tenantId)]) expect(opened + nextCursor).not.toMatch(word);
  });
});
