import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayMilliseconds, instantAfter } from "../kernel/time.ts";
import type { DeliveryRecord } from "./delivery.ts";
import type { LaneHead } from "./keys.ts";
import { eventExample } from "./model.ts";
import { advanced, isInReplay, isToDeliver, newReplay, type ReplaySettings, replayRange, type WebhookReplay } from "./replay.ts";

const now = new Date("2026-11-21T12:00:00.000Z");
const daysAgo = (days: number) => instantAfter(now, -days * dayMilliseconds);
/** A log of some days, with `perDay[n]` events n days ago. */
function headOf(perDay: readonly number[]): LaneHead {
  let lastSequence = 0;
  const firstSequenceByDay: Record<string, number> = {};
  for (const [index, count] of [...perDay.entries()].reverse()) {
    if (count > 0) firstSequenceByDay[daysAgo(index).slice(0, 10)] = lastSequence + 1;
    lastSequence += count;
  }
  return { version: 1, lastSequence, firstSequenceByDay };
}
const sequence = fc.nat({ max: 400 });
const settings = fc.record(
  {
    which: fc.constantFrom("failed", "missing", "undelivered", "all"),
    since: fc.nat({ max: 60 }).map(daysAgo),
    afterSequence: sequence,
    throughSequence: sequence.map((one) => one + 1),
  },
  { requiredKeys: ["which"] },
) as fc.Arbitrary<ReplaySettings>;
const log = fc.array(fc.nat({ max: 20 }), { maxLength: 20 }).map(headOf);

describe("the range of a replay", () => {
  test("lies in the log, holds nothing that was excluded, and everything of the days that were asked for", () => {
    fc.assert(
      fc.property(log, settings, (head, asked) => {
        const { fromSequence, toSequence } = replayRange(asked, head, now);
        expect(fromSequence).toBeGreaterThanOrEqual(1);
        expect(toSequence).toBeGreaterThanOrEqual(fromSequence - 1);
        expect(toSequence).toBeLessThanOrEqual(head.lastSequence);
        const wanted = Object.entries(head.firstSequenceByDay).filter(([day]) => !asked.since || day >= asked.since.slice(0, 10));
        const first = Math.min(...wanted.map(([, one]) => one), head.lastSequence + 1);
        const expected = Array.from({ length: head.lastSequence }, (_, index) => index + 1).filter(
          (one) => one >= first && one > (asked.afterSequence ?? 0) && one <= (asked.throughSequence ?? one),
        );
        expect([toSequence - fromSequence + 1, expected.length > 0 ? fromSequence : undefined]).toEqual([expected.length, expected[0]]);
      }),
    );
  });

  test("holds nothing that is older than 30 days, and nothing at all of an empty log", () => {
    const head = headOf([...Array.from({ length: 30 }, () => 0), 7, 5]);
    expect(replayRange({ which: "all" }, head, now)).toEqual({ fromSequence: 6, toSequence: 12 });
    expect(replayRange({ which: "all" }, undefined, now)).toEqual({ fromSequence: 1, toSequence: 0 });
  });
});

test("a replay goes forward in steps of any length, ends exactly at the end of its range, and its numbers add up", () => {
  const step = fc.record({ events: fc.integer({ min: 1, max: 30 }), started: fc.nat({ max: 30 }) });
  fc.assert(
    fc.property(log, settings, fc.array(step, { minLength: 1 }), (head, asked, steps) => {
      let replay = newReplay("wr_1", "we_1", asked, head, true, now);
      let started = 0;
      for (let number = 0; replay.status === "running"; number++) {
        const { events, started: some } = steps[number % steps.length] as { events: number; started: number };
        const before = replay;
        replay = advanced(before, Math.min(before.atSequence + events, before.toSequence), some, now);
        started += some;
        expect(replay.version).toBe(before.version + 1);
        expect(replay.eventsScanned).toBe(replay.atSequence - replay.fromSequence + 1);
        expect(replay.status === "finished").toBe(replay.atSequence === replay.toSequence);
      }
      expect([replay.atSequence, replay.deliveriesStarted]).toEqual([replay.toSequence, started]);
    }),
  );
});

test("undelivered is failed and missing together, and all is more than that", () => {
  const statuses: (DeliveryRecord["status"] | undefined)[] = [undefined, "pending", "succeeded", "exhausted", "canceled"];
  const chosen = (which: WebhookReplay["which"]) => statuses.filter((status) => isToDeliver(which, status && { status }));
  expect(chosen("failed")).toEqual(["exhausted", "canceled"]);
  expect(chosen("missing")).toEqual([undefined]);
  expect(chosen("undelivered")).toEqual([undefined, "exhausted", "canceled"]);
  expect(chosen("all")).toEqual(statuses);
});

test("an event is meant when it is readable, in time, of the types, and wanted by the endpoint", () => {
  const event = { ...eventExample, createdAt: daysAgo(1) };
  const everything = { eventTypes: ["*"], filter: [] };
  const isMeant = (asked: Partial<ReplaySettings>, subscription = everything, one = event) =>
    isInReplay(newReplay("wr_1", "we_1", { which: "all", ...asked }, undefined, true, now), subscription, one, now);
  expect(isMeant({})).toBe(true);
  expect([isMeant({ since: daysAgo(1) }), isMeant({ since: instantAfter(new Date(event.createdAt), 1) })]).toEqual([true, false]);
  expect([isMeant({ until: daysAgo(1) }), isMeant({ until: instantAfter(new Date(event.createdAt), 1) })]).toEqual([false, true]);
  expect([isMeant({ eventTypes: ["customer.*"] }), isMeant({ eventTypes: ["identity.*"] })]).toEqual([true, false]);
  expect(isMeant({}, { ...everything, eventTypes: ["identity.*"] })).toBe(false);
  expect(isMeant({}, everything, { ...event, createdAt: daysAgo(31) })).toBe(false);
});
