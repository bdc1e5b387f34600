import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { QueueEntry } from "../../domain/kernel/outside.ts";
import { sqsQueue } from "./queue.ts";

type SentEntry = { Id: string; MessageBody: string; MessageGroupId: string; DelaySeconds: number };
type Call = { target: string | undefined; body: { QueueUrl: string; Entries: SentEntry[] } };

/** A server that speaks the queue's protocol, takes what `refuses` does not name, and remembers all calls. */
const calls: Call[] = [];
const taken: SentEntry[] = [];
let refuses: (entry: SentEntry) => boolean;
let [atOnce, atOnceMost] = [0, 0];
const server = createServer(async (request, response) => {
  atOnceMost = Math.max(atOnceMost, ++atOnce);
  const body = JSON.parse(await text(request)) as Call["body"];
  calls.push({ target: request.headers["x-amz-target"] as string | undefined, body });
  // Long enough for the other calls to come in.
  await pause(10);
  const [bad, good] = [body.Entries.filter(refuses), body.Entries.filter((entry) => !refuses(entry))];
  taken.push(...good);
  const answer = {
    Successful: good.map(({ Id, MessageBody }) => ({ Id, MessageId: `m-${taken.length}-${Id}`, MD5OfMessageBody: md5(MessageBody) })),
    ...(bad.length > 0 && { Failed: bad.map(({ Id }) => ({ Id, SenderFault: false, Code: "InternalError" })) }),
  };
  atOnce--;
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
});
const md5 = (body: string): string => createHash("md5").update(body).digest("hex");

await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const client = new SQSClient({ endpoint, region: "eu-west-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
const url = `${endpoint}/000000000000/deliveries`;
const queue = sqsQueue(url, client);
afterAll(() => {
  client.destroy();
  server.close();
});
beforeEach(() => {
  for (const list of [calls, taken]) list.length = 0;
  atOnceMost = 0;
  refuses = () => false;
});

const entries = (count: number): QueueEntry[] =>
  Array.from({ length: count }, (_, number) => ({ body: JSON.stringify({ number }), group: `tn_1 we_${number % 3}`, delaySeconds: number * 9 }));
const numberOf = ({ MessageBody }: SentEntry): number => JSON.parse(MessageBody).number;
const takenNumbers = () => taken.map(numberOf).toSorted((one, other) => one - other);
const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

describe("SQS is given", () => {
  test("95 messages in batches of ten at most, several at once, and none is lost or sent twice", async () => {
    await queue.put(entries(95));
    expect(takenNumbers()).toEqual(numbers(95));
    expect(calls.map(({ body }) => body.Entries.length).toSorted((one, other) => one - other)).toEqual([5, ...Array(9).fill(10)]);
    expect(atOnceMost).toBeGreaterThan(1);
    expect(atOnceMost).toBeLessThanOrEqual(8);
    for (const { target, body } of calls) {
      expect([target, body.QueueUrl]).toEqual(["AmazonSQS.SendMessageBatch", url]);
      expect(new Set(body.Entries.map(({ Id }) => Id)).size).toBe(body.Entries.length);
    }
  });

  test("the delay of each message, and whose it is", async () => {
    await queue.put(entries(95));
    for (const entry of taken) {
      const number = numberOf(entry);
      expect(entry).toMatchObject({ DelaySeconds: number * 9, MessageGroupId: `tn_1 we_${number % 3}` });
    }
  });

  test("nothing when there is nothing to send", async () => {
    await queue.put([]);
    expect(calls).toEqual([]);
  });
});

describe("messages that SQS refuses", () => {
  const triesOf = (number: number) => calls.filter(({ body }) => body.Entries.some((entry) => numberOf(entry) === number)).length;

  test("are sent again, and only they: all 95 arrive once when it takes them at the third time", async () => {
    refuses = (entry) => numberOf(entry) % 4 === 0 && triesOf(numberOf(entry)) < 3;
    await queue.put(entries(95));
    expect(takenNumbers()).toEqual(numbers(95));
    for (const number of numbers(95)) expect([number, triesOf(number)]).toEqual([number, number % 4 === 0 ? 3 : 1]);
  });

  test("three times make the call throw, so that nobody takes them for sent", async () => {
    refuses = (entry) => numberOf(entry) === 42;
    await expect(queue.put(entries(95))).rejects.toThrow("refused 1 message");
    expect([triesOf(42), triesOf(41)]).toEqual([3, 1]);
    expect(takenNumbers()).not.toContain(42);
  });
});

test("a queue without an address is refused at once", () => {
  expect(() => sqsQueue(undefined, client)).toThrow("QUEUE_URL");
});
