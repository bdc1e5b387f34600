/**
 * The consumer of the table's stream: appends what outboxes tell to the tenants' logs. At-least-once becomes once by the
 * pointer of each event; a batch that fails half-way is repeated from the first record that is not in the log yet.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { eventTypes } from "../domain/events.ts";
import type { OutboxEntry } from "../domain/kernel/event.ts";
import { Contention } from "../domain/kernel/table.ts";
import { apiVersion } from "../domain/tenants/model.ts";
import { appendChanges, type EventToAppend, eventsPerAppendMax, renderEvent } from "../domain/webhooks/event-log.ts";
import { eventPointerKey, laneHeadKey } from "../domain/webhooks/keys.ts";
import { splitPartition } from "./shell/item.ts";
import { log } from "./shell/log.ts";
import { openTable } from "./shell/table.ts";

type Images = Record<string, AttributeValue> | undefined;
type ToAppend = EventToAppend & { partition: string; record: DynamoDBRecord };

const typesByName = new Map(eventTypes.map((type) => [type.type, type]));
/** A tenant has one lane until it needs more. */
const lane = 0;
/** Below DynamoDB's 4 MB for a transaction, with room for keys and pointers. */
const bytesPerAppendMax = 2_000_000;
const attemptsMax = 8;

export async function handler(batch: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const failed: DynamoDBRecord[] = [];
  const byPartition = Map.groupBy(
    batch.Records.flatMap((record) => tryRender(record, failed)),
    ({ partition }) => partition,
  );
  await Promise.all(
    [...byPartition].map(async ([partition, events]) => {
      for (const chunk of chunks(events)) {
        try {
          await append(partition, chunk);
        } catch (error) {
          // Later events of the partition wait, so that order per customer is kept.
          log("error", "events not appended", { partition, events: chunk.length, error: String((error as Error).stack ?? error) });
          return failed.push((chunk[0] as ToAppend).record);
        }
      }
    }),
  );
  return { batchItemFailures: failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber ?? "" })) };
}

function tryRender(record: DynamoDBRecord, failed: DynamoDBRecord[]): ToAppend[] {
  try {
    return render(record);
  } catch (error) {
    log("error", "events not rendered", { sequenceNumber: record.dynamodb?.SequenceNumber, error: String((error as Error).stack ?? error) });
    failed.push(record);
    return [];
  }
}

/** A write that carries the outbox of the write before it, or none, has nothing new to tell. */
function render(record: DynamoDBRecord): ToAppend[] {
  const after = record.dynamodb?.NewImage as Images;
  const before = record.dynamodb?.OldImage as Images;
  const outbox = after?.["outbox"]?.S;
  if (!after || !outbox || outbox === before?.["outbox"]?.S) return [];
  const { partition } = splitPartition(after["pk"]?.S ?? "");
  const images = { after: documentOf(after) as object, before: documentOf(before) };
  return (JSON.parse(outbox) as OutboxEntry[]).map((entry) => {
    const type = typesByName.get(entry.type);
    if (!type) throw new Error(`Unknown event type ${entry.type}.`);
    return { ...renderEvent(type, entry, images, { apiVersion, livemode: !partition.endsWith(".test") }), partition, record };
  });
}

const documentOf = (image: Images): object | undefined => (image ? JSON.parse(image["document"]?.S ?? "{}") : undefined);

function chunks(events: readonly ToAppend[]): ToAppend[][] {
  const all: ToAppend[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event.event));
    const current = all.at(-1);
    if (!current || current.length === eventsPerAppendMax || bytes + size > bytesPerAppendMax) {
      all.push([event]);
      bytes = size;
    } else {
      current.push(event);
      bytes += size;
    }
  }
  return all;
}

/** One transaction moves the head and writes the events. When it is refused, some may be in the log already: the others go again. */
async function append(partition: string, events: readonly ToAppend[]): Promise<void> {
  const table = openTable(partition);
  let pending = events;
  for (let attempt = 1; pending.length > 0; attempt++) {
    const head = await table.get(laneHeadKey(lane));
    try {
      return await table.commit(appendChanges(lane, head, pending, new Date()), () => []);
    } catch (error) {
      if (!(error instanceof Contention) || attempt === attemptsMax) throw error;
      await delay(Math.random() * 20 * 2 ** attempt);
      const known = await table.getMany(pending.map(({ event }) => eventPointerKey(event.id)));
      pending = pending.filter((_, index) => !known[index]);
    }
  }
}
