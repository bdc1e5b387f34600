/**
 * What Lambda leaves in the bucket when it gives up records of a stream: see "Retain discarded records for a DynamoDB event
 * source in Lambda" in its Developer Guide. The object's key is
 * `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>`.
 */
import type { TableDescription } from "@aws-sdk/client-dynamodb";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";

export const failedBatchPrefix = "aws/lambda/";

/** `payload` is documented as "<Whole Event>", with no word on whether that is an object or its text: either is read. */
type InvocationRecord = {
  readonly requestContext: { readonly functionArn: string; readonly condition: string };
  readonly DDBStreamBatchInfo: { readonly streamArn: string; readonly startSequenceNumber: string };
  readonly payload?: DynamoDBStreamEvent | string;
};
export type FailedBatch = {
  readonly functionName: string;
  readonly tableName: string;
  /** Why it was given up, such as `RetryAttemptsExhausted`. */
  readonly condition: string;
  readonly records: readonly DynamoDBRecord[];
};

const givenUpAt = (key: string): string => key.split("/").at(-1) ?? "";
/** By the second in which they were given up: shards and mappings stand before it in the keys. */
export const oldestFirst = (keys: readonly string[]): string[] =>
  keys.toSorted((one, other) => (givenUpAt(one) < givenUpAt(other) ? -1 : Number(givenUpAt(one) > givenUpAt(other))));

/** Throws when the text is no such record, or one without its payload. */
export function failedBatchIn(text: string): FailedBatch {
  const { requestContext, DDBStreamBatchInfo: batch, payload } = JSON.parse(text) as InvocationRecord;
  const event = typeof payload === "string" ? (JSON.parse(payload) as DynamoDBStreamEvent) : payload;
  const functionName = /:function:([^:]+)/.exec(requestContext.functionArn)?.[1];
  const tableName = /:table\/([^/]+)/.exec(batch.streamArn)?.[1];
  if (!functionName || !tableName || !event?.Records) throw new Error("It names no function or no table, or has no records.");
  return { functionName, tableName, condition: requestContext.condition, records: event.Records };
}

/**
 * What the batch tells of `table`. Of the table that it was restored from, that is what was written before the second of the
 * restore: the rest never happened. Undefined for a batch of any other table. Records tell the second in which they were made.
 */
export function recordsOf(
  { tableName, records }: FailedBatch,
  { TableName: name, RestoreSummary: restore }: TableDescription,
): readonly DynamoDBRecord[] | undefined {
  if (tableName === name) return records;
  if (!restore?.RestoreDateTime || !restore.SourceTableArn?.endsWith(`:table/${tableName}`)) return undefined;
  const restoredSeconds = restore.RestoreDateTime.getTime() / 1000;
  return records.filter(({ dynamodb }) => (dynamodb?.ApproximateCreationDateTime ?? Number.POSITIVE_INFINITY) < restoredSeconds);
}
