/** The queue of webhook deliveries: SQS on AWS; on a laptop a queue in this process takes its place. */
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Message, type QueueEntry, queueEntryOf } from "../../domain/kernel/outside.ts";
import { deployment } from "./config.ts";
import { inTrace } from "./trace.ts";

/** Takes entries at least once, or throws: then some may have been taken. */
export type Queue = { put(entries: readonly QueueEntry[]): Promise<void> };

let connected: Queue | undefined;
/** Puts another queue in the place of SQS; for the local runtime, before the first message. */
export const connectQueue = (queue: Queue): void => {
  connected = queue;
};

export async function sendToQueue(partition: string, messages: readonly Message[]): Promise<void> {
  connected ??= sqsQueue(deployment().queueUrl);
  await connected.put(messages.map((message) => queueEntryOf(partition, message)));
}

const entriesAtOnce = 10;
const callsAtOnce = 8;
const attemptsMax = 3;

/** A standard queue; the group makes it a fair one: an endpoint with a long backlog does not make the others wait. */
export function sqsQueue(url: string | undefined, client: SQSClient = new SQSClient({})): Queue {
  if (!url) throw new Error("QUEUE_URL names no queue.");
  const putSome = async (entries: readonly QueueEntry[]): Promise<void> => {
    let pending = entries.map(({ body, group, delaySeconds }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: group,
      DelaySeconds: delaySeconds,
    }));
    for (let attempt = 1; pending.length > 0; attempt++) {
      if (attempt > attemptsMax) throw new Error(`The queue refused ${pending.length} messages.`);
      const { Failed = [] } = await inTrace(client).send(new SendMessageBatchCommand({ QueueUrl: url, Entries: pending }));
      const failed = new Set(Failed.map(({ Id: id }) => id));
      pending = pending.filter(({ Id: id }) => failed.has(id));
    }
  };
  return {
    async put(entries) {
      const chunks = Array.from({ length: Math.ceil(entries.length / entriesAtOnce) }, (_, index) =>
        entries.slice(index * entriesAtOnce, (index + 1) * entriesAtOnce),
      );
      await Promise.all(
        Array.from({ length: callsAtOnce }, async () => {
          for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) await putSome(chunk);
        }),
      );
    },
  };
}
