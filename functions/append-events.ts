/**
 * The consumer of the table's stream: appends what outboxes tell to the tenants' logs, with a delivery for every endpoint
 * that wants it. At-least-once becomes once by the
 * pointer of each event; a batch that fails half-way is repeated from the first record that is not in the log yet.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { newestApiVersion } from "../domain/api-versions.ts";
import { eventTypes } from "../domain/events.ts";
import type { OutboxEntry } from "../domain/kernel/event.ts";
import { splitPartition } from "../domain/kernel/partition.ts";
import { Contention } from "../domain/kernel/table.ts";
import type { DeliveryRecord } from "../domain/webhooks/delivery.ts";
import { creationOf, messageOf } from "../domain/webhooks/delivery-round.ts";
import { appendChanges, type EventToAppend, headAfter, placesOf, renderEvent } from "../domain/webhooks/event-log.ts";
import { type Addressed, address, deliveriesOf, runsOf } from "../domain/webhooks/fan-out.ts";
import { type EventPointer, eventPointerKey, type LaneHead, laneHeadKey } from "../domain/webhooks/keys.ts";
import { loadEndpoints } from "../domain/webhooks/store.ts";
import { complain } from "./shell/metrics.ts";
import { observed } from "./shell/observed.ts";
import { documentTextOfImage } from "./shell/packed-document.ts";
import { sendToQueue } from "./shell/queue.ts";
import { partAnswer } from "./shell/stream-batch.ts";
import { openTable } from "./shell/table.ts";

type Images = Record<string, AttributeValue> | undefined;
type ToAppend = EventToAppend & { record: DynamoDBRecord };

const typesByName = new Map(eventTypes.map((type) => [type.type, type]));
/** A tenant has one lane until it needs more. */
const lane = 0;
const attemptsMax = 8;

export const handler = observed("append-events", async (batch: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const byPartition = Map.groupBy(batch.Records.filter(isTelling), ({ dynamodb }) => splitPartition(dynamodb?.NewImage?.["pk"]?.S ?? "").partition);
  const failed = await Promise.all([...byPartition].map(([partition, records]) => appendAll(partition, records)));
  return partAnswer(batch, failed);
});

/** A write that carries the outbox of the write before it, or none, has nothing new to tell. */
function isTelling({ dynamodb }: DynamoDBRecord): boolean {
  const outbox = dynamodb?.NewImage?.["outbox"]?.S;
  return outbox !== undefined && outbox !== dynamodb?.OldImage?.["outbox"]?.S;
}

/** The first record that could not be told. Later ones of the partition wait behind it, so that order per customer is kept. */
async function appendAll(partition: string, records: readonly DynamoDBRecord[]): Promise<DynamoDBRecord | undefined> {
  const { events, failed } = renderAll(partition, records);
  if (events.length === 0) return failed;
  let appended = 0;
  try {
    const table = openTable(partition);
    const [endpoints, known] = await Promise.all([loadEndpoints(table), table.get(laneHeadKey(lane))]);
    let head = known;
    for (const run of runsOf(events.map((event) => address(event, endpoints)))) {
      head = await append(partition, head, run);
      appended += run.length;
    }
    return failed;
  } catch (error) {
    const left = events.length - appended;
    complain("EventsNotAppended", "events not appended", error, { partition, events: left }, left);
    return events[appended]?.record;
  }
}

function renderAll(partition: string, records: readonly DynamoDBRecord[]): { events: ToAppend[]; failed?: DynamoDBRecord } {
  const events: ToAppend[] = [];
  for (const record of records) {
    try {
      events.push(...render(partition, record));
    } catch (error) {
      const sequenceNumber = record.dynamodb?.SequenceNumber;
      complain("EventsNotAppended", "events not rendered", error, { partition, sequenceNumber });
      return { events, failed: record };
    }
  }
  return { events };
}

function render(partition: string, record: DynamoDBRecord): ToAppend[] {
  const after = record.dynamodb?.NewImage as Images;
  const images = { after: documentOf(after) as object, before: documentOf(record.dynamodb?.OldImage as Images) };
  const context = { tenantId: partition.replace(/\.test$/, ""), apiVersion: newestApiVersion, livemode: !partition.endsWith(".test") };
  return (JSON.parse(after?.["outbox"]?.S ?? "[]") as OutboxEntry[]).map((entry) => {
    const type = typesByName.get(entry.type);
    if (!type) throw new Error(`Unknown event type ${entry.type}.`);
    return { ...renderEvent(type, entry, images, context), record };
  });
}

const documentOf = (image: Images): object | undefined => (image ? JSON.parse(documentTextOfImage(image) ?? "{}") : undefined);

/**
 * One transaction moves the head and writes the events and their deliveries, which then go to the queue. When it is
 * refused, some events may be in the log already, with theirs: whoever appended them may have died before the queue had
 * them, so they go there again. The others are appended anew. `head` is the lane's as far as is known; answers the next.
 */
async function append(partition: string, head: LaneHead | undefined, events: readonly Addressed<ToAppend>[]): Promise<LaneHead | undefined> {
  const table = openTable(partition);
  let pending = events;
  for (let attempt = 1; ; attempt++) {
    const now = new Date();
    const rendered = pending.map((event) => event.rendered);
    const places = placesOf(lane, head, pending.length);
    const deliveries = pending.flatMap((event, index) => deliveriesOf(event, places[index] as EventPointer, now));
    try {
      await table.commit([...appendChanges(lane, head, rendered, now), ...deliveries.map(creationOf)], () => []);
      await enqueue(partition, deliveries, now);
      return headAfter(head, pending.length, now);
    } catch (error) {
      if (!(error instanceof Contention) || attempt === attemptsMax) throw error;
      await delay(Math.random() * 20 * 2 ** attempt);
      const known = await table.getMany(rendered.map(({ event }) => eventPointerKey(event.id)));
      const appended = pending.flatMap((event, index) => (known[index] ? deliveriesOf(event, known[index], now) : []));
      await enqueue(partition, appended, now);
      pending = pending.filter((_, index) => !known[index]);
      head = await table.get(laneHeadKey(lane));
      if (pending.length === 0) return head;
    }
  }
}

/** Throws when the queue does not take them: then the whole batch comes again, and with it these. */
async function enqueue(partition: string, deliveries: readonly DeliveryRecord[], now: Date): Promise<void> {
  const messages = deliveries.map((delivery) => messageOf(delivery, now)).filter((message) => message !== undefined);
  if (messages.length > 0) await sendToQueue(partition, messages);
}
