/** Hands records to a Lambda that reads the table's stream, as the stream does: in order, again from the first one that failed. */
import { setTimeout as pause } from "node:timers/promises";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { DynamoDBBatchResponse, DynamoDBRecord } from "aws-lambda";

export type Image = Record<string, AttributeValue>;

const attemptsMax = 4;
const firstPauseMilliseconds = 500;
const recordsMax = 100;
/** A request of Lambda holds 6 MB. */
const bytesMax = 4 * 1024 * 1024;
/** Longer than any Lambda may take. */
const patience = { connectionTimeout: 5_000, requestTimeout: 90_000 };

export const newLambdaClient = (): LambdaClient => new LambdaClient({ requestHandler: patience });

/** An item as a record of the stream that knows nothing of what stood there before. Bytes are base64, as Lambda gets them. */
export function recordOf(image: Image, index: number): DynamoDBRecord {
  const { pk, sk } = image;
  const dynamodb = { Keys: { pk, sk }, NewImage: image, SequenceNumber: String(index), StreamViewType: "NEW_IMAGE" };
  const text = JSON.stringify({ eventName: "INSERT", eventSource: "aws:dynamodb", dynamodb }, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  return JSON.parse(text) as DynamoDBRecord;
}

/** Answers the records that failed to the last. */
export async function handOver(lambda: LambdaClient, functionName: string, records: readonly DynamoDBRecord[]): Promise<DynamoDBRecord[]> {
  const failed: DynamoDBRecord[] = [];
  for (const batch of batchesOf(records)) failed.push(...(await handOverBatch(lambda, functionName, batch)));
  return failed;
}

export function batchesOf(records: readonly DynamoDBRecord[]): DynamoDBRecord[][] {
  const batches: DynamoDBRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record));
    if (batches.length === 0 || bytes + size > bytesMax || batches.at(-1)?.length === recordsMax) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(record);
    bytes += size;
  }
  return batches;
}

/** What fails holds up what follows, until it is given up: then the rest goes on without it. */
async function handOverBatch(lambda: LambdaClient, functionName: string, batch: readonly DynamoDBRecord[]): Promise<DynamoDBRecord[]> {
  const givenUp: DynamoDBRecord[] = [];
  let pending = batch;
  for (let attempt = 1; pending.length > 0; attempt++) {
    const failures = await failuresOf(lambda, functionName, pending);
    const first = pending.findIndex((record) => failures.has(sequenceOf(record)));
    if (first === -1) break;
    if (first > 0) attempt = 1;
    pending = pending.slice(first);
    if (attempt < attemptsMax) {
      await pause(firstPauseMilliseconds * 2 ** (attempt - 1));
      continue;
    }
    if (failures.size === pending.length && pending.length > 1) {
      // Nobody said which one it was: halves find out, as Lambda does with a batch of the stream.
      const middle = Math.ceil(pending.length / 2);
      for (const half of [pending.slice(0, middle), pending.slice(middle)]) givenUp.push(...(await handOverBatch(lambda, functionName, half)));
      break;
    }
    givenUp.push(...pending.filter((record) => failures.has(sequenceOf(record))));
    pending = pending.filter((record) => !failures.has(sequenceOf(record)));
    attempt = 0;
  }
  return givenUp;
}

const sequenceOf = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.SequenceNumber ?? "";

/** The sequence numbers that the Lambda names; all of them when it crashed or took too long. */
async function failuresOf(lambda: LambdaClient, functionName: string, records: readonly DynamoDBRecord[]): Promise<Set<string>> {
  const answer = await lambda.send(new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify({ Records: records }) }));
  const text = answer.Payload?.transformToString() || "{}";
  if (answer.FunctionError) {
    console.error(`${functionName} failed: ${text.slice(0, 300)}`);
    return new Set(records.map(sequenceOf));
  }
  const { batchItemFailures = [] } = JSON.parse(text) as Partial<DynamoDBBatchResponse>;
  return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}
