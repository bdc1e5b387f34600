/** API keys as credentials, with the default of 30 seconds in memory. The clock stands still and is moved by hand. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { formatSecret } from "../domain/tenants/secret-format.ts";
import { authenticate } from "../functions/shell/authenticate.ts";
import { dynamodb } from "../functions/shell/dynamodb-client.ts";
import { call, demo, eventually, type Json, keyWith, newTenant } from "./clientele.ts";

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterAll(() => {
  vi.useRealTimers();
});
const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);
const untilNextMinute = () => 60_000 - (Date.now() % 60_000);

const me = (key: string | undefined, headers: Record<string, string> = {}) => call(key, "GET", "/v1/me", { headers });
const outcomeOf = async (key: string) => (await me(key)).body.code ?? "welcome";
const idOf = async (key: string): Promise<string> => (await me(key)).body.credential.id;
const from = (key: string, address: string) =>
  authenticate(`Bearer ${key}`, address, new Date()).then(
    () => "welcome",
    (problem: Json) => problem.code,
  );

/** The commands that `work` sends to the database; the clock, which asks each second what is due, is left out. */
async function commandsOf(work: () => Promise<unknown>): Promise<{ reads: string[]; writes: string[] }> {
  const commands = { reads: [] as string[], writes: [] as string[] };
  const { middlewareStack } = dynamodb();
  middlewareStack.add(
    (next, { commandName = "" }) =>
      (command) => {
        const isClock = (command.input as { IndexName?: string }).IndexName === "due";
        if (!isClock) commands[/Get|Query|Scan/.test(commandName) ? "reads" : "writes"].push(`${commandName} ${JSON.stringify(command.input)}`);
        return next(command);
      },
    { step: "initialize", name: "counting" },
  );
  await work();
  middlewareStack.remove("counting");
  return commands;
}

describe("what is no credential", () => {
  test("is refused with 401 and reads nothing", async () => {
    const { live } = await newTenant();
    const mistyped = live.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const garbage = ["x", "ck_live_", mistyped, `${live}0`, live.slice(1), live.toLowerCase(), "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "%00", "9".repeat(5_000)];
    const commands = await commandsOf(async () => {
      for (const key of garbage) expect(await outcomeOf(key), key).toBe("unauthenticated");
      for (const authorization of ["", "Bearer", "Bearer ", live, `Basic ${btoa(`${live}:`)}`, `Bearer ${live} ${live}`, `Token ${live}`])
        expect((await me(undefined, { authorization })).status, authorization).toBe(401);
    });
    expect(commands).toEqual({ reads: [], writes: [] });
  });

  test("is asked for once when it looks like a key, however often it comes", async () => {
    const unknown = formatSecret(true, "x".repeat(26));
    const { reads, writes } = await commandsOf(async () => {
      for (let time = 0; time < 5; time++) expect(await outcomeOf(unknown)).toBe("unauthenticated");
    });
    expect([reads.length, writes.length]).toEqual([1, 0]);
  });
});

describe("a key", () => {
  test("costs two reads when it is first seen, also when many requests bring it at once, and none for 30 seconds", async () => {
    const { live } = await newTenant();
    const first = await commandsOf(() => Promise.all(Array.from({ length: 20 }, () => me(live))));
    expect(first.reads).toHaveLength(2);
    pass(29_999);
    expect((await commandsOf(() => me(live))).reads).toEqual([]);
    pass(1);
    expect((await commandsOf(() => me(live))).reads).toHaveLength(2);
  });

  test("whose reading failed is read again at the next request", async () => {
    const { live } = await newTenant();
    dynamodb().middlewareStack.add(() => () => Promise.reject(Object.assign(new Error(), { name: "ThrottlingException" })), {
      step: "initialize",
      name: "fault",
    });
    const throttled = await me(live);
    dynamodb().middlewareStack.remove("fault");
    expect([throttled.status, throttled.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await outcomeOf(live)).toBe("welcome");
  });

  test("that is revoked ends 30 seconds later at most", async () => {
    const tenant = await newTenant();
    const key = await keyWith(tenant, ["customers:read"]);
    const id = await idOf(key);
    expect((await call(tenant.live, "POST", `/v1/api-keys/${id}/revoke`)).body.status).toBe("revoked");
    pass(29_999);
    expect(await outcomeOf(key)).toBe("welcome");
    pass(1);
    expect(await outcomeOf(key)).toBe("unauthenticated");
  });

  test("whose tenant is suspended is refused with 403 within 30 seconds, and works again as soon after it is reactivated", async () => {
    const { live, test, tenantId } = await newTenant();
    expect([await outcomeOf(live), await outcomeOf(test)]).toEqual(["welcome", "welcome"]);
    expect((await call(demo.platformKey, "POST", `/v1/tenants/${tenantId}/suspend`)).body.status).toBe("suspended");
    pass(30_000);
    const refused = await me(live);
    expect([refused.status, refused.body.code, await outcomeOf(test)]).toEqual([403, "tenant_suspended", "tenant_suspended"]);
    expect((await call(demo.platformKey, "POST", `/v1/tenants/${tenantId}/reactivate`)).body.status).toBe("active");
    pass(30_000);
    expect([await outcomeOf(live), await outcomeOf(test)]).toEqual(["welcome", "welcome"]);
  });

  test("with an expiry ends at that very millisecond, though it is remembered and nobody has swept", async () => {
    const tenant = await newTenant();
    const expiresAt = new Date(Date.now() + 5_000).toISOString();
    const key = await keyWith(tenant, ["customers:read"], { expiresAt });
    const { id, expiresAt: shown } = (await me(key)).body.credential;
    expect(shown).toBe(expiresAt);
    pass(4_999);
    expect(await outcomeOf(key)).toBe("welcome");
    pass(1);
    expect(await outcomeOf(key)).toBe("unauthenticated");
    expect((await call(tenant.live, "GET", `/v1/api-keys/${id}`)).body).toMatchObject({ status: "expired", expiresAt });
  });
});

describe("the addresses of a key", () => {
  test("let a request through from inside and refuse it with 403 from outside", async () => {
    const tenant = await newTenant();
    const inside = await keyWith(tenant, ["customers:read"], { allowedCidrs: ["203.0.113.0/24", "127.0.0.0/8"] });
    const outside = await keyWith(tenant, ["customers:read"], { allowedCidrs: ["203.0.113.0/24"] });
    expect(await outcomeOf(inside)).toBe("welcome");
    const refused = await me(outside);
    expect([refused.status, refused.body.code]).toEqual([403, "address_not_allowed"]);
    // Only the connection's own address counts, not what a client says of itself.
    expect((await me(outside, { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" })).status).toBe(403);
  });

  test.each([
    [
      ["203.0.113.0/24"],
      ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.9", "::ffff:cb00:7109"],
      ["203.0.112.255", "203.0.114.0", "::ffff:203.0.114.0", "::203.0.113.9"],
    ],
    [["203.0.113.9/32"], ["203.0.113.9"], ["203.0.113.8", "2001:db8::1"]],
    [["203.0.113.77/25"], ["203.0.113.127"], ["203.0.113.128"]],
    [["0.0.0.0/0"], ["198.51.100.1", "::ffff:198.51.100.1"], ["2001:db8::1"]],
    [["2001:db8::/33"], ["2001:db8:7fff::1", "2001:0db8:0000::0001"], ["2001:db8:8000::1", "203.0.113.9", "::1"]],
    [
      ["::1/128", "127.0.0.1/32"],
      ["::1", "127.0.0.1", "::ffff:127.0.0.1"],
      ["::2", "127.0.0.2"],
    ],
    [["::ffff:127.0.0.0/104"], ["127.0.0.1", "::ffff:127.0.0.1"], ["128.0.0.1"]],
    [["2001:db8::/32"], [], ["", "unknown", "203.0.113", "2001:db8::1, 203.0.113.9"]],
  ])("%j", async (allowedCidrs, inside, outside) => {
    const key = await keyWith(await newTenant(), ["customers:read"], { allowedCidrs });
    for (const address of inside) expect(await from(key, address), address).toBe("welcome");
    for (const address of outside) expect(await from(key, address), address).toBe("address_not_allowed");
  });

  test("that are no networks are refused with a pointer", async () => {
    const { live } = await newTenant();
    const wrong = [
      "203.0.113.9",
      "203.0.113.0/33",
      "203.0.113.256/24",
      "2001:db8::/129",
      "2001:db8::g/32",
      "/8",
      "example.com/8",
      "203.0.113.0/-1",
      "::/ 1",
      "",
    ];
    const { status, body } = await call(live, "POST", "/v1/api-keys", { body: { name: "n", livemode: true, scopes: ["customers:read"], allowedCidrs: wrong } });
    expect(status).toBe(400);
    expect(new Set(body.errors.map(({ pointer }: Json) => pointer))).toEqual(new Set(wrong.map((_, index) => `/allowedCidrs/${index}`)));
  });
});

describe("lastUsedAt", () => {
  test("tells the minute of the last use and is written once in it; a refused request is no use", async () => {
    const tenant = await newTenant();
    const key = await keyWith(tenant, ["customers:read"]);
    const elsewhere = await keyWith(tenant, ["customers:read"], { allowedCidrs: ["203.0.113.0/24"] });
    pass(untilNextMinute());
    const minute = new Date().toISOString();
    const { writes } = await commandsOf(async () => {
      await Promise.all(Array.from({ length: 10 }, () => me(key)));
      for (let second = 0; second < 59; second += 10) {
        pass(10_000 - 1);
        await me(key);
        await me(elsewhere);
      }
      await eventually(async () => (await keysOf(tenant.live)).get(await idOf(key)));
    });
    // One for this key, one for the key that lists the keys.
    expect(writes.filter((write) => write.includes("USE#"))).toHaveLength(2);
    const used = await keysOf(tenant.live);
    expect([...used.values()]).toContain(minute);
    expect(used.size).toBe(2);

    pass(untilNextMinute());
    await me(key);
    const next = new Date().toISOString();
    await eventually(async () => (await keysOf(tenant.live)).get(await idOf(key)) === next);
  });
});

/** When each key that has ever been used was last used. */
async function keysOf(live: string): Promise<Map<string, string>> {
  const { body } = await call(live, "GET", "/v1/api-keys");
  return new Map(body.data.flatMap(({ id, lastUsedAt }: Json) => (lastUsedAt ? [[id, lastUsedAt]] : [])));
}
