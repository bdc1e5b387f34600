/** What arrives at a receiver: signed twice, the same bytes as the event operations answer, and only what was asked for. */
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebhookVerificationError } from "../openapi/sdk/webhooks/verification-error.ts";
import { webhookVerifier } from "../openapi/sdk/webhooks/verify.ts";
import { baseUrl, call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { type ReceivedRequest, type Receiver, startReceiver } from "./receiver.ts";

let tenant: TenantKeys;
let receiver: Receiver;
beforeAll(async () => {
  [tenant, receiver] = [await newTenant(), await startReceiver()];
});
afterAll(() => receiver.stop());

let paths = 0;
/** A new endpoint with a path of its own. */
async function endpoint(settings: object = {}): Promise<Json & { path: string }> {
  const path = `/hook-${(paths += 1)}`;
  const { status, body } = await call(tenant.live, "post", "/v1/webhook-endpoints", {
    body: { url: receiver.url + path, eventTypes: ["customer.created"], ...settings },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { ...body, path };
}
const createCustomer = async (body: object = {}): Promise<Json> => (await call(tenant.live, "post", "/v1/customers", { body })).body;
const receivedAt = (path: string) => receiver.requests.filter((request) => request.path === path);
const arrival = (path: string, text: string): Promise<ReceivedRequest> => eventually(async () => receivedAt(path).find(({ body }) => body.includes(text)));
const deliveriesTo = async (endpointId: string): Promise<Json[]> =>
  (await call(tenant.live, "get", `/v1/webhook-deliveries?endpointId=${endpointId}`)).body.data;

const publicKeys = () => ({ from: `${baseUrl}/.well-known/jwks.json`, tenantId: tenant.tenantId, livemode: true });
const refusalOf = async (verified: Promise<unknown>): Promise<string> =>
  verified.then(
    () => "verified",
    (error) => (error instanceof WebhookVerificationError ? error.code : String(error)),
  );

/** With another letter in the middle, which never stands for the same bytes. */
const forged = (signature: string): string => `${signature.slice(0, 20)}${signature[20] === "A" ? "B" : "A"}${signature.slice(21)}`;

describe("a delivery", () => {
  test("verifies with the reference library, and with our helper by secret and by public key; every tampering fails", async () => {
    const { path, secret } = await endpoint();
    const customer = await createCustomer({ displayName: "Signed" });
    const { headers, body } = await arrival(path, customer.id);
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const verifier = webhookVerifier({ secrets: [secret], publicKeys: publicKeys() });
    expect((await verifier.verify(headers, body)).data.object["id"]).toBe(customer.id);
    const [v1 = "", v1a = ""] = (headers["webhook-signature"] ?? "").split(" ");
    const tampered: [string, Record<string, string>, string][] = [
      ["body", headers, body.replace("Signed", "Sealed")],
      ["id", { ...headers, "webhook-id": "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F0" }, body],
      ["timestamp", { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) }, body],
      ["v1 signature", { ...headers, "webhook-signature": `${forged(v1)} ${v1a}` }, body],
      ["v1a signature", { ...headers, "webhook-signature": `${v1} ${forged(v1a)}` }, body],
    ];
    for (const [what, changed, text] of tampered) {
      expect([what, await refusalOf(verifier.verify(changed, text))]).toEqual([what, "signature_mismatch"]);
      if (what !== "v1a signature") expect(() => new Webhook(secret).verify(text, changed)).toThrow();
    }
  });

  test("has the bytes that GET /v1/events answers, and the event's id as webhook-id", async () => {
    const { path } = await endpoint();
    const { headers, body } = await arrival(path, (await createCustomer({ displayName: "Zoë 🐘" })).id);
    const id = headers["webhook-id"] as string;
    const response = await fetch(`${baseUrl}/v1/events/${id}`, { headers: { authorization: `Bearer ${tenant.live}` } });
    expect(await response.text()).toBe(body);
    expect(headers).toMatchObject({ "content-type": "application/json", "user-agent": "Clientele-Webhooks/1" });
  });

  test("during a rotation verifies with the former and with the new secret; afterwards with the new one only", async () => {
    const { id, path, secret } = await endpoint();
    const rotate = async (overlapSeconds: number): Promise<string> =>
      (await call(tenant.live, "post", `/v1/webhook-endpoints/${id}/rotate-secret`, { body: { overlapSeconds } })).body.secret;
    const second = await rotate(3_600);
    const during = await arrival(path, (await createCustomer()).id);
    for (const one of [secret, second]) {
      expect(() => new Webhook(one).verify(during.body, during.headers)).not.toThrow();
      expect(await refusalOf(webhookVerifier({ secrets: [one], publicKeys: publicKeys() }).verify(during.headers, during.body))).toBe("verified");
    }
    const third = await rotate(0);
    const after = await eventually(async () => {
      const { headers, body } = await arrival(path, (await createCustomer()).id);
      // An endpoint may be taken for what it was for a moment.
      return headers["webhook-signature"]?.split(" ").length === 2 && { headers, body };
    });
    expect(() => new Webhook(third).verify(after.body, after.headers)).not.toThrow();
    for (const former of [secret, second]) expect(() => new Webhook(former).verify(after.body, after.headers)).toThrow();
  });

  test("that is thin has the object's id only, and is signed as it is sent", async () => {
    const { path, secret } = await endpoint({ payload: "thin" });
    const customer = await createCustomer({ displayName: "Secretive" });
    const { headers, body } = await arrival(path, customer.id);
    expect(body).not.toContain("Secretive");
    expect(JSON.parse(body).data).toEqual({ object: { id: customer.id, object: "customer" }, thin: true });
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
  });

  test("carries the endpoint's own headers", async () => {
    const { path } = await endpoint({ headers: { "x-source": "clientele", authorization: "Basic YTpi" } });
    const { headers } = await arrival(path, (await createCustomer()).id);
    expect(headers).toMatchObject({ "x-source": "clientele", authorization: "Basic YTpi" });
  });

  test("is told of with its attempts: status, latency, headers and the beginning of the answer", async () => {
    const { id, path } = await endpoint();
    receiver.behave(path as `/${string}`, { status: 202, headers: { "x-trace": "abc" }, body: "thanks" });
    await arrival(path, (await createCustomer()).id);
    const delivery = await eventually(async () => (await deliveriesTo(id)).find(({ status }) => status === "succeeded"));
    const { attempts, ...whole } = (await call(tenant.live, "get", `/v1/webhook-deliveries/${delivery.id}`)).body;
    expect(whole).toEqual(delivery);
    expect(attempts).toEqual([
      {
        number: 1,
        at: expect.any(String),
        latencyMilliseconds: expect.any(Number),
        status: 202,
        headers: expect.objectContaining({ "x-trace": "abc" }),
        body: "thanks",
      },
    ]);
  });
});

describe("an endpoint", () => {
  test("gets what its patterns and its filter want, and nothing else", async () => {
    const wanted = await endpoint({ eventTypes: ["customer.*"], filter: [{ pointer: "/data/object/tags", anyOf: ["vip"] }] });
    const everything = await endpoint({ eventTypes: ["*"] });
    const [plain, vip] = [await createCustomer({ tags: ["new"] }), await createCustomer({ tags: ["new", "vip"] })];
    await call(tenant.live, "delete", `/v1/customers/${vip.id}`);
    await eventually(async () => receivedAt(everything.path).some(({ body }) => JSON.parse(body).type === "customer.deleted"));
    await arrival(wanted.path, "customer.deleted");
    expect(
      receivedAt(wanted.path)
        .map(({ body }) => [JSON.parse(body).type, JSON.parse(body).data.object.id])
        .toSorted(),
    ).toEqual([
      ["customer.created", vip.id],
      ["customer.deleted", vip.id],
    ]);
    expect(receivedAt(everything.path).some(({ body }) => body.includes(plain.id))).toBe(true);
  });

  test("that subscribes to everything sees a sequence without a gap", async () => {
    const lone = await newTenant();
    const path = "/gapless";
    await call(lone.live, "post", "/v1/webhook-endpoints", { body: { url: receiver.url + path } });
    for (let count = 0; count < 12; count++) await call(lone.live, "post", "/v1/customers", { body: {} });
    await eventually(async () => receivedAt(path).length === 13);
    const sequences = receivedAt(path).map(({ body }) => JSON.parse(body).sequence);
    expect(sequences.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
  });

  test("that is disabled or deleted gets nothing more; what waited for it is canceled", async () => {
    const [disabled, deleted] = [await endpoint(), await endpoint()];
    for (const { path } of [disabled, deleted]) receiver.behave(path, { status: 500 });
    await createCustomer();
    for (const { id } of [disabled, deleted]) await eventually(async () => (await deliveriesTo(id))[0]?.attemptCount === 1);
    await call(tenant.live, "post", `/v1/webhook-endpoints/${disabled.id}/disable`);
    await call(tenant.live, "delete", `/v1/webhook-endpoints/${deleted.id}`);
    await createCustomer();
    // The first retry comes after five seconds, and finds out.
    const canceled = async (id: string) => eventually(async () => (await deliveriesTo(id)).find(({ status }) => status === "canceled"), 10_000);
    expect((await canceled(disabled.id)).canceledReason).toBe("endpoint_disabled");
    expect((await canceled(deleted.id)).canceledReason).toBe("endpoint_deleted");
    for (const { id, path } of [disabled, deleted]) expect([receivedAt(path).length, (await deliveriesTo(id)).length]).toEqual([1, 1]);
  });

  test("of a tenant's test data sees no live events, nor those of another tenant", async () => {
    const other = await newTenant();
    const path = "/test-mode";
    await call(tenant.test, "post", "/v1/webhook-endpoints", { body: { url: receiver.url + path, eventTypes: ["customer.created"] } });
    await createCustomer({ displayName: "Live" });
    await call(other.test, "post", "/v1/customers", { body: { displayName: "Other" } });
    await call(tenant.test, "post", "/v1/customers", { body: { displayName: "Mine" } });
    await arrival(path, "Mine");
    expect(receivedAt(path).map(({ body }) => JSON.parse(body).data.object.displayName)).toEqual(["Mine"]);
  });
});

test("a retry by hand sends the same event again under the same id", async () => {
  const { id, path } = await endpoint();
  await arrival(path, (await createCustomer()).id);
  const delivery = await eventually(async () => (await deliveriesTo(id)).find(({ status }) => status === "succeeded"));
  expect((await call(tenant.live, "post", `/v1/webhook-deliveries/${delivery.id}/retry`)).status).toBe(202);
  await eventually(async () => receivedAt(path).length === 2);
  const [first, second] = receivedAt(path);
  expect([second?.body, second?.headers["webhook-id"]]).toEqual([first?.body, first?.headers["webhook-id"]]);
  const { attempts } = await eventually(async () => {
    const { body } = await call(tenant.live, "get", `/v1/webhook-deliveries/${delivery.id}`);
    return body.attempts.length === 2 && body;
  });
  expect(attempts.map(({ number }: Json) => number)).toEqual([1, 2]);
});
