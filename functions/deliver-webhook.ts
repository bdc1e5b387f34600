/**
 * The consumer of the queue of deliveries: sends each to its endpoint and writes down what came of it. The queue may hand
 * a delivery over late, twice or to two at once: the table says whether it is still to be made.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { Key } from "../domain/kernel/table.ts";
import type { DeliveryRecord } from "../domain/webhooks/delivery.ts";
import { afterAttempt, canceled, isSuccess } from "../domain/webhooks/delivery-round.ts";
import type { EndpointRecord } from "../domain/webhooks/endpoint.ts";
import type { Health } from "../domain/webhooks/health.ts";
import { deliveryKey, endpointKey, healthKey, logKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { attempt } from "./delivery/attempt.ts";
import { disable, settleDelivery, settleHealth } from "./delivery/outcome.ts";
import { type Permit, permitsFor } from "./delivery/permits.ts";
import { log } from "./shell/log.ts";
import { openTable } from "./shell/table.ts";

type Job = { messageId: string; partition: string; deliveryId: string; endpointId: string; lane: number; sequence: number };
type Pending = { job: Job; delivery: DeliveryRecord; event: Event | undefined };
type Loaded = { endpoint: EndpointRecord | undefined; health: Health | undefined; pending: Pending[] };

/** A message may come this much before its time, by the rounding of delays. */
const earlyMilliseconds = 1_000;
const goneStatus = 410;
/** Statuses whose `Retry-After` asks to be left alone by all deliveries, not by this one only. */
const pausingStatuses = [429, 503];

export async function handler({ Records: records }: SQSEvent): Promise<SQSBatchResponse> {
  const jobs = records.map(({ messageId, body }): Job => ({ messageId, ...JSON.parse(body) }));
  const groups = Map.groupBy(jobs, ({ partition, endpointId }) => `${partition} ${endpointId}`);
  const failed = await Promise.all([...groups.values()].map(deliverGroup));
  return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
}

/** Deliveries to one endpoint. Answers the messages that must come again. */
async function deliverGroup(jobs: readonly Job[]): Promise<string[]> {
  try {
    const loaded = await load(jobs);
    const { pending } = loaded;
    const settled = await deliverPending(jobs[0] as Job, loaded);
    return settled.flatMap((result, index) => (result.status === "rejected" ? [complain(result.reason, pending[index]?.job as Job)] : []));
  } catch (error) {
    return jobs.map((job) => complain(error, job));
  }
}

function complain(error: unknown, { messageId, partition, deliveryId }: Job): string {
  log("error", "delivery failed", { partition, deliveryId, error: String((error as Error).stack ?? error) });
  return messageId;
}

/** One round trip for all. */
async function load(jobs: readonly Job[]): Promise<Loaded> {
  const { partition, endpointId } = jobs[0] as Job;
  const keys: Key[] = [endpointKey(endpointId), healthKey(endpointId), ...jobs.flatMap((job) => [deliveryKey(job.deliveryId), logKey(job)])];
  const [endpoint, health, ...rest] = await openTable(partition).getMany(keys);
  const soon = new Date(Date.now() + earlyMilliseconds).toISOString();
  const seen = new Set<string>();
  const pending = jobs.flatMap((job, index) => {
    const delivery = rest[2 * index] as DeliveryRecord | undefined;
    // Done meanwhile, or put off: then another message or due work has it.
    if (delivery?.status !== "pending" || (delivery.nextAttemptAt ?? "") > soon || seen.has(delivery.id)) return [];
    seen.add(delivery.id);
    return [{ job, delivery, event: rest[2 * index + 1] as Event | undefined }];
  });
  return { endpoint: endpoint as EndpointRecord | undefined, health: health as Health | undefined, pending };
}

async function deliverPending({ partition, endpointId }: Job, { endpoint, health, pending }: Loaded): Promise<PromiseSettledResult<void>[]> {
  if (endpoint?.status !== "enabled") {
    const reason = endpoint ? "endpoint_disabled" : "endpoint_deleted";
    return Promise.allSettled(pending.map(({ delivery }) => settleDelivery(partition, delivery, (one, now) => canceled(one, reason, now))));
  }
  const deliveries = pending.map(({ delivery }) => delivery);
  const { permits, health: current } = await permitsFor(partition, endpoint, health, deliveries);
  const round: Round = { partition, endpoint, outcomes: { successes: [], askedUntil: undefined } };
  const settled = await Promise.allSettled(pending.map((one, index) => deliverOne(round, one, permits[index] as Permit)));
  await settleHealth(partition, endpointId, current, round.outcomes);
  return settled;
}

type Round = { partition: string; endpoint: EndpointRecord; outcomes: { successes: boolean[]; askedUntil: string | undefined } };

async function deliverOne({ partition, endpoint, outcomes }: Round, { delivery, event }: Pending, permit: Permit): Promise<void> {
  if ("putOff" in permit) return settleDelivery(partition, delivery, permit.putOff, permit.isParked);
  if (!event) return settleDelivery(partition, delivery, (one, now) => canceled(one, "event_expired", now));
  if (permit.afterMilliseconds > 0) await delay(permit.afterMilliseconds);
  const { attempt: result, notBefore } = await attempt(endpoint, event);
  const isGone = result.status === goneStatus;
  outcomes.successes.push(isSuccess(result));
  if (pausingStatuses.includes(result.status ?? 0)) outcomes.askedUntil = notBefore;
  await settleDelivery(partition, delivery, (one, now) => afterAttempt(one, result, { notBefore, isFinal: isGone }, now));
  if (isGone) await disable(partition, endpoint.id, "gone");
}
