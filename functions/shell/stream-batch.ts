/** How a consumer of the stream answers a batch of which a part has failed. */
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";

/**
 * `failed` are the records from which on something could not be done. Lambda goes on from the first of them, with all that
 * is behind it, until it gives all of that up. So when the first of the batch is among them, this throws: then Lambda halves
 * the batch, without counting it as a try, until a record that never succeeds stands alone and is given up alone.
 */
export function partAnswer({ Records: records }: DynamoDBStreamEvent, failed: readonly (DynamoDBRecord | undefined)[]): DynamoDBBatchResponse {
  const first = records[0];
  if (records.length > 1 && failed.includes(first)) throw new Error(`The batch cannot be taken from its first record, ${first?.dynamodb?.SequenceNumber}, on.`);
  return { batchItemFailures: failed.flatMap((record) => (record ? [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? "" }] : [])) };
}
