/** What SQS does with a batch of messages, behind its HTTP API on loopback; who gets them is the queue's business. */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { QueueEntry } from "../../domain/kernel/outside.ts";

type Entry = { Id: string; MessageBody: string; DelaySeconds?: number; MessageGroupId?: string };
type Refusal = { __type: string; message: string };

const entriesMax = 10;
const bytesMax = 1024 * 1024;
const delaySecondsMax = 900;

/** Takes messages for the queue at `queueUrl`, of whoever may send by the access key; anything else is refused as SQS would. */
export async function startSqs(maySend: (accessKey: string) => boolean, put: (entries: readonly QueueEntry[]) => Promise<void>) {
  const server = createServer(async (request, response) => {
    const answer = await take(request).catch((error: Error): Refusal => ({ __type: "com.amazonaws.sqs#InternalError", message: error.message }));
    response.writeHead("__type" in answer ? 400 : 200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const queueUrl = `${endpoint}/000000000000/deliveries`;

  async function take(request: IncomingMessage): Promise<object | Refusal> {
    const { QueueUrl: url, Entries: entries } = (await json(request)) as { QueueUrl: string; Entries: Entry[] };
    const refusal = refusalOf(request, url, entries);
    if (refusal) return { __type: `com.amazonaws.sqs#${refusal}`, message: refusal };
    await put(entries.map(({ MessageBody: body, MessageGroupId: group = "", DelaySeconds: delaySeconds = 0 }) => ({ body, group, delaySeconds })));
    return { Successful: entries.map(({ Id, MessageBody: body }) => ({ Id, MessageId: randomUUID(), MD5OfMessageBody: md5(body) })), Failed: [] };
  }
  function refusalOf({ headers }: IncomingMessage, url: string, entries: readonly Entry[]): string | undefined {
    if (headers["x-amz-target"] !== "AmazonSQS.SendMessageBatch") return "UnsupportedOperation";
    if (!maySend(/Credential=([^/]+)/.exec(headers.authorization ?? "")?.[1] ?? "")) return "AccessDeniedException";
    if (url !== queueUrl) return "QueueDoesNotExist";
    if (entries.length === 0) return "EmptyBatchRequest";
    if (entries.length > entriesMax) return "TooManyEntriesInBatchRequest";
    if (new Set(entries.map(({ Id }) => Id)).size < entries.length) return "BatchEntryIdsNotDistinct";
    if (entries.reduce((bytes, { MessageBody: body }) => bytes + Buffer.byteLength(body), 0) > bytesMax) return "BatchRequestTooLong";
    const isDelayed = ({ DelaySeconds: seconds = 0 }: Entry) => Number.isInteger(seconds) && seconds >= 0 && seconds <= delaySecondsMax;
    return entries.every(isDelayed) ? undefined : "InvalidParameterValue";
  }
  return { endpoint, queueUrl, stop: () => void server.close() };
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
