/** What the price rests on and what this machine cannot measure. Each is told below the table; change it here. */
import { httpLambda } from "../../infra/settings.ts";

export const assumptions = {
  memoryMegabytes: httpLambda.memoryMegabytes,
  /** So many of the invocations wait for a process to start, and so long, which is billed. */
  coldShare: 0.01,
  coldMilliseconds: 500,
  /** One line about each invocation, its metrics included. Counted only when the Lambda wrote none itself. */
  logLineBytes: 700,
  /** START, END and REPORT, which the runtime adds. */
  runtimeLogBytes: 320,
  /** X-Ray's own default beyond the first request of a second. */
  tracedShare: 0.05,
  /** What API Gateway adds to the head of an answer: status, date, length, its request id. */
  gatewayHeadBytes: 170,
  /** How long a receiver of webhooks thinks. */
  receiverMilliseconds: 100,
  /** How Lambda asks an empty queue: so many pollers, each waiting so long. */
  queuePollers: 5,
  queuePollSeconds: 20,
} as const;
