import { describe, expect, test } from "vitest";
import type { Membership } from "./membership.ts";
import { canceled, membershipAt, membershipBenefits, periodEnd, renewed, started } from "./membership-life.ts";
import { type MembershipPlan, membershipPlanExample } from "./membership-plan.ts";

const walletId = `wal_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(2)}`;
const monthly: MembershipPlan = { ...membershipPlanExample, period: { unit: "month", count: 1 }, graceDays: 3 };
const on = (today: string) => ({ now: new Date(`${today}T12:00:00.000Z`), today });
const startedOn = (day: string, plan = monthly) => started(undefined, walletId, plan, day, on(day));
const renewals = (membership: Membership, times: number): string[] => {
  const all = [membership];
  for (let count = 0; count < times; count++) all.push(renewed(all.at(-1) as Membership, monthly, undefined, on(membership.startsOn)));
  return all.map(({ paidUntil }) => paidUntil);
};

test.each([
  ["2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]],
  ["2028-01-31", ["2028-02-29", "2028-03-31", "2028-04-30"]],
  ["2026-01-30", ["2026-02-28", "2026-03-30"]],
  ["2026-02-28", ["2026-03-28", "2026-04-28"]],
  ["2026-11-30", ["2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]],
  ["2026-11-21", ["2026-12-21", "2027-01-21"]],
])("months from %s end on %j: on the day of the start, or the last of a shorter month", (start, ends) => {
  expect(renewals(startedOn(start), ends.length - 1)).toEqual(ends);
});

test.each([
  ["2028-02-29", { unit: "year", count: 1 }, "2029-02-28"],
  ["2028-02-29", { unit: "year", count: 4 }, "2032-02-29"],
  ["2026-08-31", { unit: "month", count: 6 }, "2027-02-28"],
  ["2026-12-01", { unit: "month", count: 1 }, "2027-01-01"],
  ["2027-02-28", { unit: "month", count: 12 }, "2028-02-28"],
] as const)("what begins on %s and lasts %j ends on %s", (from, period, end) => {
  expect(periodEnd(from, period, Number(from.slice(8)))).toBe(end);
});

test("a 29 February comes back in the next leap year", () => {
  expect(periodEnd("2031-02-28", { unit: "year", count: 1 }, 29)).toBe("2032-02-29");
});

describe("from day to day", () => {
  const benefits = { earnMultiplier: 2, entitlements: ["free_delivery"] };
  const nothing = { entitlements: [] };

  test.each([
    ["2026-04-09", "scheduled", nothing],
    ["2026-04-10", "active", benefits],
    ["2026-05-09", "active", benefits],
    ["2026-05-10", "grace", benefits],
    ["2026-05-12", "grace", benefits],
    ["2026-05-13", "lapsed", nothing],
    ["2030-01-01", "lapsed", nothing],
  ])("a month from 10 April with three days of grace is, on %s, %s", (today, status, has) => {
    const membership = startedOn("2026-04-10");
    expect(membershipAt(membership, today)).toMatchObject({ status, endsOn: "2026-05-13" });
    expect(membershipBenefits(membership, today)).toEqual(has);
  });

  test("cancelled, it is kept to the end of what is paid for, without grace", () => {
    const membership = canceled(startedOn("2026-04-10"), true, undefined, on("2026-04-20"));
    expect(["2026-05-09", "2026-05-10"].map((day) => membershipAt(membership, day).status)).toEqual(["active", "canceled"]);
    expect(membershipBenefits(membership, "2026-05-10")).toEqual(nothing);
  });

  test("cancelled in its days of grace, or before it begins, or at once: it is over", () => {
    expect(canceled(startedOn("2026-04-10"), true, undefined, on("2026-05-11"))).toMatchObject({ status: "canceled", benefits: {}, endsOn: "2026-05-11" });
    expect(canceled(startedOn("2026-04-10"), false, undefined, on("2026-04-01"))).toMatchObject({ status: "canceled" });
    expect(canceled(startedOn("2026-04-10"), false, undefined, on("2026-04-10"))).toMatchObject({ status: "canceled" });
  });

  test("without a membership there is nothing", () => {
    expect(membershipBenefits(undefined, "2026-04-10")).toEqual(nothing);
  });
});

test("what is paid for keeps its terms: a change of the plan holds from the next period on", () => {
  const better: MembershipPlan = { ...monthly, graceDays: 10, benefits: { earnMultiplier: 3 } };
  const early = renewed(startedOn("2026-04-10"), better, undefined, on("2026-04-20"));
  expect(membershipBenefits(early, "2026-05-09").earnMultiplier).toBe(2);
  expect(membershipBenefits(early, "2026-05-10").earnMultiplier).toBe(3);
  expect(early.endsOn).toBe("2026-06-20");
  expect(early.periods.map(({ from, until }) => [from, until])).toEqual([
    ["2026-04-10", "2026-05-10"],
    ["2026-05-10", "2026-06-10"],
  ]);
  const later = renewed(early, better, undefined, on("2026-05-20"));
  expect(later.periods.map(({ from, until }) => [from, until])).toEqual([["2026-05-10", "2026-07-10"]]);
});

test("ten years of renewals on the same terms are one period", () => {
  const all = Array.from({ length: 120 }).reduce<Membership>((one) => renewed(one, monthly, undefined, on("2026-01-31")), startedOn("2026-01-31"));
  expect(all.periods).toEqual([expect.objectContaining({ from: "2026-01-31", until: "2036-02-29" })]);
  expect(all.version).toBe(121);
});

test("paid until a day: the periods after it begin on its day of the month", () => {
  const membership = renewed(startedOn("2026-04-10"), monthly, "2026-07-31", on("2026-04-20"));
  expect(renewed(membership, monthly, undefined, on("2026-04-20"))).toMatchObject({ paidUntil: "2026-08-31", renewalDay: 31 });
});
