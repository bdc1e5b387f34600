/**
 * The consumer of the queue of deliveries: sends each to its endpoint and writes down what came of it. The queue may hand
 * a delivery over late, twice or to two at once: the table says whether it is still to be made.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { Key } from "../domain/kernel/table.ts";
import type { DeliveryRecord } from "../domain/webhooks/delivery.ts";
import { afterAttempt, canceled, isSuccess, isUndelayed, messageOf } from "../domain/webhooks/delivery-round.ts";
import type { EndpointRecord } from "../domain/webhooks/endpoint.ts";
import type { Health } from "../domain/webhooks/health.ts";
import { deliveryKey, logKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { attempt } from "./delivery/attempt.ts";
import { loadWithEndpoints, type SeenEndpoint } from "./delivery/endpoints-seen.ts";
import { disable, settleDelivery, settleHealth } from "./delivery/outcome.ts";
import { type Permit, permitsFor } from "./delivery/permits.ts";
import { giveBackSlots } from "./delivery/slots.ts";
import { complain, measure } from "./shell/metrics.ts";
import { observed } from "./shell/observed.ts";
import { sendToQueue } from "./shell/queue.ts";

type Job = { messageId: string; partition: string; deliveryId: string; endpointId: string; lane: number; sequence: number };
type Pending = { job: Job; delivery: DeliveryRecord; event: Event | undefined };

/** A message may come this much before its time, by the rounding of delays. */
const earlyMilliseconds = 1_000;
const goneStatus = 410;
/** Statuses whose `Retry-After` asks to be left alone by all deliveries, not by this one only. */
const pausingStatuses = [429, 503];

export const handler = observed("deliver-webhook", async ({ Records: records }: SQSEvent): Promise<SQSBatchResponse> => {
  const jobs = records.map(({ messageId, body }): Job => ({ messageId, ...JSON.parse(body) }));
  const again = await Promise.all([...Map.groupBy(jobs, ({ partition }) => partition)].map(([partition, some]) => deliverAll(partition, some)));
  return { batchItemFailures: again.flat().map((itemIdentifier) => ({ itemIdentifier })) };
});

/** Answers the messages that must come again. */
async function deliverAll(partition: string, jobs: readonly Job[]): Promise<string[]> {
  try {
    const { endpoints, pending } = await load(partition, jobs);
    const groups = Map.groupBy(pending, ({ job }) => job.endpointId);
    return (await Promise.all([...groups].map(([id, some]) => deliverGroup(partition, endpoints.get(id), some)))).flat();
  } catch (error) {
    return jobs.map((job) => failed(error, job));
  }
}

function failed(error: unknown, { messageId, partition, deliveryId }: Job): string {
  complain("DeliveriesFailed", "delivery failed", error, { partition, deliveryId });
  return messageId;
}

/** One round trip. What is done meanwhile, or put off, is left out: then another message or due work has it. */
async function load(partition: string, jobs: readonly Job[]): Promise<{ endpoints: Map<string, SeenEndpoint>; pending: Pending[] }> {
  const different = [...new Map(jobs.map((job) => [job.deliveryId, job])).values()];
  const ids = new Set(different.map(({ endpointId }) => endpointId));
  const keys = different.flatMap((job): Key[] => [deliveryKey(job.deliveryId), logKey(job)]);
  const { endpoints, documents } = await loadWithEndpoints(partition, ids, keys);
  const soon = new Date(Date.now() + earlyMilliseconds).toISOString();
  const pending = different.flatMap((job, index) => {
    const delivery = documents[2 * index] as DeliveryRecord | undefined;
    // After a restore, the event of an older message may stand at another place: then its delivery has a message of its own.
    const isItsOwn = delivery?.event.sequence === job.sequence && delivery.event.lane === job.lane;
    const isNow = isItsOwn && delivery.status === "pending" && (delivery.nextAttemptAt ?? "") <= soon;
    return isNow ? [{ job, delivery, event: documents[2 * index + 1] as Event | undefined }] : [];
  });
  return { endpoints, pending };
}

/** Deliveries to one endpoint. */
async function deliverGroup(partition: string, seen: SeenEndpoint | undefined, pending: readonly Pending[]): Promise<string[]> {
  const { endpoint, health } = seen ?? {};
  const results = endpoint?.status === "enabled" ? await attemptAll(partition, endpoint, health, pending) : await cancelAll(partition, endpoint, pending);
  return results.flatMap((result, index) => (result.status === "rejected" ? [failed(result.reason, pending[index]?.job as Job)] : []));
}

async function cancelAll(partition: string, endpoint: EndpointRecord | undefined, pending: readonly Pending[]): Promise<PromiseSettledResult<void>[]> {
  const reason = endpoint ? "endpoint_disabled" : "endpoint_deleted";
  return Promise.allSettled(pending.map(({ delivery }) => settleDelivery(partition, delivery, (one, now) => canceled(one, reason, now))));
}

async function attemptAll(
  partition: string,
  endpoint: EndpointRecord,
  health: Health | undefined,
  pending: readonly Pending[],
): Promise<PromiseSettledResult<void>[]> {
  const deliveries = pending.map(({ delivery }) => delivery);
  const { permits, health: current } = await permitsFor(partition, endpoint, health, deliveries);
  const round: Round = { partition, endpoint, outcomes: { successes: [], askedUntil: undefined }, firstDelaysMilliseconds: [] };
  const results = await Promise.allSettled(pending.map((one, index) => deliverOne(round, one, permits[index] as Permit)));
  measure("FirstAttemptDelay", round.firstDelaysMilliseconds, { partition, endpointId: endpoint.id });
  await settleHealth(partition, endpoint.id, current, round.outcomes);
  return results;
}

type Round = {
  readonly partition: string;
  readonly endpoint: EndpointRecord;
  readonly outcomes: { successes: boolean[]; askedUntil: string | undefined };
  /** From events to the first attempts to deliver them, where nothing but us made them wait. */
  readonly firstDelaysMilliseconds: number[];
};

async function deliverOne(round: Round, { delivery, event }: Pending, permit: Permit): Promise<void> {
  const { partition, endpoint } = round;
  if ("putOff" in permit) return settleDelivery(partition, delivery, permit.putOff, permit.isParked);
  if ("againAfterSeconds" in permit) return sendAgain(partition, delivery, permit.againAfterSeconds);
  try {
    if (!event) return await settleDelivery(partition, delivery, (one, now) => canceled(one, "event_expired", now));
    if (permit.afterMilliseconds > 0) await delay(permit.afterMilliseconds);
    await attemptOne(round, delivery, event);
  } finally {
    giveBackSlots(partition, endpoint.id, 1);
  }
}

/** The delivery stays as it is: it only comes later. */
async function sendAgain(partition: string, delivery: DeliveryRecord, delaySeconds: number): Promise<void> {
  const message = messageOf(delivery, new Date());
  if (message) await sendToQueue(partition, [{ ...message, delaySeconds }]);
}

async function attemptOne({ partition, endpoint, outcomes, firstDelaysMilliseconds }: Round, delivery: DeliveryRecord, event: Event): Promise<void> {
  const { attempt: result, notBefore } = await attempt(endpoint, event);
  if (isUndelayed(delivery)) firstDelaysMilliseconds.push(Date.parse(result.at) - Date.parse(event.createdAt));
  const isGone = result.status === goneStatus;
  outcomes.successes.push(isSuccess(result));
  if (pausingStatuses.includes(result.status ?? 0)) outcomes.askedUntil = notBefore;
  await settleDelivery(partition, delivery, (one, now) => afterAttempt(one, result, { notBefore, isFinal: isGone }, now));
  if (isGone) await disable(partition, endpoint.id, "gone");
}
