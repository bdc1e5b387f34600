/**
 * `npm run redrive -- <stage>`: hands records of the stream that were given up to their Lambdas again, oldest first, and
 * removes from the bucket what they take. The Lambdas know what they have done before, so it may be run twice or killed.
 */
import { parseArgs } from "node:util";
import { DynamoDBClient, type TableDescription } from "@aws-sdk/client-dynamodb";
import { type LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { functionNameOf, type StageSettings } from "../settings.ts";
import { type FailedBatch, failedBatchIn, failedBatchPrefix, oldestFirst, recordsOf } from "./failed-batch.ts";
import { handOver, newLambdaClient } from "./hand-over.ts";
import { deployed, OperatorFailure, run, stageNamed } from "./operator.ts";
import { describe } from "./prepare-table.ts";

const usage = "Use: npm run redrive -- <stage>";

/** The mapping of the stream knows it. */
async function bucketOf(lambda: LambdaClient, stage: StageSettings): Promise<string> {
  const FunctionName = functionNameOf(stage.name, "append-events");
  const { EventSourceMappings: mappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
  const arn = mappings.map(({ DestinationConfig: to }) => to?.OnFailure?.Destination).find(Boolean);
  if (!arn) throw new OperatorFailure(`No stream that ${FunctionName} reads has a bucket for what is given up.`);
  return arn.slice(arn.lastIndexOf(":") + 1);
}

async function keysIn(s3: S3Client, Bucket: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: failedBatchPrefix }))
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
  return oldestFirst(keys);
}

/** Why the object stays; undefined when all of its records were taken. */
async function redrive(lambda: LambdaClient, table: TableDescription, text: string): Promise<string | undefined> {
  let batch: FailedBatch;
  try {
    batch = failedBatchIn(text);
  } catch (error) {
    return `not understood: ${(error as Error).message}`;
  }
  const records = recordsOf(batch, table);
  if (!records) return `of the table ${batch.tableName}, which the stage does not work on`;
  const failed = await handOver(lambda, batch.functionName, records);
  return failed.length > 0 ? `${failed.length} of ${records.length} records failed again in ${batch.functionName}` : undefined;
}

async function main(): Promise<void> {
  const stage = stageNamed(parseArgs({ allowPositionals: true }).positionals[0], usage);
  const lambda = newLambdaClient();
  const { tableName } = await deployed(lambda, stage);
  const table = await describe(new DynamoDBClient(), tableName);
  if (!table) throw new OperatorFailure(`There is no table ${tableName}, which the Lambdas are told to work on.`);
  const s3 = new S3Client();
  const Bucket = await bucketOf(lambda, stage);
  const keys = await keysIn(s3, Bucket);
  console.log(`${keys.length} batches were given up in ${Bucket}.`);
  let stay = 0;
  for (const Key of keys) {
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const reason = await redrive(lambda, table, (await body?.transformToString()) ?? "");
    if (reason === undefined) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    else stay += 1;
    console.log(`${reason === undefined ? "taken" : "stays"}  ${Key}${reason ? `: ${reason}` : ""}`);
  }
  if (stay > 0) throw new OperatorFailure(`${stay} of ${keys.length} batches stay in ${Bucket}; the logs of their Lambdas say why.`);
}

await run(main);
