/** Metrics as lines of the log, in CloudWatch's embedded metric format: nothing is called. Outside a Lambda nothing is written. */
import { Metrics } from "@aws-lambda-powertools/metrics";
import { type DeploymentMetric, deploymentMetrics, metricNamespace, requestMetrics, type TenantClass } from "../../domain/kernel/metric.ts";
import { isInLambda, service } from "./in-lambda.ts";
import { log, traceOf } from "./log.ts";

/** A line is begun and written in one go, so that one instance serves requests that are under way together. */
const metrics = isInLambda ? new Metrics({ namespace: metricNamespace, serviceName: service }) : undefined;

/** What a line also says, for searching: ids, codes and numbers that would be too many as dimensions. */
export type Properties = Readonly<Record<string, string | number | boolean | undefined>>;

function publish(properties: Properties): void {
  // The library's type knows texts only; the format takes any JSON, and searches compare numbers.
  for (const [name, value] of Object.entries(properties)) if (value !== undefined) metrics?.addMetadata(name, value as string);
  metrics?.publishStoredMetrics();
}

/** A line takes 100 values; at the last Powertools would write it by itself, before it has its properties. */
const valuesMax = 99;

export function measure(metric: DeploymentMetric, values: readonly number[], properties: Properties = {}): void {
  if (!metrics) return;
  for (let from = 0; from < values.length; from += valuesMax) {
    for (const value of values.slice(from, from + valuesMax)) metrics.addMetric(metric, deploymentMetrics[metric].unit, value);
    publish(properties);
  }
}

/** Tells of a failure that nobody gets as an answer: in the log, and counted for those who are alarmed by it. */
export function complain(metric: DeploymentMetric, message: string, error: unknown, facts: Record<string, unknown> = {}, count = 1): void {
  log("error", message, { ...facts, error: traceOf(error) });
  measure(metric, [count]);
}

export type RequestMeasured = { readonly operation: string; readonly tenantClass: TenantClass; readonly milliseconds: number; readonly isFault: boolean };

/** The one line of a request: what it took, and the access log. */
export function measureRequest({ operation, tenantClass, milliseconds, isFault }: RequestMeasured, properties: Properties): void {
  if (!metrics) return;
  // Empty: the deployment as a whole. Both sets get `service` besides.
  metrics.addDimensions({}).addDimensions({ operation, tenantClass });
  metrics.addMetric("Latency", requestMetrics.Latency.unit, milliseconds);
  if (isFault) metrics.addMetric("Fault", requestMetrics.Fault.unit, 1);
  publish(properties);
}
