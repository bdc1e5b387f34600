/**
 * What a restore does not bring along, put back: after the Developer Guide of DynamoDB, "Recovery by initiating a table
 * restore". Of that list a table of this product has a stream, TTL, point-in-time recovery, deletion protection and tags;
 * it has no auto scaling, policies, replicas or table class of its own.
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { type StageSettings, timeToLiveAttribute } from "../settings.ts";

const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 30_000;
const saysEveryMilliseconds = 60_000;

/** Undefined when there is no such table. */
export async function describe(dynamodb: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> {
  try {
    return (await dynamodb.send(new DescribeTableCommand({ TableName: tableName }))).Table;
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/** Waits until the table and its indexes can be used, and says every minute that it still waits. */
export async function untilReady(dynamodb: DynamoDBClient, tableName: string): Promise<TableDescription> {
  const startedAt = Date.now();
  let saidAt = startedAt;
  for (let milliseconds = firstPauseMilliseconds; ; milliseconds = Math.min(milliseconds * 2, longestPauseMilliseconds)) {
    const table = await describe(dynamodb, tableName);
    const indexes = table?.GlobalSecondaryIndexes ?? [];
    const isReady =
      table?.TableStatus === "ACTIVE" && !table.RestoreSummary?.RestoreInProgress && indexes.every(({ IndexStatus: status }) => status === "ACTIVE");
    if (isReady) return table;
    if (Date.now() - saidAt >= saysEveryMilliseconds) {
      saidAt = Date.now();
      console.log(`${tableName} is ${table?.TableStatus ?? "not there yet"}, for ${Math.round((saidAt - startedAt) / 60_000)} minutes.`);
    }
    await pause(milliseconds);
  }
}

/** Each step looks first, since DynamoDB refuses to set what is set. Answers the label of the table's stream. */
export async function prepareTable(dynamodb: DynamoDBClient, tableName: string, stage: StageSettings): Promise<string> {
  let table = await untilReady(dynamodb, tableName);
  if (!table.StreamSpecification?.StreamEnabled) {
    const StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" as const };
    await dynamodb.send(new UpdateTableCommand({ TableName: tableName, StreamSpecification }));
    table = await untilReady(dynamodb, tableName);
  }
  if (!table.DeletionProtectionEnabled) {
    await dynamodb.send(new UpdateTableCommand({ TableName: tableName, DeletionProtectionEnabled: true }));
    table = await untilReady(dynamodb, tableName);
  }
  await expire(dynamodb, tableName);
  await recoverable(dynamodb, tableName, stage.pointInTimeRecoveryDays);
  const Tags = Object.entries({ product: "clientele", stage: stage.name }).map(([Key, Value]) => ({ Key, Value }));
  await dynamodb.send(new TagResourceCommand({ ResourceArn: table.TableArn, Tags }));
  console.log(`${tableName} has its stream, time to live, deletion protection, tags, and point-in-time recovery for ${stage.pointInTimeRecoveryDays} days.`);
  return table.LatestStreamLabel ?? "";
}

async function expire(dynamodb: DynamoDBClient, tableName: string): Promise<void> {
  const { TimeToLiveDescription: now } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  if (now?.TimeToLiveStatus === "ENABLED" || now?.TimeToLiveStatus === "ENABLING") return;
  const TimeToLiveSpecification = { AttributeName: timeToLiveAttribute, Enabled: true };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }));
}

async function recoverable(dynamodb: DynamoDBClient, tableName: string, days: number): Promise<void> {
  const { ContinuousBackupsDescription: now } = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: tableName }));
  const { PointInTimeRecoveryStatus: status, RecoveryPeriodInDays: period } = now?.PointInTimeRecoveryDescription ?? {};
  if (status === "ENABLED" && period === days) return;
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: days };
  await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName: tableName, PointInTimeRecoverySpecification }));
}
