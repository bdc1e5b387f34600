/** Who decides about rate limits, and a client that lives with them. */
import { describe, expect, test } from "vitest";
import { call, demo, keyWith, newTenant } from "./clientele.ts";
import { customersOf, importOf, mapped, run, write } from "./importer.ts";

type Limits = { readsPerSecond?: number; writesPerSecond?: number };

describe("who sets them", () => {
  const limitsOf = async (key: string) => (await call(key, "GET", "/v1/me")).body.limits;
  const patch = (tenantId: string, rateLimits: unknown) => call(demo.platformKey, "PATCH", `/v1/tenants/${tenantId}`, { body: { rateLimits } });

  test("is the platform, at creation and by a merge patch; what it leaves out or clears has the default", async () => {
    const { tenantId, live } = await newTenant({ rateLimits: { writesPerSecond: 7 } });
    expect((await call(live, "GET", "/v1/tenant")).body.rateLimits).toEqual({ readsPerSecond: 200, writesPerSecond: 7 });
    expect(await limitsOf(live)).toMatchObject({ readsPerSecond: 200, writesPerSecond: 7 });
    const changes: [unknown, Limits][] = [
      [{ readsPerSecond: 300 }, { readsPerSecond: 300, writesPerSecond: 7 }],
      [{ writesPerSecond: null }, { readsPerSecond: 300, writesPerSecond: 50 }],
      [null, { readsPerSecond: 200, writesPerSecond: 50 }],
    ];
    for (const [change, limits] of changes) expect((await patch(tenantId, change)).body.rateLimits).toEqual(limits);
    for (const wrong of [{ readsPerSecond: 0 }, { writesPerSecond: 1.5 }, { writesPerSecond: 1e9 }, { perSecond: 1 }, 5])
      expect((await patch(tenantId, wrong)).status).toBe(400);
  });

  test("is nobody, when nothing was said: a record without limits has the default", async () => {
    const { live } = await newTenant({ rateLimits: undefined });
    expect(await limitsOf(live)).toMatchObject({ readsPerSecond: 200, writesPerSecond: 50 });
    expect((await call(live, "GET", "/v1/me")).headers.get("ratelimit-policy")).toBe('"reads";q=400;w=2');
  });

  test("is not the tenant itself", async () => {
    const { live } = await newTenant();
    const { status, body } = await call(live, "PATCH", "/v1/tenant", { body: { rateLimits: { writesPerSecond: 1_000 } } });
    expect([status, body.errors[0]]).toEqual([400, expect.objectContaining({ pointer: "/rateLimits", code: "unknown_field" })]);
  });

  test("a key may have lower ones, which it is shown", async () => {
    const tenant = await newTenant({ rateLimits: { writesPerSecond: 7 } });
    const key = await keyWith(tenant, ["customers:write"], { rateLimits: { readsPerSecond: 3, writesPerSecond: 9 } });
    expect(await limitsOf(key)).toMatchObject({ readsPerSecond: 3, writesPerSecond: 7 });
  });
});

test("an import under a limit that its batches exceed waits and loads everything", async () => {
  const tenant = await newTenant({ rateLimits: { writesPerSecond: 50 } });
  const file = write(["E-mail", ...Array.from({ length: 400 }, (_, index) => `row${index}@example.com`)].join("\n"), "csv");
  const map = mapped({ csv: { delimiter: "," }, identity: { type: "email", value: "{E-mail}" }, customer: {} });
  const { code, error } = await run(...importOf(tenant.live, file, map));
  expect({ code, error: code === 0 ? "" : error }).toEqual({ code: 0, error: "" });
  expect(await customersOf(tenant.live)).toHaveLength(400);
});
