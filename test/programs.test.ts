/** Programmes of points over HTTP: what is refused and where it points, what a patch does, and whose zone counts. */
import { beforeAll, expect, test } from "vitest";
import { call, type Json, newTenant, type TenantKeys } from "./clientele.ts";

let tenant: TenantKeys;
beforeAll(async () => {
  tenant = await newTenant({ timeZone: "Asia/Kolkata" });
});
const post = (body: unknown) => call(tenant.live, "post", "/v1/programs", { body });
const patch = (id: string, body: unknown) => call(tenant.live, "patch", `/v1/programs/${id}`, { body });
const faults = ({ status, body }: Json) => ({ status, errors: body.errors?.map(({ pointer, code }: Json) => `${pointer} ${code}`) });
const level = (code: string, qualifyingPoints: number) => ({ code, name: code, qualifyingPoints });

test("a name is enough: points of 24 months to the month's end, in the tenant's zone, nobody owes", async () => {
  expect((await post({ name: "Club" })).body).toMatchObject({
    object: "program",
    timeZone: "Asia/Kolkata",
    pointsName: "points",
    expiry: { kind: "rolling_months", months: 24, roundTo: "month_end" },
    pendingDays: 0,
    debtPolicy: "forbid",
    status: "active",
    version: 1,
  });
});

test.each([
  [
    "a level that is not above the one before",
    { tiers: { period: "calendar_year", levels: [level("a", 10), level("b", 10)] } },
    "/tiers/levels/1/qualifyingPoints not_ascending",
  ],
  ["a code that two levels have", { tiers: { period: "calendar_year", levels: [level("a", 10), level("a", 20)] } }, "/tiers/levels/1/code repeated"],
  ["tiers without levels", { tiers: { period: "calendar_year", levels: [] } }, "/tiers/levels too_small"],
  ["months of a calendar year", { tiers: { period: "calendar_year", months: 12, levels: [level("a", 10)] } }, "/tiers/months unknown_field"],
  [
    "a grace that is longer than a rolling month",
    { tiers: { period: "rolling_months", gracePeriodDays: 29, levels: [level("a", 1)] } },
    "/tiers/gracePeriodDays too_big",
  ],
  ["months of what never expires", { expiry: { kind: "never", months: 12 } }, "/expiry/months unknown_field"],
  ["an unknown kind of expiry", { expiry: { kind: "weekly" } }, "/expiry/kind invalid_union"],
  ["a zone that does not exist", { timeZone: "Europe/Atlantis" }, "/timeZone invalid_value"],
  [
    "a multiplier with three decimals",
    { tiers: { period: "anniversary", levels: [{ ...level("a", 1), earnMultiplier: 1.255 }] } },
    "/tiers/levels/0/earnMultiplier not_multiple_of",
  ],
])("%s is refused with a pointer at it", async (_, settings, fault) => {
  expect(faults(await post({ name: "Club", ...settings }))).toEqual({ status: 400, errors: [fault] });
});

test("a patch merges, null brings back the default, and another kind takes away by null what it does not have", async () => {
  const { body: made } = await post({ name: "Club", timeZone: "Pacific/Apia", tiers: { period: "calendar_year", levels: [level("a", 10)] } });
  const { body: longer } = await patch(made.id, { expiry: { months: 36 }, tiers: { downgrade: "by_balance" }, timeZone: null });
  expect(longer).toMatchObject({
    version: 2,
    timeZone: "Asia/Kolkata",
    expiry: { kind: "rolling_months", months: 36, roundTo: "month_end" },
    tiers: { period: "calendar_year", retention: "next_period", downgrade: "by_balance", levels: made.tiers.levels },
  });
  expect(faults(await patch(made.id, { expiry: { kind: "never" } }))).toEqual({
    status: 400,
    errors: ["/expiry/months unknown_field", "/expiry/roundTo unknown_field"],
  });
  const { body: last } = await patch(made.id, { expiry: { kind: "never", months: null, roundTo: null }, tiers: null });
  expect(last.expiry).toEqual({ kind: "never" });
  expect(last).not.toHaveProperty("tiers");
  expect((await patch(made.id, { expiry: null })).body.expiry).toEqual(made.expiry);
});

test("a patch that changes nothing makes no new version", async () => {
  const { body: made } = await post({ name: "Club" });
  expect((await patch(made.id, { name: "Club", expiry: { months: 24 } })).body).toEqual(made);
});

test("the list shows all programmes of the mode, oldest first, page by page", async () => {
  const other = await newTenant();
  const names = ["One", "Two", "Three"];
  for (const name of names) await call(other.live, "post", "/v1/programs", { body: { name } });
  const { body: first } = await call(other.live, "get", "/v1/programs?limit=2");
  const { body: rest } = await call(other.live, "get", `/v1/programs?limit=2&cursor=${encodeURIComponent(first.nextCursor)}`);
  expect([first.hasMore, rest.hasMore, ...[...first.data, ...rest.data].map(({ name }: Json) => name)]).toEqual([true, false, ...names]);
  expect((await call(other.test, "get", "/v1/programs")).body.data).toEqual([]);
});
