import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayMilliseconds, instantAfter, secondMilliseconds } from "../kernel/time.ts";
import { admission, type Health, healthAfter, isHopeless, unpaused } from "./health.ts";

const start = new Date("2026-01-01T00:00:00.000Z");
const later = (seconds: number, from = start) => new Date(from.getTime() + seconds * secondMilliseconds);
const failures = (count: number): boolean[] => Array(count).fill(false);
const afterFailures = (count: number, before?: Health, now = start) => healthAfter(before, { successes: failures(count) }, now);
const broken = afterFailures(10) as Health;
/** Seconds from `now` until anything may be tried again. */
function pauseSeconds(health: Health | undefined, now: Date): number {
  const admitted = admission(health, now);
  return admitted.kind === "paused" ? (Date.parse(admitted.until) - now.getTime()) / secondMilliseconds : 0;
}

describe("the circuit", () => {
  test.each<[string, boolean[][], number]>([
    ["is open before anything was sent", [], 0],
    ["stays open after nine failures", [failures(9)], 0],
    ["breaks at the tenth failure in a row", [failures(9), failures(1)], 30],
    ["breaks by ten failures of one batch", [failures(10)], 30],
    ["stays open when a success is among the last ten", [failures(9), [true], failures(9)], 0],
    ["stays open when a batch has a success among its failures", [failures(5), [...failures(9), true, ...failures(9)]], 0],
    ["breaks by ten failures after a success of the same batch", [[true, ...failures(10)]], 30],
  ])("%s", (_, batches, seconds) => {
    const health = batches.reduce<Health | undefined>((before, successes) => healthAfter(before, { successes }, start) ?? before, undefined);
    expect(pauseSeconds(health, start)).toBe(seconds);
  });

  test("pauses twice as long each time that a probe fails, from 30 s to 30 min", () => {
    const pauses: number[] = [];
    let health = broken;
    for (let now = start; pauses.length < 9; ) {
      const seconds = pauseSeconds(health, now);
      pauses.push(seconds);
      now = later(seconds, now);
      const probe = admission(health, now);
      if (probe.kind !== "probe") throw new Error(`${probe.kind} instead of a probe`);
      health = afterFailures(1, probe.health, now) as Health;
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
  });

  test("is not held longer by attempts that were under way when it broke", () => {
    const health = afterFailures(20, broken, later(10)) as Health;
    expect(health).toMatchObject({ trips: 1, consecutiveFailures: 30 });
    expect(health.pausedUntil).toBe(broken.pausedUntil);
  });

  test("lets one probe through at a time, and another when nothing was heard of that for 30 s", () => {
    expect(admission(broken, later(29.999))).toEqual({ kind: "paused", until: broken.pausedUntil });
    const probe = admission(broken, later(30));
    if (probe.kind !== "probe") throw new Error(`${probe.kind} instead of a probe`);
    // Whoever writes first has it: two that decide at once write the same version.
    expect(probe.health.version).toBe(broken.version + 1);
    for (const seconds of [30, 45, 59.999]) expect(admission(probe.health, later(seconds))).toEqual({ kind: "paused", until: later(60).toISOString() });
    expect(admission(probe.health, later(60)).kind).toBe("probe");
  });

  test.each<[string, boolean[]]>([
    ["the success of a probe", [true]],
    ["a success after failures of the same batch", [false, false, true]],
  ])("is mended by %s", (_, successes) => {
    const health = healthAfter(broken, { successes }, later(5));
    expect(health).toEqual({ version: broken.version + 1, consecutiveFailures: 0, trips: 0 });
    expect(admission(health, later(5))).toEqual({ kind: "open" });
    // It takes ten failures again, and the first pause is short again.
    expect(pauseSeconds(afterFailures(9, health, later(6)), later(6))).toBe(0);
    expect(pauseSeconds(afterFailures(10, health, later(6)), later(6))).toBe(30);
  });
});

describe("Retry-After", () => {
  test.each<[string, number, Health | undefined, number]>([
    ["pauses an endpoint after one failure", 120, undefined, 120],
    ["is honoured for 30 minutes at most", 86_400, undefined, 1_800],
    ["that is over pauses nothing", -10, undefined, 0],
    ["does not end a longer pause early", 5, broken, 30],
    ["lengthens a shorter pause", 300, broken, 300],
  ])("%s", (_, seconds, before, paused) => {
    expect(pauseSeconds(healthAfter(before, { successes: [false], askedUntil: later(seconds).toISOString() }, start), start)).toBe(paused);
  });

  test("ends with one probe, and its failure breaks no circuit", () => {
    const asked = healthAfter(undefined, { successes: [false], askedUntil: later(60).toISOString() }, start) as Health;
    const probe = admission(asked, later(60));
    if (probe.kind !== "probe") throw new Error(`${probe.kind} instead of a probe`);
    const health = afterFailures(1, probe.health, later(60));
    expect(health).toMatchObject({ consecutiveFailures: 2, trips: 0 });
    expect(admission(health, later(60))).toEqual({ kind: "open" });
  });
});

test.each<[string, Health | undefined, boolean[]]>([
  ["a batch without attempts, of one that is well", undefined, []],
  ["a batch without attempts, of one that fails", broken, []],
  ["successes of one that has always been well", undefined, [true, true]],
  ["successes of one that is well again", { version: 4, consecutiveFailures: 0, trips: 0 }, [true]],
])("nothing is written for %s", (_, before, successes) => {
  expect(healthAfter(before, { successes, askedUntil: successes.length === 0 ? later(60).toISOString() : undefined }, start)).toBeUndefined();
});

describe("a pause that is ended early", () => {
  test("lets one probe through, also where another was under way", () => {
    const probing = { ...broken, probingUntil: later(40).toISOString() };
    const health = unpaused(probing, later(1)) as Health;
    expect(health).toMatchObject({ version: broken.version + 1, trips: 1, consecutiveFailures: 10, failingSince: broken.failingSince });
    expect(admission(health, later(1)).kind).toBe("probe");
  });

  test.each<[string, Health | undefined, Date]>([
    ["an endpoint that is well", undefined, start],
    ["a few failures", afterFailures(3), start],
    ["a pause that is over", broken, later(30)],
  ])("changes nothing of %s", (_, health, now) => {
    expect(unpaused(health, now)).toBeUndefined();
  });
});

describe("an endpoint is given up", () => {
  const minute = 60 * secondMilliseconds;
  const fiveDaysOn = (milliseconds: number) => new Date(start.getTime() + 5 * dayMilliseconds + milliseconds);

  test.each<[string, Health | undefined, Date, boolean]>([
    ["after five days of failures", afterFailures(1), fiveDaysOn(0), true],
    ["not a minute earlier", afterFailures(1), fiveDaysOn(-minute), false],
    ["never while it is well", { version: 2, consecutiveFailures: 0, trips: 0 }, fiveDaysOn(minute), false],
    ["never without a record", undefined, fiveDaysOn(minute), false],
  ])("%s", (_, health, now, isGivenUp) => {
    expect(isHopeless(health, now)).toBe(isGivenUp);
  });

  test("counting from the first failure after the last success", () => {
    const failing = afterFailures(40, afterFailures(1), fiveDaysOn(-minute)) as Health;
    expect(isHopeless(failing, fiveDaysOn(0))).toBe(true);
    const once = healthAfter(failing, { successes: [false, true, false] }, fiveDaysOn(-minute));
    expect(isHopeless(once, fiveDaysOn(0))).toBe(false);
    expect(isHopeless(once, fiveDaysOn(5 * dayMilliseconds - minute))).toBe(true);
  });
});

/** The same in the plainest words: one outcome after the other, times as numbers. */
function plainModel() {
  const well = { failures: 0, trips: 0, since: undefined as number | undefined, pausedUntil: 0 };
  let state = { ...well };
  return {
    take(successes: readonly boolean[], askedUntil: number, now: number) {
      if (successes.length === 0) return;
      for (const success of successes) state = success ? { ...well } : { ...state, failures: state.failures + 1, since: state.since ?? now };
      if (state.failures === 0) return;
      const isPaused = state.pausedUntil > now;
      if (!isPaused && (state.failures >= 10 || state.trips > 0)) {
        state.trips += 1;
        state.pausedUntil = now + Math.min(30 * 2 ** (state.trips - 1), 1_800) * secondMilliseconds;
      }
      state.pausedUntil = Math.max(state.pausedUntil, Math.min(askedUntil, now + 1_800 * secondMilliseconds));
    },
    shown: (now: number) => ({ ...state, pausedUntil: Math.max(state.pausedUntil, now) }),
  };
}

test("whatever comes of attempts, in whatever batches and at whatever times, is as in a plain model", () => {
  const batch = fc.record({
    afterSeconds: fc.oneof(fc.constant(0), fc.nat(120), fc.nat(4_000)),
    successes: fc.oneof(
      fc.array(fc.constant(false), { maxLength: 6 }),
      fc.array(
        fc.nat(9).map((chance) => chance === 0),
        { maxLength: 14 },
      ),
    ),
    askedSeconds: fc.option(fc.integer({ min: -100, max: 5_000 }), { freq: 3 }),
  });
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 30 }), (batches) => {
      const model = plainModel();
      let health: Health | undefined;
      let now = start;
      for (const { afterSeconds, successes, askedSeconds } of batches) {
        now = later(afterSeconds, now);
        const askedUntil = askedSeconds === null ? undefined : later(askedSeconds, now);
        const after = healthAfter(health, { successes, askedUntil: askedUntil?.toISOString() }, now);
        if (after) expect(after.version).toBe((health?.version ?? 0) + 1);
        health = after ?? health;
        model.take(successes, askedUntil?.getTime() ?? 0, now.getTime());
        const { failures: expected, trips, since, pausedUntil } = model.shown(now.getTime());
        expect(health?.consecutiveFailures ?? 0).toBe(expected);
        expect(health?.trips ?? 0).toBe(trips);
        expect(health?.failingSince).toBe(since === undefined ? undefined : instantAfter(new Date(since), 0));
        expect(pauseSeconds(health, now)).toBe((pausedUntil - now.getTime()) / secondMilliseconds);
        if (expected === 0) expect(admission(health, now)).toEqual({ kind: "open" });
      }
    }),
    { numRuns: 500 },
  );
});
