import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  burstOf,
  largestLease,
  limitItem,
  nextLeaseSize,
  policyItem,
  requiredOf,
  retryAfterSeconds,
  roomAt,
  secondMicroseconds,
  spanOf,
  waitFor,
} from "./gcra.ts";

const start = Date.parse("2026-11-21T09:30:00.000Z") * 1_000;
const second = secondMicroseconds;
const perSecond = fc.integer({ min: 1, max: 100_000 });
/** A bucket, at any moment and in any state, debts of a large batch among them. */
const state = fc.record({ perSecond, now: fc.nat(10 * second).map((late) => start + late), mark: fc.nat(15 * second).map((late) => start + late) });
/** What the conditional update makes of a mark. */
const take = (tokens: number, mark: number, rate: number, now: number) => Math.max(mark, now) + spanOf(tokens, rate);

describe("a bucket", () => {
  test("holds exactly its burst when its mark has passed, and nothing two seconds before it does", () => {
    fc.assert(
      fc.property(perSecond, fc.nat(second), (rate, ago) => {
        expect(roomAt(start - ago, rate, start)).toBe(2 * rate);
        expect(roomAt(start + 2 * second, rate, start)).toBe(0);
      }),
    );
  });

  test("has no wait for what is in it, and one for a token more; after that wait the token is there", () => {
    fc.assert(
      fc.property(state, ({ perSecond: rate, now, mark }) => {
        const room = roomAt(mark, rate, now);
        expect(waitFor(room, Math.max(mark, now), rate, now) === 0 || room === 0).toBe(true);
        if (room === burstOf(rate)) return;
        const wait = waitFor(room + 1, mark, rate, now);
        expect(wait).toBeGreaterThan(0);
        expect(roomAt(mark, rate, now + wait)).toBeGreaterThanOrEqual(room + 1);
      }),
    );
  });

  test("loses what is taken and no more", () => {
    fc.assert(
      fc.property(state, fc.nat(), ({ perSecond: rate, now, mark }, wanted) => {
        const room = roomAt(mark, rate, now);
        const tokens = wanted % (room + 1);
        const left = roomAt(take(tokens, mark, rate, now), rate, now);
        // Microseconds are rounded once per take.
        expect(left - (room - tokens)).toBeOneOf([0, 1]);
      }),
    );
  });

  test("gives in any time at most its burst and what the limit allows, however it is asked", () => {
    const asked = fc.array(fc.record({ after: fc.nat(second), tokens: fc.integer({ min: 1, max: 300 }) }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), asked, (rate, requests) => {
        let [now, mark, given] = [start, 0, 0];
        for (const { after, tokens } of requests) {
          now += after;
          if (waitFor(tokens, Math.max(mark, now), rate, now) > 0) continue;
          mark = take(tokens, mark, rate, now);
          given += tokens;
        }
        expect(given).toBeLessThanOrEqual(burstOf(rate) + ((now - start + requests.length) * rate) / second);
      }),
    );
  });

  test.each([
    [1, 50, 1],
    [99, 50, 99],
    [100, 50, 99],
    [100, 5, 9],
    [100, 1, 1],
  ])("must have for a cost of %i at %i/s: %i, so that no batch is out of reach", (cost, rate, required) => {
    expect(requiredOf(cost, rate)).toBe(required);
  });
});

describe("a lease", () => {
  const [inTime, late] = [start - 1, start];
  test.each([
    ["used up in time: twice", { size: 4, tokens: 0 }, inTime, 8],
    ["used up in time at the limit: a quarter of a second's worth", { size: 8, tokens: 0 }, inTime, 13],
    ["not used up in time: half", { size: 8, tokens: 3 }, late, 4],
    ["of one, not used: one again", { size: 1, tokens: 1 }, late, 1],
    ["used up, but nobody asked again in time: as before", { size: 4, tokens: 0 }, late, 4],
  ])("after one that was %s", (_, lease, now, size) => {
    expect(nextLeaseSize({ ...lease, until: start }, 50, now)).toBe(size);
  });

  test("comes back to the bucket within the second that it lasts", () => {
    fc.assert(
      fc.property(perSecond, (rate) => {
        expect(spanOf(largestLease(rate), rate)).toBeLessThanOrEqual(second);
      }),
    );
  });
});

test.each([
  [37, start + 1.2 * second, 0, '"writes";r=37;t=2'],
  [100, start - second, 0, '"writes";r=100;t=0'],
  [0, start + 2 * second, 20_000, '"writes";r=0;t=1'],
  [0, start + 3 * second, 1.1 * second, '"writes";r=0;t=2'],
])("RateLimit says what is left and when the rest comes: %i", (left, mark, next, item) => {
  expect(limitItem("writes", left, mark, start, next)).toBe(item);
  expect(policyItem("writes", 50)).toBe('"writes";q=100;w=2');
});

test.each([
  [0, 1],
  [1, 1],
  [second, 1],
  [second + 1, 2],
])("Retry-After for %i µs is %i", (span, seconds) => {
  expect(retryAfterSeconds(span)).toBe(seconds);
});
