/** Tenants and keys: who gets in, with what, and for how long. */
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Answer, eventually } from "./api.ts";
import type { Deployment } from "./deployment.ts";

/** What was ended is refused within 30 seconds everywhere; the rest is for the way there and back. */
const refusedWithinSeconds = 40;

export function keyJourneys({ target, call, done, shop, newTenant, newKey }: Deployment): void {
  const hasEnded = (key: string, code: string) =>
    eventually(
      `the key is refused as ${code}`,
      async () => {
        const { body } = await call(key, "GET", "/v1/me");
        return body.code === code;
      },
      refusedWithinSeconds,
    );

  describe("keys", () => {
    test("the platform key makes a tenant, whose two keys work at once, each in its mode", async () => {
      const { id, live, test: testKey } = await shop();
      for (const [key, livemode] of [[live, true] as const, [testKey, false] as const]) {
        const { tenant, livemode: mode, limits } = await done(key, "GET", "/v1/me");
        expect({ id: tenant.id, mode }).toEqual({ id, mode: livemode });
        expect(limits.readsPerSecond).toBeGreaterThan(0);
      }
      expect(await done(target.platformKey, "GET", `/v1/tenants/${id}`)).toMatchObject({ id, status: "active" });
      expect((await call(live, "GET", `/v1/tenants/${id}`)).status).toBe(403);
    });

    test("a key does what its scopes name, and is told which scope it lacks", async () => {
      const { secret } = await newKey(await shop(), ["customers:read"]);
      expect((await call(secret, "GET", "/v1/customers?limit=1")).status).toBe(200);
      const { status, body } = await call(secret, "POST", "/v1/customers", { body: {} });
      expect([status, body.code, body.requiredScopes]).toEqual([403, "insufficient_scope", ["customers:write"]]);
    });

    test("a revoked key is refused within 30 seconds", async () => {
      const { live } = await shop();
      const { id, secret } = await newKey(await shop(), ["customers:read"]);
      expect((await call(secret, "GET", "/v1/me")).status).toBe(200);
      await done(live, "POST", `/v1/api-keys/${id}/revoke`);
      await hasEnded(secret, "unauthenticated");
    });

    test("a suspended tenant is refused within 30 seconds, and works again once it is reactivated", async () => {
      const tenant = await newTenant("suspended for a while");
      await done(target.platformKey, "POST", `/v1/tenants/${tenant.id}/suspend`);
      await hasEnded(tenant.live, "tenant_suspended");
      await done(target.platformKey, "POST", `/v1/tenants/${tenant.id}/reactivate`);
      await eventually("the key works again", async () => (await call(tenant.live, "GET", "/v1/me")).status === 200, refusedWithinSeconds);
    });

    test("a key over its own limit gets 429 with Retry-After, is admitted after it, and reads its limit off every answer", async () => {
      const { secret } = await newKey(await shop(), ["customers:read"], { rateLimits: { readsPerSecond: 1 } });
      const read = () => call(secret, "GET", "/v1/me");
      const first = await read();
      expect(first.headers.get("ratelimit")).toContain('"key-reads"');
      expect(first.headers.get("ratelimit-policy")).toMatch(/"key-reads";q=\d+;w=\d+/);
      const refused = await eventually("a request is refused", async () =>
        (await Promise.all(Array.from({ length: 8 }, read))).find(({ status }: Answer) => status === 429),
      );
      expect(refused.body).toMatchObject({ code: "rate_limited", limitPerSecond: 1 });
      const waitSeconds = Number(refused.headers.get("retry-after"));
      expect(waitSeconds).toBeGreaterThanOrEqual(1);
      await pause(waitSeconds * 1_000);
      expect((await read()).status).toBe(200);
    });
  });
}
