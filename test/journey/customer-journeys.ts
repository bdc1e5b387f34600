/** Customers: one person under every identity, for one tenant, in one mode. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventually, type Json } from "./api.ts";
import type { Deployment } from "./deployment.ts";

/** Identities that nobody else has. */
function newIdentities() {
  const tag = randomUUID();
  return [
    { type: "email", value: `Ada.${tag}@Example.com` },
    { type: "phone", value: `+336${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}` },
    { type: "member_card", value: `card ${tag}` },
    { type: "wechat_openid", value: `o-${tag}` },
    { type: "custom_loyalty_app", value: `app/${tag}?é` },
  ];
}
const pathOf = ({ type, value }: Json) => `/v1/customers/by/${type}/${encodeURIComponent(value)}`;
/** A problem without what differs from request to request. */
const withoutRequest = ({ requestId: _, ...body }: Json) => body;

export function customerJourneys({ call, done, all, shop, newTenant }: Deployment): void {
  describe("a customer", () => {
    test("created twice under one idempotency key is one, and is found by every identity, however it is written", async () => {
      const { live } = await shop();
      const request = { body: { displayName: "Ada Lovelace", identities: newIdentities() }, headers: { "idempotency-key": randomUUID() } };
      const first = await call(live, "POST", "/v1/customers", request);
      const again = await call(live, "POST", "/v1/customers", request);
      expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
      expect(again.body).toEqual(first.body);
      for (const identity of request.body.identities) expect((await done(live, "GET", pathOf(identity))).id, identity.type).toBe(first.body.id);
      const other = await call(live, "POST", "/v1/customers", { ...request, body: { displayName: "Somebody else" } });
      expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
      const taken = await call(live, "POST", "/v1/customers", {
        body: { identities: [{ type: "email", value: request.body.identities[0]?.value.toLowerCase() }] },
      });
      expect([taken.status, taken.body.code, taken.body.customerId]).toEqual([409, "identity_taken", first.body.id]);
    });

    test("is patched by whoever has seen its last version: with another If-Match it is 412, and nothing changes", async () => {
      const { live } = await shop();
      const { id, version } = await done(live, "POST", "/v1/customers", { displayName: "Grace", tags: ["new"], metadata: { till: "7" } });
      const patch = (etag: string | null, body: object) => call(live, "PATCH", `/v1/customers/${id}`, { body, headers: { "if-match": etag ?? "" } });
      const { headers } = await call(live, "GET", `/v1/customers/${id}`);
      const patched = await patch(headers.get("etag"), { displayName: null, tags: ["vip"] });
      expect(patched.body).toMatchObject({ tags: ["vip"], metadata: { till: "7" }, version: version + 1 });
      expect(patched.body).not.toHaveProperty("displayName");
      const late = await patch(headers.get("etag"), { tags: ["lost"] });
      expect([late.status, late.body.code]).toEqual([412, "version_mismatch"]);
      expect(await done(live, "GET", `/v1/customers/${id}`)).toEqual(patched.body);
      expect((await call(live, "GET", `/v1/customers/${id}`, { headers: { "if-none-match": patched.headers.get("etag") as string } })).status).toBe(304);
    });

    test("of another tenant, or of the other mode, is a 404 like one that never was", async () => {
      const [{ live, test: testKey }, neighbour] = [await shop(), await newTenant("neighbour")];
      const identity = newIdentities()[0] as Json;
      const { id } = await done(live, "POST", "/v1/customers", { identities: [identity] });
      const absent = await call(neighbour.live, "GET", `/v1/customers/cus_${"0".repeat(26)}`);
      expect([absent.status, absent.body.code]).toEqual([404, "customer_not_found"]);
      for (const [who, key] of Object.entries({ "another tenant": neighbour.live, "test mode": testKey })) {
        for (const [method, path, body] of [
          ["GET", ""],
          ["PATCH", "", { tags: [] }],
          ["DELETE", ""],
          ["GET", "/timeline"],
          ["GET", "/view"],
        ] as const) {
          const answer = await call(key, method, `/v1/customers/${id}${path}`, { body });
          expect([who, method, path, answer.status]).toEqual([who, method, path, 404]);
          expect(withoutRequest(answer.body)).toEqual(withoutRequest(absent.body));
        }
        expect((await call(key, "GET", pathOf(identity))).status).toBe(404);
        // What is taken there is free here.
        expect((await call(key, "PUT", pathOf(identity), { body: {} })).status).toBe(201);
      }
      expect(await done(live, "GET", pathOf(identity))).toMatchObject({ id, version: 1 });
    });

    test("that is deleted frees its identities, and comes back with all that was there", async () => {
      const { live } = await shop();
      const [identity] = newIdentities() as [Json];
      const { id } = await done(live, "PUT", pathOf(identity), { displayName: "Back soon" });
      await done(live, "DELETE", `/v1/customers/${id}`);
      expect((await call(live, "GET", pathOf(identity))).status).toBe(404);
      expect(await done(live, "POST", `/v1/customers/${id}/restore`)).toMatchObject({ customer: { id, displayName: "Back soon", status: "active" } });
      await eventually("it is listed again", async () => (await all(live, "/v1/customers")).some((customer) => customer.id === id));
    });
  });
}
