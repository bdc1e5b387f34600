/**
 * The queue of this process, in the place of SQS: at least once, with delays and a visibility time-out, in no certain
 * order, and fair: groups take turns, and none has more than its share in flight. It is lost with the process; what it
 * held is in the table, where due work finds it.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { log } from "../shell/log.ts";
import type { Queue, QueueEntry } from "../shell/queue.ts";

export type QueueHandler = (event: SQSEvent) => Promise<SQSBatchResponse>;
type Held = QueueEntry & { readonly id: string; readonly sentAt: number; receives: number };

const batchSize = 10;
const batchesPerGroupMax = 4;
const batchesMax = 48;
const receivesMax = 5;
const visibilityMilliseconds = 30_000;
const tickMilliseconds = 25;
const patienceMilliseconds = 2_000;

/** What waits: by group, in turns, and what is not ready yet. */
class WaitingLine {
  readonly #ready = new Map<string, Held[]>();
  readonly #delayed = new Map<number, Held[]>();

  add(entry: Held, delayMilliseconds: number): void {
    if (delayMilliseconds <= 0) append(this.#ready, entry.group, entry);
    else append(this.#delayed, Math.ceil((Date.now() + delayMilliseconds) / tickMilliseconds), entry);
  }
  /** Makes ready what has waited long enough. */
  release(): void {
    const now = Math.floor(Date.now() / tickMilliseconds);
    for (const [tick, entries] of [...this.#delayed]) {
      if (tick > now) continue;
      this.#delayed.delete(tick);
      for (const entry of entries) append(this.#ready, entry.group, entry);
    }
  }
  groups(): string[] {
    return [...this.#ready.keys()];
  }
  /** The next of a group, which then goes to the end of the line. */
  take(group: string): Held[] {
    const entries = this.#ready.get(group) ?? [];
    const batch = entries.splice(0, batchSize);
    this.#ready.delete(group);
    if (entries.length > 0) this.#ready.set(group, entries);
    return batch;
  }
}

function append<Key>(lists: Map<Key, Held[]>, key: Key, entry: Held): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

/** `stop` takes no more, and gives the batches in flight a little time: what a slow receiver keeps is sent again at the next start. */
export function startQueue(handler: QueueHandler): Queue & { stop(): Promise<void> } {
  const line = new WaitingLine();
  const flights = new Map<Promise<void>, string>();
  let stopped = false;

  const fly = async (group: string): Promise<void> => {
    const batch = line.take(group);
    for (const entry of batch) entry.receives += 1;
    const failed = await failuresOf(handler, batch);
    for (const entry of batch.filter(({ id }) => failed.has(id)))
      if (entry.receives < receivesMax) line.add(entry, visibilityMilliseconds);
      else log("error", "message given up; due work will find what it was for", { group, body: entry.body });
  };
  const dispatch = () => {
    for (const group of line.groups()) {
      if (stopped || flights.size >= batchesMax) return;
      if ([...flights.values()].filter((flying) => flying === group).length >= batchesPerGroupMax) continue;
      const flight = fly(group).finally(() => {
        flights.delete(flight);
        dispatch();
      });
      flights.set(flight, group);
    }
  };
  const ticking = (async () => {
    for (; !stopped; await pause(tickMilliseconds)) {
      line.release();
      dispatch();
    }
  })();
  return {
    async put(entries) {
      for (const entry of entries) line.add({ ...entry, id: randomUUID(), sentAt: Date.now(), receives: 0 }, entry.delaySeconds * 1000);
      dispatch();
    },
    async stop() {
      stopped = true;
      const landed = Promise.all([ticking, ...flights.keys()]);
      await Promise.race([landed, pause(patienceMilliseconds, undefined, { ref: false })]);
    },
  };
}

/** The ids of the messages that must come again. */
async function failuresOf(handler: QueueHandler, batch: readonly Held[]): Promise<Set<string>> {
  try {
    const { batchItemFailures } = await handler({ Records: batch.map(recordOf) });
    return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch (error) {
    log("error", "batch of the queue failed", { error: String((error as Error).stack ?? error) });
    return new Set(batch.map(({ id }) => id));
  }
}

/** As SQS hands it to a Lambda. */
const recordOf = ({ id, body, group, sentAt, receives }: Held): SQSRecord => ({
  messageId: id,
  receiptHandle: id,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: String(sentAt),
    SenderId: "local",
    ApproximateFirstReceiveTimestamp: String(sentAt),
    MessageGroupId: group,
  },
  messageAttributes: {},
  md5OfBody: "",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:local:000000000000:deliveries",
  awsRegion: "local",
});
