/** What wakes somebody, and what it means for users; there are no other alarms. */
import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Operation } from "aws-cdk-lib/aws-dynamodb";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { type DeploymentMetric, deploymentMetrics } from "../domain/kernel/metric.ts";
import { deploymentMetric, type Observed } from "./observed.ts";
import { objectives } from "./settings.ts";
import type { Threshold } from "./threshold.ts";

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
const hour = Duration.hours(1);
/** Fewer requests say nothing about a share, unless so many of them fail. */
const requestsMin = 50;
const faultsMin = 5;

export const thresholdsOf = (observed: Observed): Record<string, Threshold> => ({
  ...ofRequests(observed),
  ...ofEvents(observed),
  ...ofResources(observed),
  ...ofOurOwn(observed),
});

/**
 * The share of requests that fail by our fault: as the product tells it, which knows what a batch answers for each item, or as
 * API Gateway does, which knows of requests that no Lambda answered.
 */
export const faultShare = ({ api, stage }: Observed, period: Duration): IMetric => {
  const told = deploymentMetric(stage, "Fault", { statistic: "sum" });
  const faults = new MathExpression({
    expression: "IF(FILL(told, 0) > FILL(seen, 0), FILL(told, 0), FILL(seen, 0))",
    usingMetrics: { told, seen: api.metricServerError() },
    period,
  });
  return new MathExpression({
    label: "share of requests that fail",
    expression: `IF(requests >= ${requestsMin} || faults >= ${faultsMin}, faults / requests, 0)`,
    usingMetrics: { requests: api.metricCount(), faults },
    period,
  });
};

/** Burn rates: SRE Workbook, chapter 5. At 14.4 times the objective's pace a month's budget is gone in two days, at 6 in five. */
const ofRequests = (observed: Observed): Record<string, Threshold> => ({
  FaultsFast: {
    metric: faultShare(observed, fiveMinutes),
    above: 14.4 * objectives.faultShareMax,
    periods: 3,
    meaning: "Requests fail by our fault; a month's budget of failures will be gone in two days.",
  },
  FaultsSlow: {
    metric: faultShare(observed, hour),
    above: 6 * objectives.faultShareMax,
    periods: 6,
    meaning: "Requests have been failing by our fault for hours; a month's budget of failures will be gone in five days.",
  },
  Latency: {
    metric: observed.api.metricLatency({ statistic: "p99", period: fiveMinutes }),
    above: objectives.latencyMillisecondsMax,
    periods: 3,
    isPercentile: true,
    meaning: "One request in a hundred takes longer than is promised.",
  },
});

const ofEvents = ({ stage, consumers, deliveries, deadLetters }: Observed): Record<string, Threshold> => ({
  FirstAttempt: {
    metric: deploymentMetric(stage, "FirstAttemptDelay", { statistic: "p99", period: fiveMinutes }),
    above: objectives.firstAttemptMillisecondsMax,
    periods: 3,
    isPercentile: true,
    meaning: "Webhooks are late: from an event to its first attempt.",
  },
  ...Object.fromEntries(
    consumers.map(({ made }) => [
      `StreamAge-${made.node.id}`,
      {
        metric: made.lambda.metric("IteratorAge", { statistic: "max", period: minute }),
        above: objectives.streamAgeSecondsMax * 1000,
        periods: 3,
        meaning: "The stream is read too slowly, or a record holds it up: events or books are late. After a day records are lost to it.",
      },
    ]),
  ),
  ...Object.fromEntries(
    consumers.flatMap(({ made, mappingId }) => [
      [
        `GivenUp-${made.node.id}`,
        {
          metric: ofMapping(mappingId, "OnFailureDestinationDeliveredEventCount"),
          above: 0,
          meaning: "Records of the stream were given up; they wait in the bucket of failed batches.",
        },
      ],
      [
        `Dropped-${made.node.id}`,
        {
          metric: ofMapping(mappingId, "DroppedEventCount"),
          above: 0,
          meaning: "Records of the stream were dropped: they are in the table only, and nobody is told of them.",
        },
      ],
      [
        `NotKept-${made.node.id}`,
        {
          metric: made.lambda.metric("DestinationDeliveryFailures", { statistic: "sum", period: minute }),
          above: 0,
          meaning: "What was given up could not be put where it is kept: it is lost to the stream.",
        },
      ],
    ]),
  ),
  QueueAge: {
    metric: deliveries.metricApproximateAgeOfOldestMessage({ period: minute }),
    above: objectives.queueAgeSecondsMax,
    periods: 5,
    meaning: "Deliveries wait in the queue: there are more than are sent.",
  },
  ...Object.fromEntries(
    deadLetters.map((queue) => [
      `DeadLetters-${queue.node.id}`,
      {
        metric: queue.metricApproximateNumberOfMessagesVisible({ period: minute }),
        above: 0,
        meaning: "Something was given up; it waits in the dead-letter queue.",
      },
    ]),
  ),
});

const ofResources = ({ table, functions, sweeper }: Observed): Record<string, Threshold> => ({
  TableThrottles: {
    metric: table.metricThrottledRequestsForOperations({
      operations: [
        Operation.GET_ITEM,
        Operation.BATCH_GET_ITEM,
        Operation.QUERY,
        Operation.PUT_ITEM,
        Operation.UPDATE_ITEM,
        Operation.DELETE_ITEM,
        Operation.TRANSACT_WRITE_ITEMS,
      ],
      period: fiveMinutes,
    }),
    above: 0,
    periods: 3,
    meaning: "The table refuses requests: a partition is hot, or the account's limit is reached.",
  },
  ...anyOf(
    "LambdaThrottles",
    functions,
    (lambda) => lambda.metricThrottles({ period: fiveMinutes }),
    "Lambdas are refused: the account's concurrency is used up.",
  ),
  ...anyOf("LambdaErrors", functions, (lambda) => lambda.metricErrors({ period: fiveMinutes }), "Lambdas crash, hang or do not load."),
  NoSweep: {
    metric: sweeper.lambda.metricInvocations({ statistic: "sum", period: fiveMinutes }),
    below: 1,
    periods: 2,
    meaning: "Nobody looks for work that is due: expiries are told late, and webhooks are not tried again.",
  },
});

/** Absent while nothing is wrong. */
const ofOurOwn = ({ stage }: Observed): Record<string, Threshold> =>
  Object.fromEntries(
    (Object.keys(deploymentMetrics) as DeploymentMetric[])
      .filter((name) => deploymentMetrics[name].unit === "Count")
      .map((name) => [
        name,
        { metric: deploymentMetric(stage, name, { statistic: "sum", period: fiveMinutes }), above: 0, meaning: deploymentMetrics[name].meaning },
      ]),
  );

/** As many metrics as an alarm may add up. */
const metricsMax = 10;

function anyOf(name: string, functions: readonly LambdaFunction[], metricOf: (lambda: LambdaFunction) => Metric, meaning: string): Record<string, Threshold> {
  const groups = Array.from({ length: Math.ceil(functions.length / metricsMax) }, (_, index) => functions.slice(index * metricsMax, (index + 1) * metricsMax));
  return Object.fromEntries(groups.map((group, index) => [`${name}${index + 1}`, { metric: sumOf(group.map(metricOf)), above: 0, periods: 3, meaning }]));
}

/** Of an event source mapping, which counts events where that is switched on. */
const ofMapping = (id: string, metricName: string): Metric =>
  new Metric({ namespace: "AWS/Lambda", metricName, dimensionsMap: { EventSourceMappingUUID: id }, statistic: "sum", period: minute });

const sumOf = (metrics: readonly Metric[]): IMetric => {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  return new MathExpression({ expression: `SUM([${Object.keys(usingMetrics).join(", ")}])`, usingMetrics, period: fiveMinutes });
};
