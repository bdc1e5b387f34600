/** Deliveries that rest on the queue alone: what a restore brings back without it. */
import { setTimeout as pause } from "node:timers/promises";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type QueueEntry, queueEntryOf } from "../../domain/kernel/outside.ts";
import { splitPartition } from "../../domain/kernel/partition.ts";
import type { DeliveryRecord } from "../../domain/webhooks/delivery.ts";
import { messageOf } from "../../domain/webhooks/delivery-round.ts";
import { deliveriesPk } from "../../domain/webhooks/keys.ts";
import type { Image } from "./hand-over.ts";
import { attribute } from "./untold.ts";

const [pkPrefix] = deliveriesPk("", 0).split("#");
const entriesAtOnce = 10;
const attemptsMax = 5;

/**
 * Only a delivery as it was made with its event is pending without being due: every later version is due, or done. A new
 * one is far below the size from which documents are deflated.
 */
export function waitingIn(image: Image, now: Date): QueueEntry[] {
  const { partition, pk } = splitPartition(attribute(image, "pk"));
  const isNew = pk.startsWith(`${pkPrefix}#`) && image["version"]?.N === "1" && !image["duePk"];
  const isExpired = Number(image["expiresAtSeconds"]?.N) * 1000 <= now.getTime();
  if (!isNew || isExpired) return [];
  const message = messageOf(JSON.parse(attribute(image, "document")) as DeliveryRecord, now);
  return message ? [queueEntryOf(partition, message)] : [];
}

/** Throws when the queue does not take them: then the page is read again. */
export async function sendAll(sqs: SQSClient, queueUrl: string, entries: readonly QueueEntry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += entriesAtOnce) {
    let pending = entries.slice(from, from + entriesAtOnce).map(({ body, group, delaySeconds }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: group,
      DelaySeconds: delaySeconds,
    }));
    for (let attempt = 1; pending.length > 0; attempt++) {
      if (attempt > attemptsMax) throw new Error(`The queue refused ${pending.length} messages.`);
      const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: pending }));
      const failed = new Set(Failed.map(({ Id: id }) => id));
      pending = pending.filter(({ Id: id }) => failed.has(id));
      if (pending.length > 0) await pause(100 * 2 ** attempt);
    }
  }
}
