/**
 * The queue of this machine, in the place of SQS: at least once, with delays and a visibility time-out, in no certain
 * order, and fair: groups take turns, and none has more than its share in flight. Like SQS it outlives its user: what it
 * holds is in a file, so that a killed process loses nothing.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { log } from "../shell/log.ts";
import type { Queue } from "../shell/queue.ts";
import { type Kept, openQueueFile } from "./queue-file.ts";

export type QueueHandler = (event: SQSEvent) => Promise<SQSBatchResponse>;

const batchSize = 10;
const inFlightPerGroupMax = 40;
const inFlightMax = 1_000;
const receivesMax = 5;
const visibilityMilliseconds = 30_000;
const tickMilliseconds = 25;
const patienceMilliseconds = 2_000;

/** What waits: by group, in turns, and what is not ready yet. */
class WaitingLine {
  readonly #ready = new Map<string, Kept[]>();
  readonly #delayed = new Map<number, Kept[]>();

  add(entry: Kept): void {
    if (entry.readyAt <= Date.now()) append(this.#ready, entry.group, entry);
    else append(this.#delayed, Math.ceil(entry.readyAt / tickMilliseconds), entry);
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
  /**
   * A batch of the group whose turn it is, which then goes to the end of the line; `room` is how many more of a group may be
   * taken. Groups never share a batch: it is done when all in it are, so one that hangs would hold up the others' messages.
   */
  take(room: (group: string) => number): Kept[] {
    for (const [group, entries] of this.#ready) {
      const batch = entries.splice(0, Math.min(batchSize, room(group)));
      if (batch.length === 0) continue;
      this.#ready.delete(group);
      if (entries.length > 0) this.#ready.set(group, entries);
      return batch;
    }
    return [];
  }
}

function append<Key>(lists: Map<Key, Kept[]>, key: Key, entry: Kept): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

/** `stop` takes no more, and gives the batches in flight a little time: what a slow receiver keeps is sent again at the next start. */
export function startQueue(path: string, handler: QueueHandler): Queue & { stop(): Promise<void> } {
  const file = openQueueFile(path);
  const line = new WaitingLine();
  const flying = new Map<string, number>();
  const flights = new Set<Promise<void>>();
  let inFlight = 0;
  let [stopped, closed] = [false, false];

  const fly = async (batch: readonly Kept[]): Promise<void> => {
    for (const { group } of batch) flying.set(group, (flying.get(group) ?? 0) + 1);
    const received = batch.map((entry) => ({ ...entry, receives: entry.receives + 1, readyAt: Date.now() + visibilityMilliseconds }));
    const failed = await failuresOf(handler, received);
    for (const { group } of batch) flying.set(group, (flying.get(group) ?? 1) - 1);
    // Too late for this process: they are kept, and come again at the next start.
    if (closed) return;
    const again = received.filter(({ id, receives }) => failed.has(String(id)) && receives < receivesMax);
    for (const { group, body } of received.filter(({ id, receives }) => failed.has(String(id)) && receives >= receivesMax))
      log("error", "message given up", { group, body });
    file.settle(
      received.filter((entry) => !again.includes(entry)),
      again,
    );
    for (const entry of again) line.add(entry);
  };
  const dispatch = () => {
    while (!stopped && inFlight < inFlightMax) {
      const batch = line.take((group) => inFlightPerGroupMax - (flying.get(group) ?? 0));
      if (batch.length === 0) return;
      inFlight += batch.length;
      const flight = fly(batch).finally(() => {
        inFlight -= batch.length;
        flights.delete(flight);
        dispatch();
      });
      flights.add(flight);
    }
  };
  for (const entry of file.all()) line.add(entry);
  const ticking = (async () => {
    for (; !stopped; await pause(tickMilliseconds)) {
      line.release();
      dispatch();
    }
  })();
  return {
    async put(entries) {
      for (const kept of file.add(entries.map(({ body, group, delaySeconds }) => ({ body, group, receives: 0, readyAt: Date.now() + delaySeconds * 1000 }))))
        line.add(kept);
      dispatch();
    },
    async stop() {
      stopped = true;
      await Promise.race([Promise.all([ticking, ...flights]), pause(patienceMilliseconds, undefined, { ref: false })]);
      closed = true;
      file.close();
    },
  };
}

/** The ids of the messages that must come again. */
async function failuresOf(handler: QueueHandler, batch: readonly Kept[]): Promise<Set<string>> {
  try {
    const { batchItemFailures } = await handler({ Records: batch.map(recordOf) });
    return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch (error) {
    log("error", "batch of the queue failed", { error: String((error as Error).stack ?? error) });
    return new Set(batch.map(({ id }) => String(id)));
  }
}

/** As SQS hands it to a Lambda. */
const recordOf = ({ id, body, group, receives }: Kept): SQSRecord => ({
  messageId: String(id),
  receiptHandle: String(id),
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: "",
    SenderId: "local",
    ApproximateFirstReceiveTimestamp: "",
    MessageGroupId: group,
  },
  messageAttributes: {},
  md5OfBody: "",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:local:000000000000:deliveries",
  awsRegion: "local",
});
