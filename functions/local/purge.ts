/**
 * The engine keeps expired items and old stream records for ever, where DynamoDB removes them after hours or a day.
 * So they are removed after each start, a little at a time, since requests are already being served.
 */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { type AttributeValue, DeleteItemCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { log } from "../shell/log.ts";
import { localConnection } from "./table.ts";

type Purge = { endpoint: string; tableName: string; file: string /** The last stream record that was handled. */; passed: string | undefined };
const rowsAtOnce = 250;
const pauseMilliseconds = 20;
const daySeconds = 86_400;

/** The answer stops the purge between two steps. */
export function startPurge(purge: Purge): () => Promise<void> {
  const stopped = new AbortController();
  const done = purgeAll(purge, stopped.signal).catch((error: unknown) => {
    if (!stopped.signal.aborted) log("error", "purge failed", { error: String((error as Error).stack ?? error) });
  });
  return () => {
    stopped.abort();
    return done;
  };
}

async function purgeAll({ endpoint, tableName, file, passed }: Purge, signal: AbortSignal): Promise<void> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  if (passed !== undefined)
    for await (const _ of streamRecordSteps(file, tableName, passed, nowSeconds - daySeconds)) await pause(pauseMilliseconds, undefined, { signal });
  for await (const _ of expiredItemSteps(endpoint, tableName, nowSeconds)) await pause(pauseMilliseconds, undefined, { signal });
}

/**
 * Removes the oldest records that were handled and are older than a day. The record at `passed` itself stays: the engine
 * makes the next sequence number from the highest that it finds, and must not begin anew below our position.
 */
function* streamRecordSteps(file: string, tableName: string, passed: string, beforeSeconds: number) {
  using database = new DatabaseSync(file, { timeout: 1_000 });
  const removeOldest = database.prepare(`DELETE FROM _stream_records WHERE id IN (SELECT id FROM (
    SELECT id, created_at FROM _stream_records WHERE table_name = ? AND CAST(sequence_number AS INTEGER) < CAST(? AS INTEGER)
    ORDER BY CAST(sequence_number AS INTEGER) LIMIT ${rowsAtOnce}) WHERE created_at < ?)`);
  while (removeOldest.run(tableName, passed, beforeSeconds).changes === rowsAtOnce) yield;
}

/** Through the API, so that the engine takes them out of its indexes too; an item that was written anew meanwhile stays. */
async function* expiredItemSteps(endpoint: string, tableName: string, nowSeconds: number) {
  const client = new DynamoDBClient(localConnection(endpoint));
  const values = { ":now": { N: String(nowSeconds) } };
  let from: Record<string, AttributeValue> | undefined;
  try {
    do {
      const page = await client.send(
        new ScanCommand({
          TableName: tableName,
          Limit: rowsAtOnce,
          ExclusiveStartKey: from,
          FilterExpression: "expiresAtSeconds <= :now",
          ExpressionAttributeValues: values,
          ProjectionExpression: "pk, sk",
        }),
      );
      for (const key of page.Items ?? [])
        await client
          .send(new DeleteItemCommand({ TableName: tableName, Key: key, ConditionExpression: "expiresAtSeconds <= :now", ExpressionAttributeValues: values }))
          .catch((error: Error) => {
            if (error.name !== "ConditionalCheckFailedException") throw error;
          });
      from = page.LastEvaluatedKey;
      yield;
    } while (from);
  } finally {
    client.destroy();
  }
}
