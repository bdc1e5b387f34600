/** Rate limits over real HTTP: who is admitted, what it costs the table, and whether headers tell the truth. */
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import { type Answer, call, demo, type Json, keyWith, newTenant, type TenantKeys } from "./clientele.ts";
import { inject, refused, unreachable } from "./fault-injection.ts";

type Limits = { readsPerSecond?: number; writesPerSecond?: number };
const limitedTenant = (rateLimits: Limits) => newTenant({ rateLimits: { readsPerSecond: 100_000, writesPerSecond: 100_000, ...rateLimits } });
const read = (key: string, headers: Record<string, string> = {}) => call(key, "GET", "/v1/me", { headers });
const write = (key: string, headers: Record<string, string> = {}, query = "") => call(key, "POST", `/v1/customers${query}`, { body: {}, headers });
const batchOf = (count: number, tag = "") => ({
  items: Array.from({ length: count }, (_, index) => ({ identity: { type: "email", value: `b${tag}${index}@example.com` }, customer: {} })),
});
const batch = (key: string, count: number, headers: Record<string, string> = {}) => call(key, "POST", "/v1/customers/batch", { body: batchOf(count), headers });

/** What the headers say of the budget. */
function said({ headers }: Answer, budget = "writes"): { left: number; seconds: number; quota: number; window: number } {
  const [, left, seconds] = new RegExp(`"${budget}";r=(\\d+);t=(\\d+)`).exec(headers.get("ratelimit") ?? "") ?? [];
  const [, quota, window] = new RegExp(`"${budget}";q=(\\d+);w=(\\d+)`).exec(headers.get("ratelimit-policy") ?? "") ?? [];
  return { left: Number(left), seconds: Number(seconds), quota: Number(quota), window: Number(window) };
}
const burst = (send: () => Promise<Answer>, count: number) => Promise.all(Array.from({ length: count }, send));
/** Sends many at once until one is refused, since a busy machine may be slower than the limit; the refusal. */
async function exhaust(send: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const refusal = (await burst(send, 8)).find(({ status }) => status === 429);
    if (refusal) return refusal;
  }
}
const admitted = (answers: readonly Answer[]) => answers.filter(({ status }) => status !== 429).length;

/** How often the table is asked about these limits from now on. */
function limiterWritesOf({ tenantId }: TenantKeys) {
  let count = 0;
  dynamodb().middlewareStack.add(
    (next) => (args) => {
      if ((args.input as Json).Key?.pk?.startsWith(`RL#${tenantId}#`)) count += 1;
      return next(args);
    },
    { step: "initialize", name: `count-${tenantId}` },
  );
  return () => count;
}

describe("16 clients that never wait, against 50 writes per second", () => {
  test("are admitted what the limit allows, to 5 %, at no more than 0.1 writes of the limiter each", async () => {
    const tenant = await limitedTenant({ writesPerSecond: 50 });
    const limiterWrites = limiterWritesOf(tenant);
    const begin = performance.now();
    let end = begin;
    const answers: Answer[] = [];
    const client = async () => {
      while (performance.now() - begin < 10_000) {
        const answer = await write(tenant.live, {}, "?limit=0");
        answers.push(answer);
        if (answer.status === 429) await pause(10);
        else end = performance.now();
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    const seconds = (end - begin) / 1000;
    const allowed = 100 + 50 * seconds;
    const [through, refusals] = [admitted(answers), answers.length - admitted(answers)];
    console.log(
      `${through} of ${answers.length} admitted in ${seconds.toFixed(2)} s, ${((through / allowed) * 100).toFixed(1)} % of ${allowed.toFixed(0)} allowed; ` +
        `${limiterWrites()} writes of the limiter, ${(limiterWrites() / through).toFixed(3)} per admitted request`,
    );
    expect(refusals).toBeGreaterThan(50);
    expect(through).toBeLessThanOrEqual(allowed);
    expect(through).toBeGreaterThanOrEqual(allowed * 0.95);
    expect(limiterWrites() / through).toBeLessThanOrEqual(0.1);
  });
});

describe.concurrent("headers", () => {
  test("count down from the burst, one for each request, and name the policy", async () => {
    const tenant = await limitedTenant({ writesPerSecond: 1 });
    const first = await write(tenant.live);
    expect(said(first)).toMatchObject({ left: 1, quota: 2, window: 2 });
    expect(said(await read(tenant.live), "reads")).toMatchObject({ quota: 200_000, window: 2 });
  });

  test.each([2, 20, 50])("at %i/s: who believes them is never refused, and after a refusal and its Retry-After is admitted", async (readsPerSecond) => {
    const { live } = await limitedTenant({ readsPerSecond });
    for (let round = 0; round < 2; round++) {
      let [answer, believed] = [await read(live), 0];
      while (answer.status === 200) {
        believed = said(answer, "reads").left;
        answer = await read(live);
      }
      expect([answer.status, believed, said(answer, "reads").left]).toEqual([429, 0, 0]);
      const waitSeconds = Number(answer.headers.get("retry-after"));
      expect(waitSeconds).toBeGreaterThanOrEqual(1);
      expect(said(answer, "reads").seconds).toBe(waitSeconds);
      await pause(waitSeconds * 1000);
      expect((await read(live)).status).toBe(200);
    }
  });

  test("stay true when a batch is refused", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 50 });
    const { left } = said(await batch(live, 60));
    const refusal = await batch(live, 99);
    expect(refusal.status).toBe(429);
    expect(said(refusal).left).toBeGreaterThanOrEqual(left);
    expect(admitted(await burst(() => write(live), left))).toBe(left);
  });

  test("are believed by many at once: what is announced is admitted", async () => {
    const { live } = await limitedTenant({ readsPerSecond: 20 });
    for (let round = 0; round < 3; round++) {
      await exhaust(() => read(live));
      await pause(1_000 + round * 300);
      const { left } = said(await read(live), "reads");
      expect(left).toBeGreaterThan(0);
      expect(admitted(await burst(() => read(live), left))).toBe(left);
    }
  });

  test("stand on refusals of every kind after the limit, and on none before it", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 5 });
    const malformed = await call(live, "POST", "/v1/customers", { rawBody: "{", headers: { "content-type": "application/json" } });
    expect([malformed.status, said(malformed).left]).toEqual([400, 9]);
    const absent = await call(live, "GET", "/v1/customers/cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0");
    expect([absent.status, said(absent, "reads").quota]).toEqual([404, 200_000]);
    const wrongScope = await call(live, "GET", "/v1/tenants");
    const unlimited = [wrongScope, await write("nobody"), await call(live, "GET", "/v1/nothing"), await call(demo.platformKey, "GET", "/v1/tenants")];
    expect(unlimited.map(({ status, headers }) => [status, headers.get("ratelimit"), headers.get("ratelimit-policy")])).toEqual(
      [403, 401, 404, 200].map((status) => [status, null, null]),
    );
  });

  test("and body of a refusal say which budget, how much and when", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 1 });
    const { status, body, headers } = await exhaust(() => write(live));
    expect({ status, body }).toMatchObject({ status: 429, body: { code: "rate_limited", status: 429, budget: "writes", limitPerSecond: 1 } });
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(headers.get("retry-after")).toBe("1");
    expect(headers.get("ratelimit")).toBe('"writes";r=0;t=1');
    expect(headers.get("ratelimit-policy")).toBe('"writes";q=2;w=2');
  });
});

describe.concurrent("free are", () => {
  /** Sent more often than the budget holds. */
  const isFree = async (send: () => Promise<Answer>, status: number) => {
    for (let time = 0; time < 8; time++) expect((await send()).status).toBe(status);
  };

  test("304 answers", async () => {
    const { live } = await limitedTenant({ readsPerSecond: 2, writesPerSecond: 20 });
    const { headers } = await call(live, "GET", "/v1/tenant");
    await isFree(() => call(live, "GET", "/v1/tenant", { headers: { "if-none-match": headers.get("etag") as string } }), 304);
  });

  test("dry runs, of a batch too", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 2 });
    await isFree(() => write(live, {}, "?dryRun=true"), 201);
    const large = await limitedTenant({ writesPerSecond: 20 });
    await isFree(() => call(large.live, "POST", "/v1/customers/batch?dryRun=true", { body: batchOf(30) }), 207);
  });

  test("idempotent replays, of a batch too", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 2 });
    await isFree(() => write(live, { "idempotency-key": "a" }), 201);
    const large = await limitedTenant({ writesPerSecond: 10 });
    await isFree(() => batch(large.live, 8, { "idempotency-key": "b" }), 207);
  });

  test("but not when nothing is left: they are refused like others", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 1 });
    await exhaust(() => write(live));
    expect((await write(live, {}, "?dryRun=true")).status).toBe(429);
  });
});

describe.concurrent("a batch", () => {
  test("of 10 costs 10, and is refused whole when 10 are not left", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 8 });
    const begin = performance.now();
    const { left } = said(await batch(live, 10));
    const back = Math.ceil(((performance.now() - begin) / 1000) * 8);
    expect(left).toBeGreaterThanOrEqual(6);
    expect(left).toBeLessThanOrEqual(6 + back);
    const refusal = await batch(live, 16);
    expect([refusal.status, refusal.body.code]).toEqual([429, "rate_limited"]);
    expect(said(refusal).left).toBeGreaterThanOrEqual(left);
    await pause(Number(refusal.headers.get("retry-after")) * 1000);
    expect((await batch(live, 16)).status).toBe(207);
  });

  test("that was refused can be repeated with its Idempotency-Key, when Retry-After says, and is then done", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 8 });
    await batch(live, 10);
    const headers = { "idempotency-key": "again" };
    const refusal = await batch(live, 16, headers);
    expect(refusal.status).toBe(429);
    await pause(Number(refusal.headers.get("retry-after")) * 1000);
    const repeat = await batch(live, 16, headers);
    expect([repeat.status, repeat.headers.get("idempotency-replayed")]).toEqual([207, null]);
  });

  test("that is larger than the burst is admitted when nothing else was, and paid for afterwards", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 5 });
    expect((await batch(live, 50)).status).toBe(207);
    const refusal = await write(live);
    // 50 items at 5 per second are 10 seconds, of which 2 are the burst.
    expect(refusal.status).toBe(429);
    expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(4);
    expect(Number(refusal.headers.get("retry-after"))).toBeLessThan(10);
  });
});

describe.concurrent("limits stand apart:", () => {
  test("a key's own holds while another key of the tenant goes on, and takes nothing from the tenant", async () => {
    const tenant = await limitedTenant({ writesPerSecond: 1_000 });
    const key = await keyWith(tenant, ["customers:write"], { rateLimits: { writesPerSecond: 1 } });
    const first = await write(key);
    expect(first.headers.get("ratelimit-policy")).toBe('"key-writes";q=2;w=2, "writes";q=2000;w=2');
    const refusal = await exhaust(() => write(key));
    expect(refusal.body).toMatchObject({ budget: "key-writes", limitPerSecond: 1 });
    expect(said(refusal, "key-writes").left).toBe(0);
    for (let time = 0; time < 5; time++) expect((await write(tenant.live)).status).toBe(201);
    expect(said(await write(tenant.live)).left).toBeGreaterThan(1_900);
  });

  test("the tenant's holds for all its keys together, and a refusal by it takes nothing from the key", async () => {
    const tenant = await limitedTenant({ writesPerSecond: 1 });
    const key = await keyWith(tenant, ["customers:write"], { rateLimits: { writesPerSecond: 10 } });
    await exhaust(() => write(tenant.live));
    const refusals = await burst(() => write(key), 40);
    for (const { body } of refusals.filter(({ status }) => status === 429)) expect(body).toMatchObject({ budget: "writes", limitPerSecond: 1 });
    expect(admitted(refusals)).toBeLessThan(10);
    expect(said(refusals.at(-1) as Answer, "key-writes").left).toBeGreaterThanOrEqual(10);
  });

  test("reads and writes", async () => {
    const { live } = await limitedTenant({ writesPerSecond: 1 });
    await exhaust(() => write(live));
    expect((await read(live)).status).toBe(200);
  });

  test("live and test data", async () => {
    const tenant = await limitedTenant({ writesPerSecond: 1 });
    await exhaust(() => write(tenant.live));
    expect((await write(tenant.test)).status).toBe(201);
  });

  test("one tenant's and another's", async () => {
    const [one, other] = await Promise.all([limitedTenant({ writesPerSecond: 1 }), limitedTenant({ writesPerSecond: 1 })]);
    await exhaust(() => write(one.live));
    expect((await write(other.live)).status).toBe(201);
  });

  test("the platform has none", async () => {
    const answers = await burst(() => call(demo.platformKey, "GET", "/v1/tenants?limit=1"), 60);
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.get("ratelimit")}`))).toEqual(new Set(["200 null"]));
  });
});

describe("the limiter is down:", () => {
  test.each([
    ["unreachable", unreachable],
    ["throttled", refused("ProvisionedThroughputExceededException")],
  ])("%s: requests go through, and limits hold again when it is back", async (_, fault) => {
    const tenant = await limitedTenant({ writesPerSecond: 1 });
    const down = inject({ request: "UpdateItem", about: `RL#${tenant.tenantId}#` }, fault);
    const answers = await burst(() => write(tenant.live), 10);
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(answers.at(-1)?.headers.get("ratelimit")).toBeNull();
    expect(down.hits).toBeLessThan(10);
    down.stop();
    await exhaust(() => write(tenant.live));
  });
});
