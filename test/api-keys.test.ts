/** The life of API keys. Credentials are remembered for one second here; the clock stands still and is moved by hand. */
import { describe, expect, test } from "vitest";
import type { Answer, Json, TenantKeys } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";

process.env["AUTH_CACHE_SECONDS"] = "1";
const { call, demo, eventually, keyWith, newTenant } = await import("./clientele.ts");
const { wholeTable } = await import("./whole-table.ts");

const { moveOn: pass } = useMovingClock({ standsStill: true });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

const works = async (key: string) => (await call(key, "GET", "/v1/me")).status === 200;
const idOf = async (key: string): Promise<string> => (await call(key, "GET", "/v1/me")).body.credential.id;
const create = (key: string, body: object, headers = {}): Promise<Answer> =>
  call(key, "POST", "/v1/api-keys", { body: { name: "Till", scopes: ["customers:read"], livemode: true, ...body }, headers });
const rotate = (key: string, id: string, overlapSeconds?: number, headers = {}): Promise<Answer> =>
  call(key, "POST", `/v1/api-keys/${id}/rotate`, { body: { overlapSeconds }, headers });
const revoke = (key: string, id: string) => call(key, "POST", `/v1/api-keys/${id}/revoke`);
const getKey = (key: string, id: string) => call(key, "GET", `/v1/api-keys/${id}`);

/** The entries that lead from the key's secrets to it. */
const entriesOf = async (id: string) => (await wholeTable()).filter(({ pk, document }) => pk.includes("SECRET#") && document.includes(id));

/** A key that may manage keys, to be worked on, and the tenant's own. */
async function keyAtWork(more: object = {}): Promise<{ tenant: TenantKeys; secret: string; id: string }> {
  const tenant = await newTenant();
  const { body } = await create(tenant.live, { scopes: ["keys:manage", "customers:read", "customers:write"], ...more });
  return { tenant, secret: body.secret, id: body.id };
}

describe("createApiKey", () => {
  test("grants no scope that the caller lacks: 403 that names what is missing", async () => {
    const tenant = await newTenant();
    const manager = await keyWith(tenant, ["keys:manage", "customers:read"]);
    const refused = await create(manager, { scopes: ["customers:read", "customers:write", "loyalty:read"] });
    expect(refused).toMatchObject({ status: 403, body: { code: "scopes_not_held", requiredScopes: ["customers:write", "loyalty:read"] } });
    expect((await create(tenant.live, { scopes: ["tenants:manage"] })).body).toMatchObject({ code: "scopes_not_held", requiredScopes: ["tenants:manage"] });
    expect((await create(manager, {})).status).toBe(201);
    expect((await rotate(manager, await idOf(tenant.live))).body.code).toBe("scopes_not_held");
  });

  test("makes a test key that sees test data only, and a live key that sees live data only", async () => {
    const tenant = await newTenant();
    const scopes = ["customers:read", "customers:write"];
    const [live, test] = [await keyWith(tenant, scopes), await keyWith(tenant, scopes, { livemode: false })];
    expect([live.slice(0, 8), test.slice(0, 8)]).toEqual(["ck_live_", "ck_test_"]);
    const identities = [{ type: "email", value: "ada@example.com" }];
    const [inLive, inTest] = [
      await call(live, "POST", "/v1/customers", { body: { identities } }),
      await call(test, "POST", "/v1/customers", { body: { identities } }),
    ];
    expect([inLive.body.livemode, inTest.body.livemode]).toEqual([true, false]);
    for (const [key, own, other] of [
      [live, inLive, inTest],
      [test, inTest, inLive],
    ] as const) {
      expect((await call(key, "GET", `/v1/customers/${own.body.id}`)).body.id).toBe(own.body.id);
      expect(await call(key, "GET", `/v1/customers/${other.body.id}`)).toMatchObject({ status: 404, body: { code: "customer_not_found" } });
      expect((await call(key, "GET", "/v1/customers/by/email/ada@example.com")).body.id).toBe(own.body.id);
      expect((await call(key, "POST", "/v1/customers", { body: { identities } })).body).toMatchObject({ code: "identity_taken", customerId: own.body.id });
    }
  });

  test("refuses an expiry that is not in the future, and takes any offset", async () => {
    const { live } = await newTenant();
    for (const expiresAt of [inSeconds(0), inSeconds(-1), "2001-01-01T00:00:00+01:00"])
      expect(await create(live, { expiresAt })).toMatchObject({ status: 422, body: { code: "expiry_in_past" } });
    for (const expiresAt of ["tomorrow", "2126-11-21", "2126-02-30T00:00:00Z", "9999-12-31T23:59:59-01:00"])
      expect((await create(live, { expiresAt })).body.errors, expiresAt).toEqual([expect.objectContaining({ pointer: "/expiresAt" })]);
    expect((await create(live, { expiresAt: "2126-11-21T10:30:00+01:00" })).body.expiresAt).toBe("2126-11-21T09:30:00.000Z");
  });
});

describe("a secret", () => {
  test("is shown once, again to a replay, and nowhere else; the table holds it in no readable form", async () => {
    const headers = { "idempotency-key": "first-till" };
    const makeTenant = () => call(demo.platformKey, "POST", "/v1/tenants", { body: { name: "T", timeZone: "UTC", currency: "EUR", locale: "fr" }, headers });
    const made = await makeTenant();
    const [live, test] = made.body.apiKeys.map(({ secret }: Json) => secret);
    const created = await create(live, {}, headers);
    const rotated = await rotate(live, created.body.id, 60, headers);
    const secrets: string[] = [live, test, created.body.secret, rotated.body.secret];
    expect(new Set(secrets).size).toBe(4);
    for (const secret of secrets) expect(await works(secret)).toBe(true);

    for (const [first, replay] of [
      [made, await makeTenant()],
      [created, await create(live, {}, headers)],
      [rotated, await rotate(live, created.body.id, 60, headers)],
    ] as const) {
      expect(replay.headers.get("idempotency-replayed")).toBe("true");
      expect(replay.body).toEqual(first.body);
    }
    const shown = [
      await call(live, "GET", "/v1/api-keys"),
      await getKey(live, created.body.id),
      await call(live, "GET", "/v1/events"),
      await revoke(live, created.body.id),
    ];
    const stored = JSON.stringify(await wholeTable());
    const inBase64 = [...stored.matchAll(/[A-Za-z0-9+/_-]{40,}={0,2}/g)].map(([text]) => Buffer.from(text, "base64").toString("latin1")).join("\n");
    for (const secret of secrets) {
      // The display form shows four characters after the prefix and the last four.
      const hidden = secret.slice(12, -4);
      for (const text of [stored, inBase64, JSON.stringify(shown.map(({ body }) => body))]) expect(text).not.toContain(hidden);
    }
    expect(stored).not.toContain(headers["idempotency-key"]);
    expect(JSON.stringify(shown.map(({ body }) => body))).not.toMatch(/secretHash|[0-9a-f]{64}/);
  });
});

describe("rotateApiKey", () => {
  test("lets the former secret work for exactly the overlap", async () => {
    const { tenant, secret, id } = await keyAtWork();
    const { body } = await rotate(tenant.live, id, 100);
    expect(body).toMatchObject({ id, version: 2, status: "active", previousSecretValidUntil: inSeconds(100) });
    // The storage clears the former secret away some time after.
    expect((await entriesOf(id)).filter(({ expiresAtSeconds }) => expiresAtSeconds === Math.ceil((Date.now() + 100_000) / 1000))).toHaveLength(1);
    expect([await works(secret), await works(body.secret)]).toEqual([true, true]);
    pass(99.999);
    expect([await works(secret), await works(body.secret)]).toEqual([true, true]);
    pass(0.001);
    expect([await works(secret), await works(body.secret)]).toEqual([false, true]);
  });

  test("without an overlap ends the former secret as soon as nobody remembers it", async () => {
    const { tenant, secret, id } = await keyAtWork();
    expect(await works(secret)).toBe(true);
    const { body } = await rotate(tenant.live, id);
    pass(1);
    expect([await works(secret), await works(body.secret)]).toEqual([false, true]);
  });

  test("a second time ends the oldest secret, whatever its overlap", async () => {
    const { tenant, secret: oldest, id } = await keyAtWork();
    const former = (await rotate(tenant.live, id, 604_800)).body.secret;
    const current = (await rotate(tenant.live, id, 604_800)).body.secret;
    expect([await works(oldest), await works(former), await works(current)]).toEqual([false, true, true]);
  });

  test("keeps the key's id, so that what was begun with the former secret is not done twice with the new one", async () => {
    const { tenant, secret, id } = await keyAtWork();
    const order = { body: { displayName: "Ada" }, headers: { "idempotency-key": "order-17" } };
    const first = await call(secret, "POST", "/v1/customers", order);
    const next = (await rotate(tenant.live, id)).body.secret;
    expect(await idOf(next)).toBe(id);
    const again = await call(next, "POST", "/v1/customers", order);
    expect([again.body.id, again.headers.get("idempotency-replayed")]).toEqual([first.body.id, "true"]);
  });

  test("by many at once leaves one current secret and at most one former", async () => {
    const { tenant, secret, id } = await keyAtWork();
    const answers = await Promise.all(Array.from({ length: 6 }, () => rotate(tenant.live, id, 60)));
    const rotated = answers.filter(({ status }) => status === 200);
    expect(answers.filter(({ status, body }) => status !== 200 && body.code !== "contention")).toEqual([]);
    const { version, display } = (await getKey(tenant.live, id)).body;
    expect(version).toBe(1 + rotated.length);
    const secrets = [secret, ...rotated.toSorted((one, other) => one.body.version - other.body.version).map(({ body }) => body.secret)];
    pass(1);
    const working = (await Promise.all(secrets.map(async (each) => ((await works(each)) ? each : "")))).filter(Boolean);
    expect(working).toEqual(secrets.slice(-2));
    expect(display.slice(-4)).toBe(working.at(-1)?.slice(-4));
    pass(60);
    expect((await Promise.all(secrets.map(works))).filter(Boolean)).toHaveLength(1);
  });

  test.each([-1, 604_801, 1.5, "60", null])("with an overlap of %j: 400", async (overlapSeconds) => {
    const { tenant, id } = await keyAtWork();
    expect((await rotate(tenant.live, id, overlapSeconds as number)).body.errors).toEqual([expect.objectContaining({ pointer: "/overlapSeconds" })]);
  });
});

describe("the end of a key", () => {
  test("by revoking is for ever, with all its secrets; doing it again changes nothing", async () => {
    const { tenant, secret, id } = await keyAtWork();
    const next = (await rotate(tenant.live, id, 600)).body.secret;
    expect([await works(secret), await works(next)]).toEqual([true, true]);
    await eventually(async () => (await getKey(tenant.live, id)).body.lastUsedAt);
    const revoked = await revoke(tenant.live, id);
    expect(revoked.body).toMatchObject({ status: "revoked", version: 3 });
    expect(await entriesOf(id)).toEqual([]);
    pass(1);
    expect([await works(secret), await works(next)]).toEqual([false, false]);
    pass(60);
    expect((await revoke(tenant.live, id)).body).toEqual(revoked.body);
    expect(await rotate(tenant.live, id)).toMatchObject({ status: 409, body: { code: "api_key_not_active", keyStatus: "revoked" } });
    expect((await getKey(tenant.live, id)).body).toEqual(revoked.body);
    expect([await works(secret), await works(next)]).toEqual([false, false]);
  });

  test("by its expiry leaves it listed as expired; its secrets are swept out of the table", async () => {
    const { tenant, secret, id } = await keyAtWork({ expiresAt: inSeconds(5) });
    const next = (await rotate(tenant.live, id, 600)).body;
    expect([await works(secret), await works(next.secret)]).toEqual([true, true]);
    expect(await entriesOf(id)).toHaveLength(2);
    pass(5);
    expect([await works(secret), await works(next.secret)]).toEqual([false, false]);
    expect((await getKey(tenant.live, id)).body).toMatchObject({ status: "expired", expiresAt: next.expiresAt });
    expect(await rotate(tenant.live, id)).toMatchObject({ status: 409, body: { code: "api_key_not_active", keyStatus: "expired" } });
    // The clock's events carry whole seconds.
    pass(1);
    await eventually(async () => (await entriesOf(id)).length === 0);
    expect((await call(tenant.live, "GET", "/v1/api-keys")).body.data.find((key: Json) => key.id === id).status).toBe("expired");
  });
});

test("listApiKeys pages through live, test, expired and revoked keys, oldest first, each exactly once", async () => {
  const tenant = await newTenant();
  const made = [await idOf(tenant.live), await idOf(tenant.test)];
  for (let count = 0; count < 5; count++) {
    pass(1);
    made.push((await create(tenant.live, { livemode: count % 2 === 0 })).body.id);
  }
  await revoke(tenant.live, made[3] as string);
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await call(tenant.live, "GET", `/v1/api-keys?limit=3${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.data.map(({ id }: Json) => id));
    cursor = body.nextCursor ?? "";
  } while (cursor);
  expect(seen.slice(2)).toEqual(made.slice(2));
  expect(seen.slice(0, 2).toSorted()).toEqual(made.slice(0, 2).toSorted());
});
