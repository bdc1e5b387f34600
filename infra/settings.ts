/** All numbers of a deployment: what differs between stages, and what each Lambda gets. */
import { RetentionDays } from "aws-cdk-lib/aws-logs";

export type StageSettings = {
  readonly name: "dev" | "prod";
  readonly logRetention: RetentionDays;
  /** The table can be brought back to any second of so many days. */
  readonly pointInTimeRecoveryDays: number;
  /** A table that a restore has made, instead of the stack's own: see RESTORE.md. */
  readonly restoredTable?: { readonly tableName: string; readonly streamLabel: string };
  /** What API Gateway lets through for all tenants together; each has limits of its own. */
  readonly requestsPerSecondMax: number;
  /** Of these, what it lets through for documents each, and for what no route takes: nobody needs a credential for them. */
  readonly anonymousPerSecondMax: number;
  /** New code serves a tenth of the requests for so long, and goes back when an alarm rises; or everything at once. */
  readonly rollout: "canary" | "all-at-once";
  /** How many batches of deliveries are under way at once. */
  readonly deliveryConcurrencyMax: number;
  /** Where alarms are sent; nobody is told without it. */
  readonly alarmEmail?: string;
  /** The address that clients use; API Gateway's own without it. The certificate is of the same region. */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
  /** Whose access tokens are accepted beside API keys. */
  readonly oidc?: { readonly issuer: string; readonly audience: string; readonly jwksUrl?: string };
};

export const stages: readonly StageSettings[] = [
  {
    name: "dev",
    logRetention: RetentionDays.ONE_WEEK,
    pointInTimeRecoveryDays: 7,
    requestsPerSecondMax: 200,
    anonymousPerSecondMax: 10,
    rollout: "all-at-once",
    deliveryConcurrencyMax: 10,
  },
  {
    name: "prod",
    logRetention: RetentionDays.THREE_MONTHS,
    pointInTimeRecoveryDays: 35,
    requestsPerSecondMax: 10_000,
    anonymousPerSecondMax: 50,
    rollout: "canary",
    deliveryConcurrencyMax: 200,
  },
];

/** For operators, alarms and the first key: a name that is known before anything is deployed. */
export const functionNameOf = (stage: StageSettings["name"], lambda: string): string => `clientele-${stage}-${lambda}`;

/** Of an item: from when on it counts as absent, and is removed some time later. */
export const timeToLiveAttribute = "expiresAtSeconds";

export type LambdaSettings = { readonly memoryMegabytes: number; readonly timeoutSeconds: number };
/** API Gateway gives up after 30 seconds; a request gives up before that, so that the caller gets an answer. */
export const httpLambda: LambdaSettings = { memoryMegabytes: 1024, timeoutSeconds: 20 };
/** Those that serve no operation. */
export const otherLambdas = {
  "append-events": { memoryMegabytes: 1024, timeoutSeconds: 60 },
  "account-points": { memoryMegabytes: 1024, timeoutSeconds: 60 },
  // An attempt takes 15 seconds at most, a turn before it a moment.
  "deliver-webhook": { memoryMegabytes: 1024, timeoutSeconds: 30 },
  // A sweep goes on for 45 seconds, and the next one begins after 60.
  "run-due-work": { memoryMegabytes: 1024, timeoutSeconds: 55 },
  docs: { memoryMegabytes: 512, timeoutSeconds: 10 },
  unmatched: { memoryMegabytes: 512, timeoutSeconds: 10 },
  "bootstrap-platform": { memoryMegabytes: 512, timeoutSeconds: 30 },
} as const satisfies Record<string, LambdaSettings>;

/** What a cold start may read of a bundle, in thousands of bytes: a little more than it does. `npm run bundles` shows both. */
const bundleBudgets: Readonly<Record<string, number>> = {
  customers: 530,
  "customer-view": 530,
  loyalty: 720,
  events: 490,
  webhooks: 520,
  tenants: 435,
  docs: 145,
  unmatched: 205,
  "bootstrap-platform": 385,
  "append-events": 455,
  "account-points": 400,
  "deliver-webhook": 440,
  "run-due-work": 545,
};
/** A Lambda without a budget may read nothing. */
export const bundleKilobytesMax = (lambda: string): number => bundleBudgets[lambda] ?? 0;

export const streams = {
  batchSizeMax: 100,
  /** Entries that are counted together cost a third of entries that are counted alone. */
  batchWindowSeconds: { "append-events": 0, "account-points": 5 },
  retriesMax: 50,
  /** Half of the time that a stream keeps its records: so long there is to mend what fails before they have to come from the bucket. */
  recordAgeHoursMax: 12,
} as const;

export const deliveries = { batchSizeMax: 10, receivesMax: 5, visibilitySeconds: 180, retentionDays: 4, deadLetterDays: 14, failedBatchesDays: 14 } as const;

/** What users are promised, and from where on somebody is woken. */
export const objectives = {
  /** Share of requests that may fail by our fault in a month. */
  faultShareMax: 0.001,
  latencyMillisecondsMax: 1_000,
  firstAttemptMillisecondsMax: 5_000,
  streamAgeSecondsMax: 60,
  /** A message may wait for 15 minutes on purpose, as retries do. How late first attempts are is told by themselves. */
  queueAgeSecondsMax: 1_200,
} as const;
