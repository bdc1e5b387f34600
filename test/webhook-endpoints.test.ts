/** The life of a webhook endpoint, over HTTP. What is sent to it is told elsewhere. The clock stands still and is moved by hand. */
import { createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { endpointsMax } from "../domain/webhooks/endpoint.ts";
import { type Answer, call, eventually, type Json, keyWith, newTenant, type TenantKeys } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";
import { wholeTable } from "./whole-table.ts";

const { moveOn: pass } = useMovingClock({ standsStill: true });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

const path = "/v1/webhook-endpoints";
const url = "https://hooks.example.com/clientele";
const create = (key: string, body: object = {}, headers = {}): Promise<Answer> =>
  call(key, "POST", path, { body: { url, eventTypes: ["customer.*"], ...body }, headers });
const act = (key: string, id: string, action: string, body?: object, headers = {}): Promise<Answer> =>
  call(key, "POST", `${path}/${id}/${action}`, { body, headers });
const patch = (key: string, id: string, body: object): Promise<Answer> => call(key, "PATCH", `${path}/${id}`, { body });
const get = (key: string, id: string): Promise<Answer> => call(key, "GET", `${path}/${id}`);
const listed = async (key: string, query = ""): Promise<string[]> => (await call(key, "GET", path + query)).body.data.map(({ id }: Json) => id);

async function endpointOf(tenant: TenantKeys, body: object = {}): Promise<Json> {
  const made = await create(tenant.live, body);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body;
}

/** The sort keys of all items in which the text stands readable. */
const holdersOf = async (text: string): Promise<string[]> => (await wholeTable()).filter((item) => JSON.stringify(item).includes(text)).map(({ sk }) => sk);

/** What was told of endpoints, in order, once there are `count` of it. */
const told = (key: string, count: number): Promise<Json[]> =>
  eventually(async () => {
    const { data } = (await call(key, "GET", "/v1/events?type=webhook_endpoint.*&limit=100")).body;
    return data.length >= count && data;
  });

describe("createWebhookEndpoint", () => {
  test("shows the secret once, again to a repeat with its Idempotency-Key, and to nobody else", async () => {
    const tenant = await newTenant();
    const headers = { "idempotency-key": "endpoint-1" };
    const first = await create(tenant.live, {}, headers);
    expect(first.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(first.body).toMatchObject({ status: "enabled", payload: "full", filter: [], headers: {}, livemode: true, version: 1 });
    const again = await create(tenant.live, {}, headers);
    expect([again.headers.get("idempotency-replayed"), again.body]).toEqual(["true", first.body]);

    const { secret, ...endpoint } = first.body;
    expect((await get(tenant.live, endpoint.id)).body).toEqual(endpoint);
    const [created] = await told(tenant.live, 1);
    expect(created).toMatchObject({ type: "webhook_endpoint.created", data: { object: endpoint } });
    expect(await holdersOf(secret)).toEqual([endpoint.id]);
  });

  test("refuses patterns that match no event type, each where it stands", async () => {
    const { body } = await create((await newTenant()).live, { eventTypes: ["customer.*", "custmer.created", "*", "order.*"] });
    expect(body).toMatchObject({
      code: "invalid_input",
      errors: [
        { in: "body", pointer: "/eventTypes/1", code: "unknown_event_type" },
        { in: "body", pointer: "/eventTypes/3", code: "unknown_event_type" },
      ],
    });
  });

  test.each([
    ["http://hooks.example.com/", "not_https"],
    ["https://user:word@hooks.example.com/", "has_userinfo"],
    ["https://169.254.169.254/latest/meta-data/", "private_address"],
    ["https://0x0a000001/", "private_address"],
    ["https://[::ffff:192.168.0.1]/", "private_address"],
    ["https://printer.local/", "host_not_allowed"],
    ["https://hooks.example.com:25/", "port_not_allowed"],
    ["nonsense", "malformed"],
  ])("refuses %s: 422 %s", async (target, reason) => {
    const tenant = await newTenant();
    const refused = await create(tenant.live, { url: target });
    expect(refused).toMatchObject({ status: 422, body: { code: "webhook_target_not_allowed", reason, detail: expect.any(String) } });
    expect(refused.body.errors).toEqual([{ in: "body", pointer: "/url", code: reason, detail: refused.body.detail }]);
    expect(await listed(tenant.live)).toEqual([]);
  });

  test.each(["webhook-id", "content-type", "host", "Authorization", "x y"])("refuses a header %s of one's own", async (name) => {
    expect((await create((await newTenant()).live, { headers: { [name]: "x" } })).body.code).toBe("invalid_input");
  });

  test("stops at the limit, in each mode", async () => {
    const tenant = await newTenant();
    await Promise.all(Array.from({ length: endpointsMax }, () => endpointOf(tenant)));
    expect(await create(tenant.live)).toMatchObject({ status: 409, body: { code: "webhook_endpoint_limit_reached", limit: endpointsMax } });
    expect((await create(tenant.test)).status).toBe(201);
    const [first = ""] = await listed(tenant.live);
    await call(tenant.live, "DELETE", `${path}/${first}`);
    expect((await create(tenant.live)).status).toBe(201);
  });
});

test("values of an endpoint's own headers are shown to nobody, and what stands for them cannot be sent back", async () => {
  const tenant = await newTenant();
  const { id, ...made } = await endpointOf(tenant, { headers: { authorization: "Bearer s3cr3t-word", "x-source": "clientele" } });
  expect(made.headers).toEqual({ authorization: "…", "x-source": "…" });
  const changed = await patch(tenant.live, id, { headers: { authorization: "Bearer other-w0rd", "x-source": null } });
  expect(changed.body.headers).toEqual({ authorization: "…" });
  expect((await patch(tenant.live, id, { headers: changed.body.headers })).body).toMatchObject({
    code: "invalid_input",
    errors: [{ pointer: "/headers/authorization" }],
  });
  expect(JSON.stringify([await get(tenant.live, id), await told(tenant.live, 2)])).not.toMatch(/s3cr3t-word|other-w0rd/);
  const [stored] = (await wholeTable()).filter(({ pk, sk }) => pk.endsWith("WH") && sk === id);
  expect(JSON.parse(stored?.document ?? "").headers).toEqual({ authorization: "Bearer other-w0rd" });
});

test("test and live endpoints are apart, and so are tenants", async () => {
  const [tenant, stranger] = [await newTenant(), await newTenant()];
  const [live, inTest] = [(await create(tenant.live)).body, (await create(tenant.test)).body];
  expect([await listed(tenant.live), await listed(tenant.test), await listed(stranger.live)]).toEqual([[live.id], [inTest.id], []]);
  for (const key of [tenant.test, stranger.live]) expect(await get(key, live.id)).toMatchObject({ status: 404, body: { code: "webhook_endpoint_not_found" } });
});

test("a key that may only read sees endpoints, and changes none", async () => {
  const tenant = await newTenant();
  const { id } = await endpointOf(tenant);
  const reader = await keyWith(tenant, ["webhooks:read"]);
  expect((await get(reader, id)).status).toBe(200);
  for (const action of ["enable", "disable", "test", "rotate-secret"]) expect((await act(reader, id, action)).status, action).toBe(403);
});

test("listWebhookEndpoints goes page by page, oldest first, and can keep to a status", async () => {
  const tenant = await newTenant();
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) {
    pass(1);
    ids.push((await endpointOf(tenant)).id);
  }
  const first = (await call(tenant.live, "GET", `${path}?limit=3`)).body;
  expect([first.data.map(({ id }: Json) => id), first.hasMore]).toEqual([ids.slice(0, 3), true]);
  expect(await listed(tenant.live, `?limit=3&cursor=${first.nextCursor}`)).toEqual(ids.slice(3));
  await act(tenant.live, ids[1] as string, "disable");
  expect(await listed(tenant.live, "?status=disabled")).toEqual([ids[1]]);
  expect(await listed(tenant.live, "?status=enabled")).toEqual(ids.filter((id) => id !== ids[1]));
});

describe("updateWebhookEndpoint", () => {
  test("tells the former values of what changed, and writes nothing when nothing does", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant, { description: "Back office", metadata: { team: "crm" } });
    const changed = await patch(tenant.live, id, { eventTypes: ["identity.*"], maxPerSecond: 5, description: null });
    expect(changed.body).toMatchObject({ eventTypes: ["identity.*"], maxPerSecond: 5, metadata: { team: "crm" }, url, version: 2 });
    expect(changed.body).not.toHaveProperty("description");
    expect((await patch(tenant.live, id, { maxPerSecond: 5, metadata: { team: "crm" } })).body.version).toBe(2);
    await patch(tenant.live, id, { payload: "thin" });
    expect((await told(tenant.live, 3)).map(({ type, data }) => [type, data.previousAttributes])).toEqual([
      ["webhook_endpoint.created", undefined],
      ["webhook_endpoint.updated", { eventTypes: ["customer.*"], maxPerSecond: null, description: "Back office" }],
      ["webhook_endpoint.updated", { payload: "full" }],
    ]);
  });

  test("holds a new URL and new patterns to the rules, and changes nothing when they break them", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant);
    expect((await patch(tenant.live, id, { url: "https://10.0.0.1/" })).body).toMatchObject({ code: "webhook_target_not_allowed", reason: "private_address" });
    expect((await patch(tenant.live, id, { eventTypes: ["order.*"] })).body.errors).toMatchObject([{ pointer: "/eventTypes/0", code: "unknown_event_type" }]);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"]));
    expect((await patch(tenant.live, id, { headers: many })).body.code).toBe("invalid_input");
    expect((await get(tenant.live, id)).body).toMatchObject({ url, version: 1 });
  });
});

test("deleteWebhookEndpoint takes its secrets with it, and tells how it was", async () => {
  const tenant = await newTenant();
  const { id, secret } = await endpointOf(tenant);
  const deleted = await call(tenant.live, "DELETE", `${path}/${id}`);
  expect(deleted).toMatchObject({ status: 200, body: { id, secrets: [], version: 2 } });
  expect([(await get(tenant.live, id)).status, await listed(tenant.live)]).toEqual([404, []]);
  expect((await call(tenant.live, "DELETE", `${path}/${id}`)).status).toBe(404);
  expect((await told(tenant.live, 2))[1]).toMatchObject({ type: "webhook_endpoint.deleted", data: { object: deleted.body } });
  expect(await holdersOf(secret)).toEqual([]);
});

describe("enable and disable", () => {
  test("each tells once, with what was before; to repeat them changes nothing", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant);
    const disabled = await act(tenant.live, id, "disable");
    expect(disabled.body).toMatchObject({ status: "disabled", disabledReason: "requested", disabledAt: inSeconds(0), version: 2 });
    pass(60);
    expect((await act(tenant.live, id, "disable")).body).toEqual(disabled.body);
    const enabled = await act(tenant.live, id, "enable");
    expect(enabled.body).toMatchObject({ status: "enabled", version: 3 });
    for (const gone of ["disabledReason", "disabledAt", "replay"]) expect(enabled.body).not.toHaveProperty(gone);
    expect((await act(tenant.live, id, "enable", { replay: "undelivered" })).body).toEqual(enabled.body);
    expect((await told(tenant.live, 3)).map(({ type, data }) => [type, data.previousAttributes])).toEqual([
      ["webhook_endpoint.created", undefined],
      ["webhook_endpoint.disabled", { status: "enabled", disabledReason: null, disabledAt: null }],
      ["webhook_endpoint.enabled", { status: "disabled", disabledReason: "requested", disabledAt: disabled.body.disabledAt }],
    ]);
  });

  test("enabling can replay, in the same call, what came about in the meantime", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant, { eventTypes: ["customer.created"] });
    await act(tenant.live, id, "disable");
    pass(3600);
    for (const name of ["Ada", "Grace"]) await call(tenant.live, "POST", "/v1/customers", { body: { displayName: name } });
    await eventually(async () => (await call(tenant.live, "GET", "/v1/events?type=customer.created")).body.data.length === 2);
    const { body } = await act(tenant.live, id, "enable", { replay: "missing" });
    expect(body).toMatchObject({ status: "enabled", replay: { endpointId: id, which: "missing", toDeliver: 2, status: "running" } });
    expect((await call(tenant.live, "GET", `${path}/${id}/replays/${body.replay.id}`)).body).toMatchObject({ which: "missing", toDeliver: 2 });
  });
});

describe("rotateWebhookSecret", () => {
  const rotate = (key: string, id: string, overlapSeconds?: number, headers = {}) => act(key, id, "rotate-secret", { overlapSeconds }, headers);

  test("lets the former secret live for a day, or as long as is said, and then drops it", async () => {
    const tenant = await newTenant();
    const { id, secret, secrets } = await endpointOf(tenant);
    const [former] = secrets;
    pass(10);
    const rotated = await rotate(tenant.live, id);
    expect(rotated.body.secret).not.toBe(secret);
    expect(rotated.body.secrets).toEqual([
      { display: expect.stringMatching(/^whsec_.{4}….{4}$/), createdAt: inSeconds(0) },
      { ...former, validUntil: inSeconds(86_400) },
    ]);
    pass(86_399);
    expect((await get(tenant.live, id)).body.secrets).toHaveLength(2);
    pass(1);
    expect((await get(tenant.live, id)).body.secrets).toEqual([rotated.body.secrets[0]]);
    await rotate(tenant.live, id, 60);
    expect(await holdersOf(secret)).toEqual([]);
  });

  test("with an overlap of 0 ends every former secret at once", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant);
    await rotate(tenant.live, id, 3600);
    const { body } = await rotate(tenant.live, id, 0);
    expect(body.secrets).toEqual([{ display: expect.any(String), createdAt: inSeconds(0) }]);
  });

  test("never lengthens the life of a secret, and keeps at most five alive", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant);
    await rotate(tenant.live, id, 60);
    const second = await rotate(tenant.live, id, 604_800);
    expect(second.body.secrets.map(({ validUntil }: Json) => validUntil)).toEqual([undefined, inSeconds(604_800), inSeconds(60)]);
    for (const _ of ["fourth", "fifth"]) expect((await rotate(tenant.live, id)).status).toBe(200);
    expect(await rotate(tenant.live, id)).toMatchObject({ status: 409, body: { code: "too_many_live_secrets", limit: 5 } });
    pass(60);
    expect((await rotate(tenant.live, id)).status).toBe(200);
    expect((await rotate(tenant.live, id, 604_801)).body.errors).toMatchObject([{ pointer: "/overlapSeconds" }]);
  });

  test("shows the new secret again to a repeat with its Idempotency-Key only, and tells no secret", async () => {
    const tenant = await newTenant();
    const { id, secret } = await endpointOf(tenant);
    const headers = { "idempotency-key": "rotation-1" };
    const first = await rotate(tenant.live, id, 60, headers);
    expect((await rotate(tenant.live, id, 60, headers)).body).toEqual(first.body);
    expect(await holdersOf(first.body.secret)).toEqual([id]);
    const events = await told(tenant.live, 2);
    expect(events.map(({ type }) => type)).toEqual(["webhook_endpoint.created", "webhook_endpoint.secret_rotated"]);
    for (const one of [secret, first.body.secret]) expect(JSON.stringify([events, await get(tenant.live, id)])).not.toContain(one);
  });
});

describe("sendTestEvent", () => {
  test("makes an event of the test that it answers", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant);
    const sent = await act(tenant.live, id, "test");
    expect(sent).toMatchObject({ status: 202, body: { object: "webhook_test", endpointId: id, livemode: true } });
    expect((await told(tenant.live, 2))[1]).toMatchObject({ type: "webhook_endpoint.tested", data: { object: sent.body } });
  });

  test("is refused while the endpoint is disabled: 409 that says why it is", async () => {
    const tenant = await newTenant();
    const { id } = await endpointOf(tenant);
    await act(tenant.live, id, "disable");
    expect(await act(tenant.live, id, "test")).toMatchObject({ status: 409, body: { code: "webhook_endpoint_disabled", disabledReason: "requested" } });
  });
});

test("getWebhookKeys shows everybody the same public keys, and nothing of the private ones", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => call(undefined, "GET", "/.well-known/jwks.json")));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  const [{ body, headers }] = answers as [Answer];
  expect(headers.get("cache-control")).toBe("public, max-age=300");
  expect(Object.keys(body)).toEqual(["keys"]);
  expect(body.keys).toEqual([{ kty: "OKP", crv: "Ed25519", x: expect.any(String), kid: expect.any(String), use: "sig", alg: "EdDSA" }]);
  expect(createPublicKey({ key: body.keys[0], format: "jwk" }).asymmetricKeyType).toBe("ed25519");
});
