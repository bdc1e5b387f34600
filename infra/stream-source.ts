/** How a Lambda reads the table's stream: in order, in pieces when something fails, and not for ever. */
import { Duration, Stack } from "aws-cdk-lib";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { FilterCriteria, FilterRule, MetricType, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { type RecordFilter, streamConsumers } from "../domain/stream-consumers.ts";
import { acknowledgeWildcard } from "./acknowledged.ts";
import type { ProductFunction } from "./product-function.ts";
import { streams } from "./settings.ts";

/**
 * A record that fails holds up those behind it, which keeps the order, until it is mended or given up. What is given up
 * goes to the bucket whole: the stream itself forgets it after a day. Answers the id of the mapping.
 */
export function readStream({ lambda, node }: ProductFunction, table: ITableV2, failedBatches: Bucket): string {
  const consumer = streamConsumers.find(({ name }) => name === node.id);
  if (!consumer) throw new Error(`domain/stream-consumers.ts has no ${node.id}.`);
  const source = new DynamoEventSource(table, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    filters: [FilterCriteria.filter(patternOf(consumer.wants))],
    batchSize: streams.batchSizeMax,
    maxBatchingWindow: Duration.seconds(streams.batchWindowSeconds[consumer.name]),
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: streams.retriesMax,
    maxRecordAge: Duration.hours(streams.recordAgeHoursMax),
    onFailure: { bind: () => ({ destination: failedBatches.bucketArn }) },
    metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
  });
  lambda.addEventSource(source);
  // The CDK's own destination would grant reading, overwriting and deleting as well.
  lambda.addToRolePolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources: [failedBatches.bucketArn] }));
  lambda.addToRolePolicy(new PolicyStatement({ actions: ["s3:PutObject"], resources: [failedBatches.arnForObjects("aws/lambda/*")] }));
  const bucketId = Stack.of(failedBatches).resolve(failedBatches.bucketArn)["Fn::GetAtt"][0];
  if (lambda.role) acknowledgeWildcard(lambda.role, `<${bucketId}.Arn>/aws/lambda/*`, "Lambda names the objects, under this prefix.");
  return source.eventSourceMappingId;
}

/** As an event source mapping writes it. */
function patternOf(wanted: RecordFilter): Record<string, unknown> {
  if ("newAttribute" in wanted) return { dynamodb: { NewImage: { [wanted.newAttribute]: { S: FilterRule.exists() } } } };
  return { dynamodb: { Keys: { sk: { S: wanted.sk } } } };
}
