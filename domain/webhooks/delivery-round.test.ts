import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { revise } from "../kernel/revision.ts";
import type { Change } from "../kernel/table.ts";
import { secondMilliseconds } from "../kernel/time.ts";
import type { Attempt, DeliveryRecord } from "./delivery.ts";
import {
  afterAttempt,
  canceled,
  creationOf,
  deliveryChanges,
  isSuccess,
  messageOf,
  newDelivery,
  parked,
  postponed,
  queuePatienceSeconds,
  restarted,
  resumeKind,
  retryDelaysSeconds,
} from "./delivery-round.ts";
import { attemptsPk, deliveryKey } from "./keys.ts";
import { eventExample } from "./model.ts";

const start = new Date("2026-01-01T00:00:00.000Z");
const later = (seconds: number, from = start) => new Date(from.getTime() + seconds * secondMilliseconds);
const ulid = (number: number) => String(number).padStart(26, "0");
const delivery = (number = 1) => newDelivery(`we_${ulid(number)}`, { ...eventExample, id: `evt_${ulid(number)}` }, start);
const answered = (status: number, now = start): Omit<Attempt, "number"> => ({ at: now.toISOString(), latencyMilliseconds: 5, status });
const failed = (before: DeliveryRecord, now: Date, asked: Parameters<typeof afterAttempt>[2] = {}) => afterAttempt(before, answered(500, now), asked, now);
const waitSeconds = ({ nextAttemptAt = "" }: DeliveryRecord, now: Date) => (Date.parse(nextAttemptAt) - now.getTime()) / secondMilliseconds;

/** Fails each time that it is tried; the seconds between. */
function failUntilExhausted(first: DeliveryRecord): { last: DeliveryRecord; waits: number[] } {
  const waits: number[] = [];
  let [last, now] = [failed(first, start), start];
  for (; last.status === "pending"; last = failed(last, now)) {
    waits.push(waitSeconds(last, now));
    now = new Date(last.nextAttemptAt as string);
  }
  return { last, waits };
}

describe("the schedule", () => {
  test("is ten retries after 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, give or take a fifth", () => {
    const [hour, shares] = [3_600, [] as number[]];
    for (let number = 0; number < 50; number++) {
      const { last, waits } = failUntilExhausted(delivery(number));
      expect(last).toMatchObject({ status: "exhausted", attemptCount: 11 });
      expect(waits).toHaveLength(10);
      for (const [index, seconds] of [5, 30, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour].entries())
        shares.push((waits[index] as number) / seconds);
    }
    // Milliseconds are whole ones.
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.7999);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1.2);
    // And the whole of that is used.
    expect(Math.min(...shares)).toBeLessThan(0.83);
    expect(Math.max(...shares)).toBeGreaterThan(1.17);
  });

  test("is the same whenever the decision is made again, and another for each delivery", () => {
    expect(failed(delivery(), start)).toEqual(failed(delivery(), start));
    expect(new Set(Array.from({ length: 20 }, (_, number) => failed(delivery(number), start).nextAttemptAt)).size).toBe(20);
  });

  test("yields to what the receiver asks for when that is later, and not when it is earlier", () => {
    const notBefore = later(100).toISOString();
    expect(failed(delivery(), start, { notBefore }).nextAttemptAt).toBe(notBefore);
    expect(failed(delivery(), start, { notBefore: later(1).toISOString() })).toEqual(failed(delivery(), start));
  });

  test("ends with an attempt that is final", () => {
    const gone = failed(delivery(), start, { isFinal: true, notBefore: later(100).toISOString() });
    expect(gone.status).toBe("exhausted");
    expect(gone.nextAttemptAt).toBeUndefined();
  });

  test("begins anew with a new round, now and with all its retries", () => {
    const { last } = failUntilExhausted(delivery());
    const again = restarted(last, later(9));
    expect(again).toMatchObject({ status: "pending", attemptCount: 11, nextAttemptAt: later(9).toISOString() });
    const { last: end, waits } = failUntilExhausted(again);
    expect(waits).toHaveLength(retryDelaysSeconds.length);
    expect(end).toMatchObject({ status: "exhausted", attemptCount: 22 });
  });
});

test.each<[string, Pick<Attempt, "status" | "failure">, boolean]>([
  ["200", { status: 200 }, true],
  ["299", { status: 299 }, true],
  ["199", { status: 199 }, false],
  ["a redirect", { status: 301 }, false],
  ["500", { status: 500 }, false],
  ["an answer that broke off after 200", { status: 200, failure: "connection_reset" }, false],
  ["no answer", { failure: "timeout" }, false],
])("%s: is that a success?", (_, attempt, expected) => {
  expect(isSuccess(attempt)).toBe(expected);
  expect(afterAttempt(delivery(), { ...answered(0), ...attempt }, {}, start).status).toBe(expected ? "succeeded" : "pending");
});

describe("an answer that comes late", () => {
  const ends: [string, DeliveryRecord][] = [
    ["canceled", canceled(delivery(), "endpoint_disabled", start)],
    ["succeeded", afterAttempt(delivery(), answered(204), {}, start)],
    ["exhausted", failed(delivery(), start, { isFinal: true })],
  ];
  test.each(ends)("is counted and changes no end when it is a failure: %s", (status, ended) => {
    const after = failed(ended, later(5));
    expect(after).toMatchObject({ status, attemptCount: ended.attemptCount + 1, lastAttempt: { number: ended.attemptCount + 1, status: 500 } });
    expect([after.nextAttemptAt, after.canceledReason]).toEqual([undefined, ended.canceledReason]);
  });
  test.each(ends)("makes the delivery succeed when it is a success: %s", (_, ended) => {
    const after = afterAttempt(ended, answered(200), {}, later(5));
    expect(after).toMatchObject({ status: "succeeded", attemptCount: ended.attemptCount + 1 });
    expect([after.nextAttemptAt, after.canceledReason]).toEqual([undefined, undefined]);
  });
  test.each(ends)("is the only thing that can come to one that has ended: %s", (_, ended) => {
    expect(canceled(ended, "endpoint_deleted", later(5))).toBe(ended);
    expect(parked(ended, later(60).toISOString(), later(5))).toBe(ended);
    expect(postponed(ended, 1_000, true, later(5))).toBe(ended);
    expect(deliveryChanges(ended, ended, later(5))).toEqual([]);
  });
});

test("parked deliveries are spread over the minute after the pause, the same whenever it is decided", () => {
  const until = later(300);
  const waits = Array.from({ length: 100 }, (_, number) => waitSeconds(parked(delivery(number), until.toISOString(), start), until));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...waits)).toBeLessThan(60);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(45);
  expect(parked(delivery(), until.toISOString(), start)).toEqual(parked(delivery(), until.toISOString(), start));
});

test("a turn is kept until the attempt, and lost by a pause", () => {
  const waiting = postponed(delivery(), 2_500, true, start);
  expect([waiting.hasTurn, waitSeconds(waiting, start)]).toEqual([true, 2.5]);
  expect(postponed(waiting, 1_000, false, start).hasTurn).toBeUndefined();
  expect(parked(waiting, later(60).toISOString(), start).hasTurn).toBeUndefined();
  expect(failed(waiting, start).hasTurn).toBeUndefined();
});

describe("who wakes a delivery", () => {
  const waiting = (seconds: number) => postponed(delivery(), seconds * secondMilliseconds, false, start);
  const placementOf = (change: Change | undefined) => (change?.kind === "put" ? change.placement : undefined);
  const dueAt = (after: DeliveryRecord, now = start, isParked = false) => placementOf(deliveryChanges(delivery(), after, now, isParked)[0])?.due?.at;

  test.each<[seconds: number, delaySeconds: number]>([
    [0, 0],
    [0.001, 1],
    [5, 5],
    [899.5, 900],
    [900, 900],
  ])("the queue in %d s, in whole seconds and never early; due work a minute later, should the queue lose it", (seconds, delaySeconds) => {
    const { id, endpointId, event } = delivery();
    const body = { deliveryId: id, endpointId, lane: event.lane, sequence: event.sequence };
    expect(messageOf(waiting(seconds), start)).toEqual({ group: endpointId, body, delaySeconds });
    expect(dueAt(waiting(seconds))).toBe(later(seconds + queuePatienceSeconds).toISOString());
  });

  test.each([900.001, 901, 86_400])("due work in %d s: the queue holds nothing that long", (seconds) => {
    expect(messageOf(waiting(seconds), start)).toBeUndefined();
    expect(dueAt(waiting(seconds))).toBe(later(seconds).toISOString());
  });

  test("due work when it is parked, however soon", () => {
    expect(messageOf(waiting(5), start, true)).toBeUndefined();
    expect(dueAt(waiting(5), start, true)).toBe(later(5).toISOString());
  });

  test("the queue at once when its time is over, and due work a minute from now", () => {
    expect(messageOf(waiting(5), later(100))?.delaySeconds).toBe(0);
    expect(dueAt(waiting(5), later(100))).toBe(later(100 + queuePatienceSeconds).toISOString());
  });

  test("nobody when it has ended; it goes after 30 days", () => {
    const ended = afterAttempt(delivery(), answered(200), {}, start);
    expect(messageOf(ended, start)).toBeUndefined();
    expect(placementOf(deliveryChanges(delivery(), ended, start)[0])).toEqual({ expiresAt: "2026-01-31T00:00:00.000Z" });
  });

  test("the queue only when it comes with its event: that is not due", () => {
    expect(placementOf(creationOf(delivery()))).toEqual({ expiresAt: "2026-01-31T00:00:00.000Z" });
    // Made otherwise, by a replay, it is.
    expect(placementOf(deliveryChanges(undefined, delivery(), start)[0])?.due).toEqual({ at: later(queuePatienceSeconds).toISOString(), kind: resumeKind });
  });
});

/** What storage would hold: refuses a document that stands there already, or has changed since it was read. */
function emptyStore() {
  const documents = new Map<string, object>();
  const name = ({ pk, sk }: Change["key"]) => `${pk} / ${sk}`;
  return {
    commit(changes: readonly Change[]): void {
      for (const change of changes) {
        if (change.kind !== "put") throw new Error(`A delivery is only ever written: ${change.kind}`);
        const there = documents.get(name(change.key)) as { version?: number } | undefined;
        expect(change.expects).toBe(there ? there.version : "absent");
        documents.set(name(change.key), change.document);
      }
    },
    attemptsOf(id: string): Attempt[] {
      const last = (documents.get(name(deliveryKey(id))) as DeliveryRecord).lastAttempt;
      const former = [...documents].filter(([key]) => key.startsWith(`${attemptsPk(id)} / `)).toSorted(([one], [other]) => (one < other ? -1 : 1));
      return [...former.map(([, attempt]) => attempt as Attempt), ...(last ? [last] : [])];
    },
  };
}

type Step = { do: "fail" | "succeed" | "giveUp" | "cancel" | "park" | "postpone" | "restart" | "resume"; afterSeconds: number };
/** Answers of an attempt may come at any time, also after the delivery has ended: nothing here waits for its turn. */
const transitions: Record<Step["do"], (before: DeliveryRecord, now: Date) => DeliveryRecord> = {
  fail: (before, now) => failed(before, now),
  succeed: (before, now) => afterAttempt(before, answered(204, now), {}, now),
  giveUp: (before, now) => failed(before, now, { isFinal: true }),
  cancel: (before, now) => canceled(before, "endpoint_disabled", now),
  park: (before, now) => parked(before, later(60, now).toISOString(), now),
  postpone: (before, now) => postponed(before, 3_000, true, now),
  restart: (before, now) => restarted(before, now),
  resume: (before, now) => (before.status === "pending" ? revise(before, {}, now) : before),
};
const isAttempt = (step: Step) => ["fail", "succeed", "giveUp"].includes(step.do);

test("in any order of what may happen every attempt is kept and counted, and a delivery waits for an instant exactly while it is pending", () => {
  const names = fc.oneof({ weight: 3, arbitrary: fc.constant("fail" as const) }, { weight: 2, arbitrary: fc.constantFrom(...Object.keys(transitions)) });
  const step = fc.record({ do: names, afterSeconds: fc.nat(100_000) }) as fc.Arbitrary<Step>;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, comesWithEvent) => {
      const store = emptyStore();
      let [current, now] = [delivery(), start];
      store.commit(comesWithEvent ? [creationOf(current)] : deliveryChanges(undefined, current, now));
      const told: string[] = [];
      for (const one of steps) {
        now = later(one.afterSeconds, now);
        const after = transitions[one.do](current, now);
        const isParked = one.do === "park";
        const changes = deliveryChanges(current, after, now, isParked);
        store.commit(changes);
        if (isAttempt(one)) told.push(now.toISOString());
        const isPending = after.status === "pending";
        expect(after.nextAttemptAt !== undefined).toBe(isPending);
        expect(after.hasTurn === undefined || isPending).toBe(true);
        expect(after.canceledReason !== undefined).toBe(after.status === "canceled");
        expect(after.version).toBe(current.version + (changes.length > 0 ? 1 : 0));
        if (changes[0]?.kind === "put") expect(changes[0].placement.due !== undefined).toBe(isPending);
        // An end is an end but for a success, or for whoever asks for a new round.
        if (current.status !== "pending" && !["succeed", "restart"].includes(one.do)) expect(after.status).toBe(current.status);
        if (current.status === "succeeded" && one.do !== "restart") expect(after.status).toBe("succeeded");
        current = after;
      }
      const attempts = store.attemptsOf(current.id);
      expect(current.attemptCount).toBe(told.length);
      expect(attempts.map(({ number }) => number)).toEqual(told.map((_, index) => index + 1));
      expect(attempts.map(({ at }) => at)).toEqual(told);
    }),
    { numRuns: 500 },
  );
});
