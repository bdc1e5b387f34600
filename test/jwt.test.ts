/** Tokens of an OIDC issuer as credentials: a small real issuer with its own keys, on this machine. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Answer, TenantKeys } from "./clientele.ts";

const audience = "clientele-api";
const newKeys = async (kid: string) => ({ kid, ...(await generateKeyPair("RS256")) });
type Keys = Awaited<ReturnType<typeof newKeys>>;
const keys = await newKeys("first");

let published: Keys[] = [keys];
let answerWith: { status: number; body: string } | undefined;
let fetches = 0;
const issuerServer = createServer(async (_, response) => {
  fetches += 1;
  const jwks = await Promise.all(published.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" })));
  response
    .writeHead(answerWith?.status ?? 200, { "content-type": "application/json", connection: "close" })
    .end(answerWith?.body ?? JSON.stringify({ keys: jwks }));
});
const listen = (port = 0) =>
  new Promise<number>((resolve) => issuerServer.listen(port, "127.0.0.1", () => resolve((issuerServer.address() as AddressInfo).port)));
const close = () => new Promise((resolve) => issuerServer.close(resolve));
const port = await listen();
const issuer = `http://127.0.0.1:${port}/tenants-of-the-retail-group`;

Object.assign(process.env, { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URL: `http://127.0.0.1:${port}/keys` });
const { call, demo, eventually, newTenant } = await import("./clientele.ts");

let tenant: TenantKeys;
beforeAll(async () => {
  tenant = await newTenant();
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterAll(async () => {
  vi.useRealTimers();
  await close();
});
const nowSeconds = () => Math.floor(Date.now() / 1000);
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

/** Claims of a valid token for `customers:read`; undefined takes one away. */
const claims = (more: JWTPayload = {}): JWTPayload => {
  const all = { iss: issuer, aud: audience, sub: "user-7", exp: nowSeconds() + 300, tenant_id: tenant.tenantId, scope: "customers:read", ...more };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};
const signed = (more?: JWTPayload, by: Keys = keys) => new SignJWT(claims(more)).setProtectedHeader({ alg: "RS256", kid: by.kid }).sign(by.privateKey);
const me = async (token: string | Promise<string>): Promise<Answer> => call(await token, "GET", "/v1/me");
const expectUnauthenticated = ({ status, body, headers }: Answer, why?: string) => {
  expect({ status, code: body.code }, why).toEqual({ status: 401, code: "unauthenticated" });
  expect(headers.get("www-authenticate")).toContain("Bearer");
};

describe("a token", () => {
  test("is a user of its tenant, until it expires", async () => {
    const exp = nowSeconds() + 60;
    const token = await signed({ exp });
    expect((await me(token)).body).toMatchObject({
      tenant: { id: tenant.tenantId },
      credential: { type: "user", id: "user-7", expiresAt: new Date(exp * 1000).toISOString() },
      scopes: ["customers:read"],
      livemode: true,
    });
    pass(61);
    expectUnauthenticated(await me(token));
  });

  test.each([
    ["customers:read events:read", ["customers:read", "events:read"]],
    ["openid clientele/customers:write https://api.example.com/keys:manage", ["customers:write", "keys:manage"]],
    ["customers:* CUSTOMERS:READ customers", []],
    [undefined, []],
    ["tenants:manage clientele/tenants:manage tenant:read", ["tenant:read"]],
  ])("with the scope %j holds %j", async (scope, scopes) => {
    expect((await me(signed({ scope }))).body.scopes).toEqual(scopes);
  });

  test("does what its scopes allow and is refused the rest with 403; its tenant may also come in custom:tenant_id", async () => {
    const token = await signed({ tenant_id: undefined, "custom:tenant_id": tenant.tenantId });
    expect((await call(token, "GET", "/v1/customers")).status).toBe(200);
    const refused = await call(token, "POST", "/v1/customers", { body: {} });
    expect(refused).toMatchObject({ status: 403, body: { code: "insufficient_scope", requiredScopes: ["customers:write"] } });
    expect((await call(token, "GET", `/v1/customers/${await customerOf(await newTenant())}`)).status).toBe(404);
  });

  test("never manages tenants, whatever it claims", async () => {
    const token = await signed({ scope: "tenants:manage" });
    for (const [method, path] of [
      ["GET", ""],
      ["GET", `/${tenant.tenantId}`],
      ["POST", `/${tenant.tenantId}/suspend`],
    ] as const)
      expect((await call(token, method, `/v1/tenants${path}`)).body.code).toBe("insufficient_scope");
    expectUnauthenticated(await me(signed({ scope: "tenants:manage", tenant_id: "platform" })));
  });

  test("makes API keys with its own scopes only", async () => {
    const token = await signed({ scope: "keys:manage customers:read" });
    const create = (scopes: string[]) => call(token, "POST", "/v1/api-keys", { body: { name: "k", livemode: true, scopes } });
    expect((await create(["customers:read"])).status).toBe(201);
    expect((await create(["customers:write"])).body).toMatchObject({ code: "scopes_not_held", requiredScopes: ["customers:write"] });
  });

  test.each([
    [true, true],
    [undefined, true],
    [false, false],
    ["false", false],
    ["true", false],
    [0, false],
  ])("with livemode %j sees live data: %j", async (livemode, live) => {
    const token = await signed({ livemode });
    expect((await me(token)).body.livemode).toBe(live);
    const [inLive, inTest] = [await customerOf(tenant), await customerOf(tenant, tenant.test)];
    const statuses = [inLive, inTest].map(async (id) => (await call(token, "GET", `/v1/customers/${id}`)).status);
    expect(await Promise.all(statuses)).toEqual(live ? [200, 404] : [404, 200]);
  });

  test("is told as a user in the events of what it did, and repeats itself under its own Idempotency-Keys", async () => {
    const write = async (sub: string) =>
      call(await signed({ sub, scope: "customers:write" }), "POST", "/v1/customers", { body: {}, headers: { "idempotency-key": "k1" } });
    const [first, again, other] = [await write("ada"), await write("ada"), await write("bob")];
    expect([again.body.id, again.headers.get("idempotency-replayed")]).toEqual([first.body.id, "true"]);
    expect(other.body.id).not.toBe(first.body.id);
    const [event] = await eventually(async () => {
      const { data } = (await call(tenant.live, "GET", `/v1/events?customerId=${first.body.id}`)).body;
      return data.length > 0 && data;
    });
    expect(event).toMatchObject({ type: "customer.created", actor: { type: "user", id: "ada" } });
  });

  test("of a suspended tenant is refused with 403, and of a reactivated one served, at once", async () => {
    const { tenantId } = await newTenant();
    const token = await signed({ tenant_id: tenantId });
    for (const [verb, status, code] of [
      ["suspend", 403, "tenant_suspended"],
      ["reactivate", 200, undefined],
    ] as const) {
      await call(demo.platformKey, "POST", `/v1/tenants/${tenantId}/${verb}`);
      const answer = await me(token);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    }
  });

  test("has its audience in aud, alone or in a list, or, as Cognito's access tokens, in client_id when there is no aud", async () => {
    expect((await me(signed({ aud: ["other-api", audience] }))).status).toBe(200);
    expect((await me(signed({ aud: undefined, client_id: audience }))).status).toBe(200);
    expectUnauthenticated(await me(signed({ aud: undefined })));
    expectUnauthenticated(await me(signed({ aud: undefined, client_id: "other-api" })));
    expectUnauthenticated(await me(signed({ aud: "other-api", client_id: audience })));
  });
});

test.each<[string, JWTPayload]>([
  ["another issuer", { iss: "https://evil.example" }],
  ["the issuer with a slash too many", { iss: `${issuer}/` }],
  ["no issuer", { iss: undefined }],
  ["another audience", { aud: "other-api" }],
  ["an expiry in the past", { exp: 1_000_000_000 }],
  ["no expiry", { exp: undefined }],
  ["a beginning in the future", { nbf: 9_999_999_999 }],
  ["no subject", { sub: undefined }],
  ["no tenant", { tenant_id: undefined }],
  ["a tenant that is no text", { tenant_id: ["a", "b"] }],
  ["an unknown tenant", { tenant_id: "tn_01JD3S8K9ZQ4T7N2V5X8B1C6F0" }],
  ["an empty tenant", { tenant_id: "" }],
])("a token with %s: 401", async (why, more) => {
  expectUnauthenticated(await me(signed(more)), why);
});

test("a token that the issuer has not signed: 401, whatever its header says", async () => {
  const stranger = await newKeys("first");
  const valid = await signed();
  const [header = "", payload = "", signature = ""] = valid.split(".");
  const asAdmin = Buffer.from(JSON.stringify(claims({ scope: "customers:write" }))).toString("base64url");
  const publicText = new TextEncoder().encode(await exportSPKI(keys.publicKey));
  const forged = {
    "other key, same kid": await signed({}, stranger),
    "other key, unknown kid": await signed({}, { ...stranger, kid: "unknown" }),
    "alg none": new UnsecuredJWT(claims()).encode(),
    "alg none with a signature": `${Buffer.from('{"alg":"none","kid":"first"}').toString("base64url")}.${payload}.${signature}`,
    "HMAC by the public key": await new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "first" }).sign(publicText),
    "other claims": `${header}.${asAdmin}.${signature}`,
    "no signature": `${header}.${payload}.`,
    "key of its own": await new SignJWT(claims()).setProtectedHeader({ alg: "RS256", jwk: await exportJWK(stranger.publicKey) }).sign(stranger.privateKey),
    garbage: "a.b.c",
    dots: "..",
    "not JSON": `${Buffer.from("{").toString("base64url")}.${payload}.${signature}`,
  };
  for (const [what, token] of Object.entries(forged)) expectUnauthenticated(await me(token), what);
  expect((await me(valid)).status).toBe(200);
});

describe("the issuer's keys", () => {
  const untilAskedAgain = 31;

  test("are fetched once, and again when a token names a new one; a key that is withdrawn ends with that", async () => {
    await me(signed());
    const before = fetches;
    for (let time = 0; time < 3; time++) expect((await me(signed())).status).toBe(200);
    expect(fetches).toBe(before);
    const second = await newKeys("second");
    published = [second];
    pass(untilAskedAgain);
    expect((await me(signed({}, second))).status).toBe(200);
    expect(fetches).toBe(before + 1);
    expectUnauthenticated(await me(signed({}, keys)));
    published = [keys];
    pass(untilAskedAgain);
    expect((await me(signed())).status).toBe(200);
  });

  test.each([
    [500, "{}"],
    [404, "not found"],
    [302, ""],
    [200, "<html>"],
    [200, '{"keys":"none"}'],
  ])("that cannot be read for an answer %i %j: 503 with Retry-After, and the next good answer ends it", async (status, body) => {
    pass(untilAskedAgain * 60);
    answerWith = { status, body };
    const refused = await me(signed());
    answerWith = undefined;
    expect(refused).toMatchObject({ status: 503, body: { code: "service_unavailable" } });
    expect(refused.headers.get("retry-after")).toBe("5");
    expect((await me(signed())).status).toBe(200);
  });

  test("are remembered for some minutes while the issuer is down; then it is 503 for tokens, and API keys still work", async () => {
    expect((await me(signed())).status).toBe(200);
    await close();
    pass(untilAskedAgain);
    expect((await me(signed())).status).toBe(200);
    pass(untilAskedAgain * 60);
    const refused = await me(signed());
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await me(tenant.live)).body.credential.type).toBe("api_key");
    await listen(port);
    expect((await me(signed())).status).toBe(200);
  });
});

async function customerOf({ live }: TenantKeys, key = live): Promise<string> {
  return (await call(key, "POST", "/v1/customers", { body: {} })).body.id;
}
