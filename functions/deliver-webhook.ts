/**
 * The consumer of the queue of deliveries: sends each to its endpoint and writes down what came of it. The queue may hand
 * a delivery over late, twice or to two at once: the table says whether it is still to be made.
 */
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { Contention, type Key, replace } from "../domain/kernel/table.ts";
import type { DeliveryRecord } from "../domain/webhooks/delivery.ts";
import { afterAttempt, canceled, isSuccess, parked } from "../domain/webhooks/delivery-round.ts";
import type { EndpointRecord } from "../domain/webhooks/endpoint.ts";
import { admission, type Health } from "../domain/webhooks/health.ts";
import { deliveryKey, endpointKey, healthKey, logKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { attempt } from "./delivery/attempt.ts";
import { disable, settleDelivery, settleHealth } from "./delivery/outcome.ts";
import { log } from "./shell/log.ts";
import { openTable } from "./shell/table.ts";

type Job = { messageId: string; partition: string; deliveryId: string; endpointId: string; lane: number; sequence: number };
type Loaded = { endpoint: EndpointRecord | undefined; health: Health | undefined; pending: { job: Job; delivery: DeliveryRecord; event: Event | undefined }[] };

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
  const cancelAll = (reason: DeliveryRecord["canceledReason"]) =>
    Promise.allSettled(
      pending.map(({ delivery }) => settleDelivery(partition, delivery, (one, now) => (one.status === "pending" ? canceled(one, reason, now) : one))),
    );
  if (!endpoint) return cancelAll("endpoint_deleted");
  if (endpoint.status !== "enabled") return cancelAll("endpoint_disabled");
  const { openFrom, parkedUntil, health: current } = await admit(partition, endpointId, health, pending.length);
  const outcomes: { successes: boolean[]; pauseSeconds: number } = { successes: [], pauseSeconds: 0 };
  const settled = await Promise.allSettled(
    pending.map(async ({ delivery, event }, index) => {
      if (index >= openFrom) return settleDelivery(partition, delivery, (one, now) => parked(one, parkedUntil, now), true);
      if (!event) return settleDelivery(partition, delivery, (one, now) => canceled(one, "event_expired", now));
      await deliver(partition, endpoint, delivery, event, outcomes);
    }),
  );
  await settleHealth(partition, endpointId, current, outcomes);
  return settled;
}

/** How many of `count` deliveries may go now, and until when the others are parked. */
async function admit(
  partition: string,
  endpointId: string,
  health: Health | undefined,
  count: number,
): Promise<{ openFrom: number; parkedUntil: string; health: Health | undefined }> {
  const decided = admission(health, new Date());
  if (decided.kind === "open") return { openFrom: count, parkedUntil: "", health };
  if (decided.kind === "paused" || !health) return { openFrom: 0, parkedUntil: decided.kind === "paused" ? decided.until : "", health };
  const parkedUntil = decided.health.probingUntil ?? "";
  try {
    await openTable(partition).commit([replace(healthKey(endpointId), health, decided.health)], () => []);
    return { openFrom: 1, parkedUntil, health: decided.health };
  } catch (error) {
    if (!(error instanceof Contention)) throw error;
    return { openFrom: 0, parkedUntil, health };
  }
}

async function deliver(
  partition: string,
  endpoint: EndpointRecord,
  delivery: DeliveryRecord,
  event: Event,
  outcomes: { successes: boolean[]; pauseSeconds: number },
): Promise<void> {
  const { attempt: result, retryAfterSeconds } = await attempt(endpoint, event);
  const isGone = result.status === goneStatus;
  outcomes.successes.push(isSuccess(result));
  if (pausingStatuses.includes(result.status ?? 0)) outcomes.pauseSeconds = Math.max(outcomes.pauseSeconds, retryAfterSeconds);
  await settleDelivery(partition, delivery, (one, now) => afterAttempt(one, result, { retryAfterSeconds, isFinal: isGone }, now));
  if (isGone) await disable(partition, endpoint.id, "gone");
}
