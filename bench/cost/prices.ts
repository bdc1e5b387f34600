/**
 * What AWS asks: on-demand list prices of us-east-1, first tier, without the free tier. The only place for prices.
 * `source` is the page of AWS that lists the price. `copy` is where the figure was read on the day in `seen`, since AWS's own
 * pages fetch their figures while they are shown: a copy kept by somebody else, with the date that it bears.
 */
export type UnitPrice = {
  readonly usd: number;
  /** So many units cost that. */
  readonly per: number;
  readonly unit: string;
  readonly source: string;
  readonly copy: string;
  readonly seen: string;
};

const million = 1_000_000;
const seen = "2026-11-22";
const onDemandCopy = "https://airbyte.com/data-engineering-resources/dynamodb-pricing (July 2025, after the cut of November 2024)";
const dynamodb = { source: "https://aws.amazon.com/dynamodb/pricing/on-demand/", seen };
const lambda = { source: "https://aws.amazon.com/lambda/pricing/", copy: "https://cloudchipr.com/blog/aws-lambda-pricing (2024)", seen };
const sqs = { source: "https://aws.amazon.com/sqs/pricing/", copy: "https://cloudburn.io/blog/amazon-sqs-pricing (March 2026)", seen };
const cloudwatch = { source: "https://aws.amazon.com/cloudwatch/pricing/", copy: "https://signoz.io/guides/cloudwatch-pricing (February 2026)", seen };
const scheduler = {
  source: "https://aws.amazon.com/eventbridge/pricing/",
  copy: "https://cloudburn.io/blog/amazon-eventbridge-pricing (March 2026)",
  seen,
};
const gateway = { source: "https://aws.amazon.com/api-gateway/pricing/", seen };
const httpApiCopy = "AWS whitepaper Best Practices for Designing API Gateway Private APIs, Cost optimization";
const dataOut = { source: "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer", copy: "https://www.apigatewaycost.com/aws (2026)", seen };

/** What a request uses. Writes to an index count as write units, and so does each of the two passes of a transaction. */
export const usagePrices = {
  readUnits: { usd: 0.125, per: million, unit: "read request units, of 4 KB read strongly consistently", ...dynamodb, copy: onDemandCopy },
  writeUnits: { usd: 0.625, per: million, unit: "write request units, of 1 KB", ...dynamodb, copy: onDemandCopy },
  gatewayRequests: { usd: 1, per: million, unit: "requests of an HTTP API, of 512 KB", ...gateway, copy: httpApiCopy },
  lambdaRequests: { usd: 0.2, per: million, unit: "invocations", ...lambda },
  lambdaGigabyteSeconds: { usd: 0.0000133334, per: 1, unit: "GB-seconds on arm64", ...lambda },
  queueRequests: { usd: 0.4, per: million, unit: "requests to a standard queue, of 64 KB", ...sqs },
  /** On top of the request, for messages with a group. */
  fairQueueRequests: { usd: 0.1, per: million, unit: "requests with messages of a fair queue", ...sqs },
  logGigabytes: { usd: 0.5, per: 1, unit: "GB of logs taken in", ...cloudwatch },
  traces: { usd: 5, per: million, unit: "traces recorded", source: "https://aws.amazon.com/xray/pricing/", copy: "the same page", seen },
  gigabytesOut: { usd: 0.09, per: 1, unit: "GB sent to the internet", ...dataOut },
} satisfies Record<string, UnitPrice>;

/** What is paid by the month or by the clock. Streams that Lambda reads, and STS, cost nothing. */
export const standingPrices = {
  storedGigabytes: { usd: 0.25, per: 1, unit: "GB-months in the table and its indexes", ...dynamodb, copy: "https://aws.amazon.com/dynamodb/pricing/" },
  backedUpGigabytes: { usd: 0.2, per: 1, unit: "GB-months under point-in-time recovery, without the indexes", ...dynamodb, copy: onDemandCopy },
  scheduledRuns: { usd: 1, per: million, unit: "runs started by EventBridge Scheduler", ...scheduler },
} satisfies Record<string, UnitPrice>;
