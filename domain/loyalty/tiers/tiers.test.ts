import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays, addMonths } from "../ledger/calendar.ts";
import type { TierPolicy } from "./tier-policy.ts";
import { projectionOf, tierDueOn } from "./tier-projection.ts";
import { newQualifyingState, type QualifyingState, qualify, type TierChange, tierAt } from "./tiers.ts";

const levels = [
  { code: "silver", name: "Silver", qualifyingPoints: 100 },
  { code: "gold", name: "Gold", qualifyingPoints: 500 },
  { code: "platinum", name: "Platinum", qualifyingPoints: 1000 },
];
const yearly = { period: "calendar_year", retention: "next_period", downgrade: "one_down", gracePeriodDays: 0, levels } as const satisfies TierPolicy;

type Operation = { points: number; earnedOn: string; on: string };
/** What a member's wallet keeps, and everything that was told on the way. */
function memberAfter(policy: TierPolicy, enrolledOn: string, operations: readonly Operation[], today: string) {
  let state: QualifyingState = newQualifyingState(policy, enrolledOn, enrolledOn);
  const changes: TierChange[] = [];
  for (const { on, ...operation } of operations) {
    const next = qualify(policy, state, operation, on);
    state = next.state;
    changes.push(...next.changes);
  }
  const last = tierAt(policy, state, today);
  return { state: last.state, changes: [...changes, ...last.changes] };
}
const told = (changes: readonly TierChange[]) => changes.map((change) => (change.kind === "at_risk" ? `${change.on} risk` : `${change.on} ${change.to}`));
const earned = (on: string, points: number): Operation => ({ on, earnedOn: on, points });

describe("a calendar year", () => {
  test("a tier is reached at once, kept to the end of the next year, and then lost step by step", () => {
    const { changes } = memberAfter(yearly, "2026-02-01", [earned("2026-03-01", 120), earned("2026-04-01", 400)], "2030-01-01");
    expect(told(changes)).toEqual(["2026-03-01 silver", "2026-04-01 gold", "2028-01-01 silver", "2029-01-01 null"]);
  });

  test("by balance a member falls to what the points say", () => {
    const { changes } = memberAfter({ ...yearly, downgrade: "by_balance" }, "2026-02-01", [earned("2026-04-01", 520), earned("2027-04-01", 20)], "2030-01-01");
    expect(told(changes)).toEqual(["2026-04-01 gold", "2028-01-01 null"]);
  });

  test("without retention it is lost with the year; days of grace come on top", () => {
    const policy = { ...yearly, downgrade: "by_balance", retention: "current_period" } as const;
    expect(told(memberAfter(policy, "2026-02-01", [earned("2026-04-01", 520)], "2027-06-01").changes)).toEqual(["2026-04-01 gold", "2027-01-01 null"]);
    expect(told(memberAfter({ ...policy, gracePeriodDays: 31 }, "2026-02-01", [earned("2026-04-01", 520)], "2027-06-01").changes)).toEqual([
      "2026-04-01 gold",
      "2027-02-01 null",
    ]);
  });

  test("the last day of the year counts for it, the first of the next does not", () => {
    const operations = [earned("2026-12-31", 99), earned("2027-01-01", 99)];
    expect(memberAfter(yearly, "2026-02-01", operations, "2027-01-01").state.tier).toBeNull();
    expect(memberAfter(yearly, "2026-02-01", [...operations, { on: "2027-01-02", earnedOn: "2026-12-31", points: 1 }], "2027-01-02").state.tier).toBe("silver");
  });

  test("what is taken back is taken from the period in which it was earned, and the tier goes with it", () => {
    const back = { on: "2027-02-01", earnedOn: "2026-04-01", points: -100 };
    const { changes } = memberAfter(
      { ...yearly, downgrade: "by_balance" },
      "2026-02-01",
      [earned("2026-04-01", 520), earned("2027-01-15", 30), back],
      "2027-02-01",
    );
    expect(told(changes)).toEqual(["2026-04-01 gold", "2027-02-01 silver"]);
  });

  test("a warning is told once, 30 days before, and again when the end has moved", () => {
    let state = memberAfter(yearly, "2026-02-01", [earned("2026-04-01", 520)], "2027-11-30").state;
    expect(tierDueOn(yearly, state)).toBe("2027-12-01");
    const first = tierAt(yearly, state, "2027-12-01");
    expect(first.changes).toEqual([{ kind: "at_risk", on: "2027-12-01", tier: "gold", until: "2027-12-31", fallsTo: "silver" }]);
    expect(tierDueOn(yearly, first.state)).toBe("2028-01-01");
    expect(tierAt(yearly, first.state, "2027-12-02").changes).toEqual([]);
    state = qualify(yearly, first.state, { points: 500, earnedOn: "2027-12-05" }, "2027-12-05").state;
    expect(projectionOf(yearly, state)).toMatchObject({ tierUntil: "2028-12-31", atRisk: false });
    expect(told(tierAt(yearly, state, "2028-12-10").changes)).toEqual(["2028-12-10 risk"]);
  });

  test("the projection says what is missing to keep the tier and to reach the next", () => {
    const { state } = memberAfter(yearly, "2026-02-01", [earned("2026-04-01", 520), earned("2027-04-01", 180)], "2027-05-01");
    expect(projectionOf(yearly, state)).toEqual({
      qualifyingPoints: 180,
      tier: levels[1],
      tierUntil: "2027-12-31",
      fallsTo: levels[0],
      keepsTierWith: 320,
      atRisk: false,
      next: levels[2],
      pointsToNext: 820,
    });
  });
});

test("a year of membership begins on its anniversary, after a leap day on 28 February", () => {
  const policy = { ...yearly, period: "anniversary", downgrade: "by_balance", retention: "current_period" } as const;
  const operations = [earned("2025-02-27", 60), earned("2025-02-28", 60), earned("2026-02-27", 40)];
  expect(told(memberAfter(policy, "2024-02-29", operations, "2026-03-01").changes)).toEqual(["2026-02-27 silver", "2026-02-27 risk", "2026-02-28 null"]);
});

test("rolling months: an earning counts through the month that is so many after its own", () => {
  const policy = { period: "rolling_months", months: 12, downgrade: "by_balance", gracePeriodDays: 0, levels } as const;
  const operations = [earned("2026-01-31", 60), earned("2026-06-01", 60)];
  expect(told(memberAfter(policy, "2026-01-01", operations, "2028-01-01").changes)).toEqual(["2026-06-01 silver", "2027-02-01 null"]);
  expect(projectionOf(policy, memberAfter(policy, "2026-01-01", operations, "2027-01-15").state)).toMatchObject({
    tierUntil: "2027-01-31",
    keepsTierWith: 40,
    atRisk: true,
  });
});

test("under another kind of period, and when levels change, nothing that was reached by points is lost", () => {
  const { state } = memberAfter(yearly, "2026-02-01", [earned("2026-04-01", 520)], "2027-05-01");
  const rolling = { period: "rolling_months", months: 12, downgrade: "one_down", gracePeriodDays: 0, levels } as const;
  const { state: adopted, changes } = tierAt(rolling, state, "2027-05-02");
  expect([adopted.tier, changes, adopted.points]).toEqual(["gold", [], [520]]);
  const lower = { ...yearly, levels: levels.map((level) => ({ ...level, qualifyingPoints: level.qualifyingPoints / 2 })) };
  expect(told(tierAt(lower, state, "2027-05-02").changes)).toEqual(["2027-05-02 platinum"]);
});

/* The properties: any policy, any history of earnings and of what is taken back of them, judged by a naive model that keeps all of it. */

const policies: fc.Arbitrary<TierPolicy> = fc.oneof(
  fc.record({
    period: fc.constantFrom("calendar_year" as const, "anniversary" as const),
    retention: fc.constantFrom("current_period" as const, "next_period" as const),
    downgrade: fc.constantFrom("one_down" as const, "by_balance" as const),
    gracePeriodDays: fc.constantFrom(0, 1, 31, 92),
    levels: fc.constant(levels),
  }),
  fc.record({
    period: fc.constant("rolling_months" as const),
    months: fc.integer({ min: 1, max: 13 }),
    downgrade: fc.constantFrom("one_down" as const, "by_balance" as const),
    gracePeriodDays: fc.constantFrom(0, 1, 28),
    levels: fc.constant(levels),
  }),
);
const enrolledOn = "2024-02-29";
/** Earnings with days between them, told late by some days, and now and then a part of one taken back. */
const histories = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 250 }),
      late: fc.integer({ min: 0, max: 400 }),
      points: fc.integer({ min: 1, max: 700 }),
      takesBack: fc.boolean(),
    }),
    {
      maxLength: 12,
    },
  )
  .map((steps) => {
    let on = enrolledOn;
    const operations: Operation[] = [];
    for (const { gap, late, points, takesBack } of steps) {
      on = addDays(on, gap);
      const former = operations.filter((one) => one.points > 0)[points % Math.max(1, operations.length)];
      const left = former ? operations.filter(({ earnedOn }) => earnedOn === former.earnedOn).reduce((sum, one) => sum + one.points, 0) : 0;
      if (takesBack && former && left > 0) operations.push({ on, earnedOn: former.earnedOn, points: -Math.min(points, left) });
      else operations.push({ on, earnedOn: [addDays(on, -late), enrolledOn].toSorted()[1] as string, points });
    }
    return operations;
  });

/** First days of all periods, the years or the months, from well before the enrolment on. */
function periodStarts(policy: TierPolicy): string[] {
  const first = policy.period === "anniversary" ? enrolledOn : "2024-01-01";
  const step = policy.period === "rolling_months" ? 1 : 12;
  return Array.from({ length: 600 / step }, (_, index) => addMonths(first, step * (index - 60 / step)));
}

/** The place of the tier on `today`, summed up from all operations; what a period began with was decided by what was known when it had passed. */
function naivePlace(policy: TierPolicy, operations: readonly Operation[], today: string): number {
  const starts = periodStarts(policy);
  const window = policy.period === "rolling_months" ? policy.months + 1 : 1;
  const keeps = policy.period !== "rolling_months" && policy.retention === "next_period";
  const place = (points: number) => levels.findLastIndex((level) => level.qualifyingPoints <= points);
  const sum = (period: number, knownBefore: string) => {
    const [from, to] = [starts[period - window + 1] as string, starts[period + 1] as string];
    return operations.filter(({ on, earnedOn }) => on < knownBefore && earnedOn >= from && earnedOn < to).reduce((total, { points }) => total + points, 0);
  };
  /** Of a period that is over: its floor was settled by what was known at its end. Nobody had points before joining. */
  const tierAfter = (period: number, knownBefore: string): number => {
    const end = starts[period + 1] as string;
    return end <= enrolledOn ? -1 : Math.max(place(sum(period, knownBefore)), floor(period, end));
  };
  const floor = (period: number, knownBefore: string): number =>
    Math.max(keeps ? place(sum(period - 1, knownBefore)) : -1, policy.downgrade === "one_down" ? tierAfter(period - 1, knownBefore) - 1 : -1);
  const period = starts.findLastIndex((start) => start <= today);
  const inGrace = today < addDays(starts[period] as string, policy.gracePeriodDays);
  const tomorrow = addDays(today, 1);
  return Math.max(place(sum(period, tomorrow)), floor(period, tomorrow), inGrace ? tierAfter(period - 1, tomorrow) : -1);
}
const codeAt = (place: number) => levels[place]?.code ?? null;
const todayAfter = (operations: readonly Operation[], days: number) => addDays(operations.at(-1)?.on ?? enrolledOn, days);
const days = fc.integer({ min: 0, max: 1200 });

test("the tier is that of a naive recomputation from the list of all earnings", () => {
  fc.assert(
    fc.property(policies, histories, days, (policy, operations, later) => {
      const today = todayAfter(operations, later);
      expect(memberAfter(policy, enrolledOn, operations, today).state.tier).toBe(codeAt(naivePlace(policy, operations, today)));
    }),
    { numRuns: 500 },
  );
});

test("a late look changes nothing: looked at on any days between, the state is the same, and so are rises and falls", () => {
  fc.assert(
    fc.property(policies, histories, fc.array(days, { maxLength: 8 }), days, (policy, operations, looks, later) => {
      const today = todayAfter(operations, later);
      const once = memberAfter(policy, enrolledOn, operations, today);
      const between = looks.map((day) => ({ on: addDays(enrolledOn, day), earnedOn: addDays(enrolledOn, day), points: 0 })).filter(({ on }) => on <= today);
      const often = memberAfter(
        policy,
        enrolledOn,
        [...operations, ...between].toSorted((one, other) => (one.on < other.on ? -1 : one.on > other.on ? 1 : 0)),
        today,
      );
      const withoutWarning = ({ warnedUntil: _, points, ...state }: QualifyingState) => ({ ...state, points: points.filter((some) => some > 0) });
      expect(withoutWarning(often.state)).toEqual(withoutWarning(once.state));
      const moves = (changes: readonly TierChange[]) => changes.filter(({ kind }) => kind !== "at_risk");
      expect(moves(often.changes)).toEqual(moves(once.changes));
      expect(tierAt(policy, often.state, today)).toEqual({ state: often.state, changes: [] });
    }),
    { numRuns: 200 },
  );
});

test("the projection keeps its word: the tier ends on the day it names, its points keep it, and one less does not", () => {
  fc.assert(
    fc.property(policies, histories, days, (policy, operations, later) => {
      const { state } = memberAfter(policy, enrolledOn, operations, todayAfter(operations, later));
      const { tier, tierUntil, fallsTo, keepsTierWith, next, pointsToNext } = projectionOf(policy, state);
      expect(tier?.code ?? null).toBe(state.tier);
      const with_ = (points: number) => qualify(policy, state, { points, earnedOn: state.asOf }, state.asOf).state;
      if (next && pointsToNext !== undefined) {
        expect(with_(pointsToNext).tier).toBe(next.code);
        expect(with_(pointsToNext - 1).tier).toBe(state.tier);
      }
      if (tierUntil === undefined) return;
      expect(tierAt(policy, state, tierUntil).state.tier).toBe(state.tier);
      expect(tierAt(policy, state, addDays(tierUntil, 1)).state.tier).toBe(fallsTo?.code ?? null);
      const kept = (points: number) =>
        levels.findIndex(({ code }) => code === tierAt(policy, with_(points), addDays(tierUntil, 1)).state.tier) >=
        levels.findIndex(({ code }) => code === state.tier);
      if (keepsTierWith === undefined) expect(kept(1_000_000)).toBe(false);
      else expect([kept(keepsTierWith), kept(keepsTierWith - 1)]).toEqual([true, false]);
    }),
    { numRuns: 400 },
  );
});
