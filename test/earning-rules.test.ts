/** Earning rules over HTTP: what is refused and where it points, what a patch does, and that former versions stay readable. */
import { beforeAll, expect, test } from "vitest";
import { call, type Json, newTenant, type TenantKeys } from "./clientele.ts";

let tenant: TenantKeys;
let programId: string;
const newProgram = async (): Promise<string> => (await call(tenant.live, "post", "/v1/programs", { body: { name: "Club" } })).body.id;
beforeAll(async () => {
  tenant = await newTenant();
  programId = await newProgram();
});
const rate = { kind: "rate", points: 1 };
const post = (body: object) => call(tenant.live, "post", "/v1/earning-rules", { body: { programId, name: "Rule", formula: rate, ...body } });
const patch = (id: string, body: object) => call(tenant.live, "patch", `/v1/earning-rules/${id}`, { body });
const get = (path: string) => call(tenant.live, "get", `/v1/earning-rules${path}`);
const faults = ({ status, body }: Json) => ({ status, errors: body.errors?.map(({ pointer, code }: Json) => `${pointer} ${code}`) });

test("a name, a programme and a formula are enough: a rule for every purchase, without caps, from now on", async () => {
  expect((await post({})).body).toMatchObject({
    object: "earning_rule",
    programId,
    status: "active",
    conditions: {},
    formula: { kind: "rate", points: 1, rounding: "down" },
    priority: 100,
    caps: {},
    qualifying: true,
    version: 1,
  });
});

test.each([
  ["a formula of an unknown kind", { formula: { kind: "guess" } }, "/formula/kind invalid_union"],
  ["a factor with three decimals", { formula: { kind: "multiplier", factor: 1.255 } }, "/formula/factor invalid_value"],
  ["a rate of half a point", { formula: { kind: "rate", points: 0.5 } }, "/formula/points invalid_type"],
  ["rounding of a fixed number", { formula: { kind: "fixed", points: 1, rounding: "up" } }, "/formula/rounding unknown_field"],
  ["an expiry of two kinds", { expiresOn: "2027-01-31", expiresAfterMonths: 3 }, "/expiresOn invalid_value"],
  ["an end before the beginning", { activeFrom: "2026-11-21T10:00:00+01:00", activeUntil: "2026-11-21T09:00:00Z" }, "/activeUntil invalid_value"],
  ["a minimum above the maximum", { conditions: { amount: { minMinor: 2, maxMinor: 1 } } }, "/conditions/amount invalid_value"],
  ["an hour that no clock shows", { conditions: { times: [{ from: "24:00" }] } }, "/conditions/times/0/from invalid_format"],
  ["a currency that does not exist", { conditions: { currency: "XYZ" } }, "/conditions/currency invalid_value"],
  ["a list of nothing", { conditions: { storeCodes: [] } }, "/conditions/storeCodes too_small"],
  ["a cap of nothing", { caps: { perCustomer: { day: 0 } } }, "/caps/perCustomer/day too_small"],
])("%s is refused with a pointer at it", async (_, settings, fault) => {
  expect(faults(await post(settings))).toEqual({ status: 400, errors: [fault] });
});

test("a rule of a programme that does not exist is refused", async () => {
  expect(await post({ programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0" })).toMatchObject({ status: 404, body: { code: "program_not_found" } });
});

test("a patch merges conditions, caps and formula; null takes away, and the programme stays", async () => {
  const { body: made } = await post({ conditions: { tags: ["vip"], storeCodes: ["A"] }, caps: { budget: 100, perCustomer: { day: 5, total: 50 } } });
  const changes = { conditions: { tags: null, channels: ["web"] }, caps: { budget: null, perCustomer: { day: null, month: 20 } }, formula: { points: 3 } };
  const { body: merged } = await patch(made.id, changes);
  expect(merged).toMatchObject({ version: 2, formula: { kind: "rate", points: 3, rounding: "down" } });
  expect([merged.conditions, merged.caps]).toEqual([{ storeCodes: ["A"], channels: ["web"] }, { perCustomer: { month: 20, total: 50 } }]);
  const { body: cleared } = await patch(made.id, { conditions: null, caps: null, formula: { kind: "multiplier", factor: 2, points: null, rounding: null } });
  expect(cleared).toMatchObject({ version: 3, conditions: {}, caps: {}, formula: { kind: "multiplier", factor: 2 } });
  expect(faults(await patch(made.id, { formula: { kind: "fixed", points: 5 } }))).toEqual({ status: 400, errors: ["/formula/factor unknown_field"] });
  expect(faults(await patch(made.id, { programId }))).toEqual({ status: 400, errors: ["/programId unknown_field"] });
});

test("limits hold for what a patch makes of the rule", async () => {
  const { body: made } = await post({ expiresOn: "2027-01-31", conditions: { amount: { minMinor: 500 } } });
  expect(faults(await patch(made.id, { expiresAfterMonths: 3 }))).toEqual({ status: 400, errors: ["/expiresOn invalid_value"] });
  expect((await patch(made.id, { conditions: { amount: { maxMinor: 499 } } })).status).toBe(400);
  expect((await patch(made.id, { expiresAfterMonths: 3, expiresOn: null })).body).toMatchObject({ expiresAfterMonths: 3, version: 2 });
});

test("every version can be read as it was; a patch that changes nothing makes none", async () => {
  const { body: first } = await post({ name: "First" });
  const { body: second } = await patch(first.id, { name: "Second" });
  expect((await patch(first.id, { name: "Second" })).body).toEqual(second);
  expect((await get(`/${first.id}?version=1`)).body).toEqual(first);
  expect((await get(`/${first.id}?version=2`)).body).toEqual(second);
  expect((await get(`/${first.id}`)).body).toEqual(second);
  expect(await get(`/${first.id}?version=3`)).toMatchObject({ status: 404, body: { code: "earning_rule_not_found" } });
});

test("rules are listed by programme and status, oldest first, page by page", async () => {
  const mine = { programId: await newProgram() };
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) ids.push((await post({ ...mine, name })).body.id);
  await patch(ids[1] as string, { status: "paused" });
  const list = async (query: string) => (await get(`?programId=${mine.programId}${query}`)).body;
  const named = ({ data }: Json) => data.map(({ name }: Json) => name).join("");
  expect(named(await list(""))).toBe("abc");
  expect(named(await list("&status=paused"))).toBe("b");
  const page = await list("&limit=2");
  expect([named(page), page.hasMore]).toEqual(["ab", true]);
  expect(named(await list(`&limit=2&cursor=${page.nextCursor}`))).toBe("c");
});

test("one rule too many is refused", async () => {
  const other = await newTenant();
  const { body: program } = await call(other.live, "post", "/v1/programs", { body: { name: "Club" } });
  const more = () => call(other.live, "post", "/v1/earning-rules", { body: { programId: program.id, name: "Rule", formula: rate } });
  for (let batch = 0; batch < 20; batch += 1)
    expect((await Promise.all(Array.from({ length: 10 }, more))).map(({ status }) => status)).toEqual(Array(10).fill(201));
  expect(await more()).toMatchObject({ status: 409, body: { code: "earning_rule_limit_reached", limit: 200 } });
}, 60_000);
