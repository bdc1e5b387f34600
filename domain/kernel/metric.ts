/** What the running functions count and time: for those who emit it, and for those who build alarms and a dashboard from it. */

export const metricNamespace = "Clientele";

/**
 * Every metric exists once for the deployment (`service`). Those of requests exist again for each operation and class of
 * tenant: as many metrics as pairs that are called in an hour, and each costs 0.30 USD a month while it is.
 */
export const deploymentDimensions = ["service"] as const;
export const requestDimensions = ["service", "operation", "tenantClass"] as const;

/** The value of `service` where POWERTOOLS_SERVICE_NAME does not say another. */
export const serviceName = "clientele";
/** The value that a stage's Lambdas are given: all the same one, so that a metric is of the whole stage, and of no other. */
export const serviceOf = (stage: string): string => `${serviceName}-${stage}`;

/** Few, since they multiply the metrics of operations. A tenant's size is that of its lists: 1 shard, fewer than 8, or more. */
export const tenantClasses = ["platform", "test", "anonymous", "small", "medium", "large"] as const;
export type TenantClass = (typeof tenantClasses)[number];

/** The `operation` of requests that reach none: other pages, and what no route takes. Else it is the operation's id. */
export const otherOperations = ["docs", "unmatched"] as const;

export type Metric = { readonly unit: "Milliseconds" | "Count"; readonly meaning: string };

/** One value each per request; `Fault` only where there was one, so the number of requests is how often `Latency` was sampled. */
export const requestMetrics = {
  Latency: { unit: "Milliseconds", meaning: "From the Lambda's call to its answer." },
  Fault: { unit: "Count", meaning: "Answered 5xx; a batch with an item that was." },
} as const satisfies Record<string, Metric>;

/** Absent while nothing happens: an alarm takes missing data for good. All but the first mean that somebody has to look. */
export const deploymentMetrics = {
  FirstAttemptDelay: {
    unit: "Milliseconds",
    meaning: "From an event to the first attempt to deliver it; not of what was paused, slowed down or replayed for its endpoint.",
  },
  IsolationDenied: { unit: "Count", meaning: "DynamoDB or STS denied access: a defect or an intruder reached outside a tenant's partition." },
  RateLimitsOpen: { unit: "Count", meaning: "Limits of requests or of deliveries were not enforced, because the table did not answer." },
  EventsNotAppended: { unit: "Count", meaning: "Events that a batch of the stream could not append to the log; they come again." },
  EntriesNotCounted: { unit: "Count", meaning: "Batches of wallet entries that could not be counted in the books; they come again." },
  DueWorkFailed: { unit: "Count", meaning: "Due work that failed; it is tried again in five minutes." },
  MessagesNotSent: { unit: "Count", meaning: "Messages that a commit could not hand to the queue; due work finds them." },
  DeliveriesFailed: { unit: "Count", meaning: "Deliveries that failed by our fault, not their receiver's; they come again." },
} as const satisfies Record<string, Metric>;

export type RequestMetric = keyof typeof requestMetrics;
export type DeploymentMetric = keyof typeof deploymentMetrics;
