/** The local queue keeps what SQS promises. Its time-outs pass by moving the clock; what it holds is in a real file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { QueueEntry } from "../../domain/kernel/outside.ts";
import { useMovingClock } from "../../test/moving-clock.ts";
import { type QueueHandler, startQueue } from "./queue.ts";

const clock = useMovingClock();
const folder = mkdtempSync(join(tmpdir(), "clientele-queue-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Started = ReturnType<typeof startQueue>;
const started: Started[] = [];
/** What hangs at the end of a test goes on, so that its queue can stop. */
let letGo: () => void;
let held: Promise<void>;
const holdAgain = () => {
  held = new Promise((resolve) => (letGo = resolve));
};
holdAgain();
afterEach(async () => {
  letGo();
  await Promise.all(started.splice(0).map((queue) => queue.stop()));
  holdAgain();
});

let files = 0;
const newFile = (): string => join(folder, `${files++}.sqlite`);
const start = (file: string, handler: QueueHandler): Started => {
  const queue = startQueue(file, handler);
  started.push(queue);
  return queue;
};
const done: SQSBatchResponse = { batchItemFailures: [] };
const allFailed = (records: readonly SQSRecord[]): SQSBatchResponse => ({ batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })) });
const entries = (group: string, count: number, delaySeconds = 0): QueueEntry[] =>
  Array.from({ length: count }, (_, number) => ({ body: `${group} ${number}`, group, delaySeconds }));
const bodies = (group: string, count: number): string[] => entries(group, count).map(({ body }) => body);
const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 5_000, interval: 5 });
/** Many times what the queue takes to look again: what has not come by then does not come. */
const aWhile = () => pause(200);

/** Takes what comes, and does with each batch as it is told. */
function consumer(act: (records: SQSRecord[]) => SQSBatchResponse | Promise<SQSBatchResponse> = () => done) {
  const batches: SQSRecord[][] = [];
  const handler: QueueHandler = async ({ Records: records }) => {
    batches.push(records);
    return act(records);
  };
  return { handler, batches, received: () => batches.flat().map(({ body }) => body) };
}
const hang = async (): Promise<SQSBatchResponse> => {
  await held;
  return done;
};
const sorted = (texts: readonly string[]) => texts.toSorted();

describe("a message", () => {
  test("comes once when it is taken, in batches of ten at most, with its group", async () => {
    const { handler, batches, received } = consumer();
    const queue = start(newFile(), handler);
    await queue.put(entries("a", 95));
    await until(() => received().length >= 95);
    await aWhile();
    expect(sorted(received())).toEqual(sorted(bodies("a", 95)));
    expect(Math.max(...batches.map(({ length }) => length))).toBe(10);
    expect(batches[0]?.[0]).toMatchObject({ attributes: { MessageGroupId: "a", ApproximateReceiveCount: "1" }, eventSource: "aws:sqs" });
  });

  test("comes again after a crash when it was not done, and not when it was", async () => {
    const file = newFile();
    const before = consumer((records) => (records.some(({ body }) => body.startsWith("slow")) ? hang() : done));
    const crashed = start(file, before.handler);
    await crashed.put(entries("quick", 15));
    await until(() => before.received().length === 15);
    await aWhile();
    await crashed.put([...entries("slow", 25), ...entries("delayed", 5, 60)]);
    await until(() => before.received().length === 40);
    // The file is opened as a process does that finds it after a kill: nobody has stopped the queue.
    const after = consumer();
    start(file, after.handler);
    await until(() => after.received().length >= 25);
    clock.moveOn(61);
    await until(() => after.received().length >= 30);
    await aWhile();
    expect(sorted(after.received())).toEqual(sorted([...bodies("slow", 25), ...bodies("delayed", 5)]));
  });

  test("outlives a stop, with what was in flight and too slow for it", async () => {
    const file = newFile();
    const before = consumer(hang);
    const queue = start(file, before.handler);
    await queue.put([...entries("a", 12), ...entries("delayed", 3, 60)]);
    await until(() => before.received().length === 12);
    await started.splice(0)[0]?.stop();
    letGo();
    const after = consumer();
    start(file, after.handler);
    clock.moveOn(61);
    await until(() => after.received().length >= 15);
    expect(sorted(after.received())).toEqual(sorted([...bodies("a", 12), ...bodies("delayed", 3)]));
  });

  test("does not come before its delay is over, up to 15 minutes, and then does", async () => {
    const { handler, received } = consumer();
    const queue = start(newFile(), handler);
    for (const seconds of [900, 60, 0]) await queue.put(entries(`in ${seconds} s`, 1, seconds));
    for (const [on, expected] of [
      [0, ["in 0 s"]],
      [58, ["in 0 s"]],
      [3, ["in 0 s", "in 60 s"]],
      [837, ["in 0 s", "in 60 s"]],
      [3, ["in 0 s", "in 60 s", "in 900 s"]],
    ] as const) {
      clock.moveOn(on);
      await aWhile();
      expect(received()).toEqual(expected.map((group) => `${group} 0`));
    }
  });

  test.each<[string, (records: SQSRecord[]) => SQSBatchResponse]>([
    ["is answered as failed", (records) => allFailed(records.filter(({ body }) => body === "a 1"))],
    [
      "is in a batch that throws",
      (records) => {
        if (records.some(({ body }) => body === "a 1")) throw new Error("no luck");
        return done;
      },
    ],
  ])("comes again after 30 s when it %s", async (how, act) => {
    let isFailing = true;
    const { handler, received, batches } = consumer((records) => (isFailing ? act(records) : done));
    const queue = start(newFile(), handler);
    await queue.put(entries("a", 3));
    await until(() => received().length === 3);
    isFailing = false;
    clock.moveOn(28);
    await aWhile();
    expect(received()).toHaveLength(3);
    clock.moveOn(3);
    const again = how.includes("throws") ? bodies("a", 3) : ["a 1"];
    await until(() => received().length === 3 + again.length);
    expect(sorted(received().slice(3))).toEqual(again);
    expect(batches.at(-1)?.[0]?.attributes.ApproximateReceiveCount).toBe("2");
    clock.moveOn(60);
    await aWhile();
    expect(received()).toHaveLength(3 + again.length);
  });

  test("is given up after five tries, also when the process begins anew in between", async () => {
    const file = newFile();
    const { handler, received, batches } = consumer(allFailed);
    await start(file, handler).put(entries("a", 1));
    for (let tries = 1; tries <= 5; tries++) {
      await until(() => received().length === tries);
      await aWhile();
      if (tries === 3) {
        await started.splice(0)[0]?.stop();
        start(file, handler);
      }
      clock.moveOn(31);
    }
    await aWhile();
    expect(batches.map(([record]) => record?.attributes.ApproximateReceiveCount)).toEqual(["1", "2", "3", "4", "5"]);
    await started.splice(0)[0]?.stop();
    const later = consumer();
    start(file, later.handler);
    await aWhile();
    expect(later.received()).toEqual([]);
  });
});

describe("groups", () => {
  const groupsOf = (records: readonly SQSRecord[]) => records.map(({ attributes }) => attributes.MessageGroupId);

  test("take turns: a long backlog does not keep the others waiting", async () => {
    const { handler, received } = consumer(async () => {
      await pause(20);
      return done;
    });
    const queue = start(newFile(), handler);
    await queue.put([...entries("long", 400), ...["b", "c", "d"].flatMap((group) => entries(group, 5))]);
    await until(() => received().length === 415);
    const last = Math.max(...["b", "c", "d"].flatMap((group) => bodies(group, 5)).map((body) => received().indexOf(body)));
    // Not even the share of the long one goes before them.
    expect(last).toBeLessThan(40);
  });

  test("have 40 messages in flight at most, and get more as those are done", async () => {
    const flying = new Map<string, number>();
    let most = 0;
    const { handler, received } = consumer(async (records) => {
      for (const group of groupsOf(records)) flying.set(group as string, (flying.get(group as string) ?? 0) + 1);
      most = Math.max(most, ...flying.values());
      await pause(15);
      for (const group of groupsOf(records)) flying.set(group as string, (flying.get(group as string) ?? 0) - 1);
      return done;
    });
    const queue = start(newFile(), handler);
    await queue.put([...entries("a", 203), ...entries("b", 101)]);
    await until(() => received().length === 304);
    expect(most).toBe(40);
  });

  test("that hang delay no other: its whole backlog passes meanwhile", async () => {
    const { handler, received } = consumer((records) => (groupsOf(records).includes("hanging") ? hang() : done));
    const queue = start(newFile(), handler);
    await queue.put([...entries("hanging", 200), ...entries("healthy", 200)]);
    await until(() => received().filter((body) => body.startsWith("healthy")).length === 200);
    expect(received().filter((body) => body.startsWith("hanging"))).toHaveLength(40);
  });
});
