/** What the price rests on and what this machine cannot measure. Each is told below the table; change it here. */
import { httpLambda, otherLambdas } from "../../infra/settings.ts";

export const assumptions = {
  callMegabytes: httpLambda.memoryMegabytes,
  /** Of the stream's consumers: that of the larger one. */
  laterMegabytes: Math.max(otherLambdas["append-events"].memoryMegabytes, otherLambdas["account-points"].memoryMegabytes),
  deliveryMegabytes: otherLambdas["deliver-webhook"].memoryMegabytes,
  scheduleMegabytes: otherLambdas["run-due-work"].memoryMegabytes,
  /** So many of the invocations wait for a process to start, and so long, which is billed. */
  coldShare: 0.01,
  coldMilliseconds: 500,
  /** API Gateway's line of a request. */
  accessLogBytes: 250,
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
