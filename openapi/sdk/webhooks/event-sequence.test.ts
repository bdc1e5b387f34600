import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EventLog, eventSequence, logName, TooManyWaiting } from "./event-sequence.ts";
import { latestSequence } from "./latest-sequence.ts";
import type { WebhookEvent } from "./webhook-event.ts";

const log: EventLog = { tenantId: "tn_1", livemode: true, lane: 0 };
const eventAt = (sequence: number, of = log): WebhookEvent => ({
  ...of,
  id: `evt_${sequence}`,
  object: "event",
  type: "customer.created",
  apiVersion: "2026-11-01",
  sequence,
  createdAt: "2026-11-21T09:30:00.000Z",
  data: { object: {} },
});
const oneTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The API's log, of which a part can be read; it begins with what is known already, as a careless reader might. */
const logOf = (sequences: () => readonly number[]) =>
  async function* (of: EventLog, afterSequence: number) {
    for (const sequence of sequences().filter((one) => one >= afterSequence)) {
      if (sequence % 3 === 0) await turn();
      yield eventAt(sequence, of);
    }
  };

describe("the sequence", () => {
  const arrivals = fc.array(fc.record({ sequence: fc.integer({ min: 1, max: 40 }), pause: fc.boolean() }), { maxLength: 80 });
  const failures = fc.uniqueArray(fc.nat(60), { maxLength: 8 });

  test("delivers each event once and in order, whatever is lost, repeated, overtaken, fails or is restarted", async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, failures, fc.nat(80), async (all, failing, restartAfter) => {
        const delivered: number[] = [];
        let kept = {};
        let calls = 0;
        let isDelivering = false;
        let deliversTwiceAtATime = false;
        const start = () =>
          eventSequence({
            position: kept,
            fetchEvents: logOf(() => oneTo(40)),
            async deliver({ sequence }, position) {
              deliversTwiceAtATime ||= isDelivering;
              isDelivering = true;
              await turn();
              isDelivering = false;
              if (failing.includes(calls++)) throw new Error("The consumer failed.");
              delivered.push(sequence);
              kept = position;
            },
          });
        let sequence = start();
        const acceptedTooEarly: number[] = [];
        const accept = async (number: number) => {
          await sequence.accept(eventAt(number));
          if (!delivered.includes(number)) acceptedTooEarly.push(number);
        };
        const pending: Promise<void>[] = [];
        for (const [index, arrival] of all.entries()) {
          if (index === restartAfter) {
            await Promise.all(pending);
            sequence = start();
          }
          const accepted = accept(arrival.sequence).catch(() => undefined);
          pending.push(accepted);
          if (arrival.pause) await accepted;
        }
        await Promise.all(pending);
        expect(acceptedTooEarly).toEqual([]);
        expect(delivered).toEqual(oneTo(delivered.length));
        for (let attempt = 0; attempt <= failing.length; attempt++) await sequence.catchUp(log).catch(() => undefined);
        expect(delivered).toEqual(oneTo(40));
        expect(sequence.position()).toEqual({ [logName(log)]: 40 });
        expect(kept).toEqual(sequence.position());
        expect(deliversTwiceAtATime).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test("reads the log once for a burst that arrives out of order, and not at all for what arrives in order", async () => {
    let reads = 0;
    const delivered: number[] = [];
    const sequence = eventSequence({
      fetchEvents(of, after) {
        reads += 1;
        return logOf(() => oneTo(50))(of, after);
      },
      deliver: ({ sequence }) => void delivered.push(sequence),
    });
    for (const number of oneTo(10)) await sequence.accept(eventAt(number));
    expect(reads).toBe(0);
    await Promise.all([20, 50, 49, 11, 12, 48].map((number) => sequence.accept(eventAt(number))));
    expect(reads).toBe(1);
    expect(delivered).toEqual(oneTo(50));
  });

  test("keeps tenants, modes and lanes apart", async () => {
    const logs = [log, { ...log, tenantId: "tn_2" }, { ...log, livemode: false }, { ...log, lane: 1 }];
    const delivered: string[] = [];
    const sequence = eventSequence({
      fetchEvents: logOf(() => oneTo(3)),
      deliver: (event) => void delivered.push(`${logName(event)} ${event.sequence}`),
    });
    for (const of of logs) await sequence.accept(eventAt(3, of));
    expect(delivered).toEqual(logs.flatMap((of) => [1, 2, 3].map((number) => `${logName(of)} ${number}`)));
    expect(sequence.position()).toEqual(Object.fromEntries(logs.map((of) => [logName(of), 3])));
  });

  test("goes on over what the log no longer has", async () => {
    const delivered: number[] = [];
    const sequence = eventSequence({ fetchEvents: logOf(() => [7, 8, 12]), deliver: ({ sequence }) => void delivered.push(sequence) });
    await sequence.accept(eventAt(10));
    await sequence.accept(eventAt(9));
    await sequence.catchUp(log);
    expect(delivered).toEqual([7, 8, 12]);
  });

  test("catches up to the end also while a gap is being filled", async () => {
    const delivered: number[] = [];
    const sequence = eventSequence({ fetchEvents: logOf(() => oneTo(20)), deliver: ({ sequence }) => void delivered.push(sequence) });
    await Promise.all([sequence.accept(eventAt(10)), sequence.catchUp(log)]);
    expect(delivered).toEqual(oneTo(20));
  });

  test("does not keep waiting what was refused with a failure", async () => {
    const failing = new Set([1]);
    const sequence = eventSequence({
      waitingMax: 1,
      fetchEvents: logOf(() => oneTo(9)),
      deliver: ({ sequence }) => {
        if (failing.delete(sequence)) throw new Error("The consumer failed.");
      },
    });
    await expect(sequence.accept(eventAt(5))).rejects.toThrow("The consumer failed.");
    await sequence.accept(eventAt(7));
    expect(sequence.position()).toEqual({ [logName(log)]: 7 });
  });

  test("does not refuse what was delivered because a later event failed", async () => {
    const sequence = eventSequence({
      fetchEvents: logOf(() => oneTo(2)),
      deliver: ({ sequence }) => (sequence === 2 ? Promise.reject(new Error("The consumer failed.")) : undefined),
    });
    const accepted = await Promise.allSettled([1, 2].map((number) => sequence.accept(eventAt(number))));
    expect(accepted.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  test("holds back no more than it was allowed, and takes what was refused when it comes again", async () => {
    const delivered: number[] = [];
    const gate = Promise.withResolvers<void>();
    const sequence = eventSequence({
      waitingMax: 2,
      async *fetchEvents(of, after) {
        await gate.promise;
        yield* logOf(() => oneTo(3))(of, after);
      },
      deliver: ({ sequence }) => void delivered.push(sequence),
    });
    const held = [3, 5].map((number) => sequence.accept(eventAt(number)));
    await expect(sequence.accept(eventAt(4))).rejects.toThrow(TooManyWaiting);
    gate.resolve();
    await Promise.all(held);
    await sequence.accept(eventAt(6));
    expect(delivered).toEqual([1, 2, 3, 5, 6]);
  });
});

test("the latest sequence is found in about twice as many questions as the length of the log has binary digits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 1_000_000 }), async (last, oldest) => {
      let questions = 0;
      const found = await latestSequence(async (after) => {
        questions += 1;
        const first = Math.max(after + 1, oldest);
        return first <= last ? first : undefined;
      });
      expect(found).toBe(last >= oldest ? last : 0);
      expect(questions).toBeLessThanOrEqual(44);
    }),
  );
});
