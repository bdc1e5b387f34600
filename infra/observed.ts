/** What is looked at, and where its own metrics stand. */
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { Metric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { type DeploymentMetric, metricNamespace, type RequestMetric, serviceOf } from "../domain/kernel/metric.ts";
import type { ProductFunction } from "./product-function.ts";
import type { StageSettings } from "./settings.ts";

export type Consumer = { readonly made: ProductFunction; readonly mappingId: string };
export type Observed = {
  readonly stage: StageSettings;
  readonly table: ITableV2;
  readonly api: HttpApi;
  readonly functions: readonly LambdaFunction[];
  readonly consumers: readonly Consumer[];
  readonly deliveries: Queue;
  readonly deadLetters: readonly Queue[];
  readonly sweeper: ProductFunction;
};

/** A metric that the product itself writes, for the whole stage. */
export const deploymentMetric = (stage: StageSettings, metricName: DeploymentMetric | RequestMetric, options: MetricOptions): Metric =>
  new Metric({ namespace: metricNamespace, metricName, dimensionsMap: { service: serviceOf(stage.name) }, ...options });
