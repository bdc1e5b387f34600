/**
 * Feeds the table's stream to a Lambda, as an event source mapping does on AWS: in order within a shard, again from the first
 * record that failed, and on from the last position after a restart. Each consumer reads by itself, with its own position:
 * one that fails holds up no other.
 */
import { readFileSync } from "node:fs";
import { DescribeStreamCommand, DynamoDBStreamsClient, GetShardIteratorCommand, type Shard } from "@aws-sdk/client-dynamodb-streams";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { writeAtomically } from "./data-folder.ts";
import { getRecords } from "./get-records.ts";
import { startLoop } from "./loop.ts";
import { localConnection } from "./table.ts";

export type StreamHandler = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;
type Source = { endpoint: string; streamArn: string; positionFile: string };
export type StreamConsumer = {
  readonly name: string;
  /** As the event filter on AWS: what it does not want does not count for the size of a batch. */
  wants(record: DynamoDBRecord): boolean;
  readonly handler: StreamHandler;
};
/** How far each shard of the stream was handled: a sequence number, or `finished` for a closed shard that was read to its end. */
type Position = { streamArn: string; shards: Record<string, string> };
type OpenShard = { id: string; iterator?: string | undefined };

const idleMilliseconds = 100;
const recordsRead = 1_000;
const recordsHandled = 100;

/** The position in the file if it belongs to this stream. An unreadable file only means that all is handled once more. */
export function readPosition(positionFile: string, streamArn: string): Position {
  try {
    const position: Position = JSON.parse(readFileSync(positionFile, "utf8"));
    if (position.streamArn === streamArn) return position;
  } catch {}
  return { streamArn, shards: {} };
}

/** The handler must be idempotent: what was handled just before a crash comes again. The answer stops the consumer. */
export function startStreamConsumer(source: Source, consumer: StreamConsumer): () => Promise<void> {
  const client = new DynamoDBStreamsClient(localConnection(source.endpoint));
  const position = readPosition(source.positionFile, source.streamArn);
  let open: OpenShard[] | undefined;

  const moveTo = (shardId: string, place: string) => {
    position.shards[shardId] = place;
    writeAtomically(source.positionFile, JSON.stringify(position));
  };
  async function poll(stopped: AbortSignal): Promise<number> {
    open ??= await findOpenShards(client, position);
    let isBehind = false;
    for (const shard of open) {
      const iterator = (shard.iterator ??= await iteratorAt(client, source.streamArn, shard.id, position.shards[shard.id]));
      // Whatever fails below, the shard is read again from its position.
      shard.iterator = undefined;
      const { Records: records, NextShardIterator: next } = await getRecords(source.endpoint, iterator, recordsRead);
      for (const batch of batchesOf(records, consumer)) {
        if (stopped.aborted) return 0;
        await handle(batch, source.streamArn, consumer, (place) => moveTo(shard.id, place));
      }
      shard.iterator = next;
      if (!next) {
        moveTo(shard.id, "finished");
        open = undefined;
      }
      isBehind ||= !next || records.length === recordsRead;
    }
    if (open?.length === 0) open = undefined;
    return isBehind ? 0 : idleMilliseconds;
  }
  return startLoop(`stream consumer ${consumer.name}`, poll);
}

/** All records in order, cut where a batch has as many wanted ones as a handler gets at once. */
function batchesOf(records: readonly DynamoDBRecord[], { wants }: StreamConsumer): DynamoDBRecord[][] {
  const batches: DynamoDBRecord[][] = [];
  let room = 0;
  for (const record of records) {
    const isWanted = wants(record);
    if (batches.length === 0 || (isWanted && room === 0)) {
      batches.push([]);
      room = recordsHandled;
    }
    batches.at(-1)?.push(record);
    if (isWanted) room -= 1;
  }
  return batches;
}

/** Moves past what was handled; throws when the rest is to be tried again. */
async function handle(records: DynamoDBRecord[], streamArn: string, consumer: StreamConsumer, moveTo: (place: string) => void): Promise<void> {
  const wanted = records.filter(consumer.wants);
  const result = wanted.length > 0 ? await consumer.handler({ Records: wanted.map((record) => ({ ...record, eventSourceARN: streamArn })) }) : undefined;
  const failed = new Set(result?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const firstFailed = failed.size === 0 ? records.length : records.findIndex((record) => failed.has(sequenceOf(record)));
  const lastHandled = records[firstFailed - 1];
  if (lastHandled) moveTo(sequenceOf(lastHandled));
  if (failed.size > 0) throw new Error(`${consumer.name} failed at stream record ${[...failed].join(", ")}.`);
}
const sequenceOf = (record: DynamoDBRecord): string => record.dynamodb?.SequenceNumber ?? "";

/** The shards that are next to read: not finished, and after their parent. Forgets positions of shards that are gone. */
async function findOpenShards(client: DynamoDBStreamsClient, position: Position): Promise<OpenShard[]> {
  const shards: Shard[] = [];
  let after: string | undefined;
  do {
    const { StreamDescription: stream } = await client.send(new DescribeStreamCommand({ StreamArn: position.streamArn, ExclusiveStartShardId: after }));
    shards.push(...(stream?.Shards ?? []));
    after = stream?.LastEvaluatedShardId;
  } while (after);
  const ids = new Set(shards.map(({ ShardId: id }) => id as string));
  for (const id of Object.keys(position.shards)) if (!ids.has(id)) delete position.shards[id];
  return shards
    .filter(
      ({ ShardId: id = "", ParentShardId: parent = "" }) => position.shards[id] !== "finished" && (!ids.has(parent) || position.shards[parent] === "finished"),
    )
    .map(({ ShardId: id = "" }) => ({ id }));
}

async function iteratorAt(client: DynamoDBStreamsClient, streamArn: string, shardId: string, place: string | undefined): Promise<string> {
  const iterator = async (type: "TRIM_HORIZON" | "AFTER_SEQUENCE_NUMBER", sequence?: string) => {
    const answer = await client.send(
      new GetShardIteratorCommand({ StreamArn: streamArn, ShardId: shardId, ShardIteratorType: type, SequenceNumber: sequence }),
    );
    return answer.ShardIterator as string;
  };
  if (place === undefined) return iterator("TRIM_HORIZON");
  return iterator("AFTER_SEQUENCE_NUMBER", place).catch((error: Error) => {
    // The record at our position is older than the stream's 24 hours.
    if (error.name === "TrimmedDataAccessException") return iterator("TRIM_HORIZON");
    throw error;
  });
}
