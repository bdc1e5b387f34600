/**
 * A round of a delivery: the first attempt and its retries, until one succeeds or none is left. How long a delivery waits
 * decides who wakes it: the queue up to 15 minutes, due work beyond.
 */
import { createHash } from "node:crypto";
import { delaySecondsMax, type Message } from "../kernel/outside.ts";
import { revise } from "../kernel/revision.ts";
import { type Change, create, type Placement, replace } from "../kernel/table.ts";
import { dayMilliseconds, instantAfter, secondMilliseconds } from "../kernel/time.ts";
import { type Attempt, type DeliveryRecord, deliveryIdOf } from "./delivery.ts";
import { attemptKey, deliveryKey } from "./keys.ts";
import type { Event } from "./model.ts";

/** After the first attempt: ten retries over about 75 hours. */
export const retryDelaysSeconds = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
const jitterShare = 0.2;
/** How long the queue has before due work takes a delivery for lost. */
export const queuePatienceSeconds = 60;
const keptDays = 30;
export const resumeKind = "resume_delivery";

export const newDelivery = (endpointId: string, { id, type, sequence, lane, livemode }: Event, now: Date): DeliveryRecord => ({
  id: deliveryIdOf(id, endpointId),
  object: "webhook_delivery",
  endpointId,
  event: { id, type, sequence, lane },
  status: "pending",
  attemptCount: 0,
  attemptsBefore: 0,
  nextAttemptAt: now.toISOString(),
  createdAt: now.toISOString(),
  updatedAt: now.toISOString(),
  version: 1,
  livemode,
});

/** A new round, from now on. What is under way goes on. */
export const restarted = (delivery: DeliveryRecord, now: Date): DeliveryRecord =>
  revise(
    delivery,
    { status: "pending", canceledReason: undefined, hasTurn: undefined, attemptsBefore: delivery.attemptCount, nextAttemptAt: now.toISOString() },
    now,
  );

/** What is no longer pending has ended meanwhile, and stays as it is. */
const whilePending = (delivery: DeliveryRecord, changes: Partial<DeliveryRecord>, now: Date): DeliveryRecord =>
  delivery.status === "pending" ? revise(delivery, changes, now) : delivery;

export const canceled = (delivery: DeliveryRecord, canceledReason: DeliveryRecord["canceledReason"], now: Date): DeliveryRecord =>
  whilePending(delivery, { status: "canceled", canceledReason, hasTurn: undefined, nextAttemptAt: undefined }, now);

/** Put off without an attempt, because the endpoint is paused; deliveries that wait for the same instant are spread over the minute after it. */
export const parked = (delivery: DeliveryRecord, until: string, now: Date): DeliveryRecord =>
  whilePending(delivery, { hasTurn: undefined, nextAttemptAt: instantAfter(new Date(until), chanceOf(delivery, "parked") * 60 * secondMilliseconds) }, now);

/** Put off until its turn; without one, it asks again then. */
export const postponed = (delivery: DeliveryRecord, milliseconds: number, hasTurn: boolean, now: Date): DeliveryRecord =>
  whilePending(delivery, { hasTurn: hasTurn || undefined, nextAttemptAt: instantAfter(now, milliseconds) }, now);

/** Nothing but us makes its first attempt wait: it came with its event and was never put off. */
export const isUndelayed = ({ attemptCount, createdAt, nextAttemptAt, isReplayed }: DeliveryRecord): boolean =>
  attemptCount === 0 && nextAttemptAt === createdAt && !isReplayed;

/** An answer that broke off is none, whatever its status. */
export const isSuccess = ({ status = 0, failure }: Pick<Attempt, "status" | "failure">): boolean => !failure && status >= 200 && status < 300;

/** `result` is without its number, which follows from the delivery; `notBefore` is when the receiver wants the next one at the earliest. An answer that came after the round had ended changes its end only if it is a success. */
export function afterAttempt(
  delivery: DeliveryRecord,
  result: Omit<Attempt, "number">,
  { notBefore = "", isFinal = false }: { notBefore?: string | undefined; isFinal?: boolean },
  now: Date,
): DeliveryRecord {
  const attemptCount = delivery.attemptCount + 1;
  const attempt: Attempt = { number: attemptCount, ...result };
  const made = { attemptCount, lastAttempt: attempt, hasTurn: undefined };
  if (isSuccess(result)) return revise(delivery, { ...made, status: "succeeded", canceledReason: undefined, nextAttemptAt: undefined }, now);
  if (delivery.status !== "pending") return revise(delivery, made, now);
  const retry = isFinal ? undefined : retryDelaysSeconds[attemptCount - delivery.attemptsBefore - 1];
  if (retry === undefined) return revise(delivery, { ...made, status: "exhausted", nextAttemptAt: undefined }, now);
  const jittered = retry * (1 + jitterShare * (2 * chanceOf(delivery, String(attemptCount)) - 1));
  const scheduled = instantAfter(now, jittered * secondMilliseconds);
  return revise(delivery, { ...made, nextAttemptAt: scheduled > notBefore ? scheduled : notBefore }, now);
}

/** A number from 0 to 1 that looks like chance and is the same whenever the same decision is made again. */
const chanceOf = ({ id }: DeliveryRecord, what: string): number => createHash("sha256").update(`${id} ${what}`).digest().readUInt32BE(0) / 2 ** 32;

const secondsUntil = ({ nextAttemptAt }: DeliveryRecord, now: Date): number =>
  nextAttemptAt ? Math.max(0, Math.ceil((Date.parse(nextAttemptAt) - now.getTime()) / secondMilliseconds)) : 0;

/** What wakes the delivery; undefined when that is due work's task, or nobody's. `isParked`: it is not to wait in the queue. */
export function messageOf(delivery: DeliveryRecord, now: Date, isParked = false): Message | undefined {
  const delaySeconds = secondsUntil(delivery, now);
  if (delivery.status !== "pending" || isParked || delaySeconds > delaySecondsMax) return undefined;
  const { id: deliveryId, endpointId, event } = delivery;
  return { group: endpointId, body: { deliveryId, endpointId, lane: event.lane, sequence: event.sequence }, delaySeconds };
}

const expiryOf = ({ updatedAt }: DeliveryRecord): string => instantAfter(new Date(updatedAt), keptDays * dayMilliseconds);

/** What waits is due: when it is to go, or a little later when the queue has it, in case the queue loses it. */
function placementOf(delivery: DeliveryRecord, now: Date, isParked: boolean): Placement {
  const { nextAttemptAt } = delivery;
  const expiresAt = expiryOf(delivery);
  if (!nextAttemptAt) return { expiresAt };
  const slackSeconds = messageOf(delivery, now, isParked) ? queuePatienceSeconds : 0;
  const wakesAt = new Date(Math.max(Date.parse(nextAttemptAt), now.getTime()));
  return { expiresAt, due: { at: instantAfter(wakesAt, slackSeconds * secondMilliseconds), kind: resumeKind } };
}

/**
 * A delivery that comes with its event is not due: the event's appender hands it to the queue, again and again until the
 * queue has it, and an index entry for each would cost as much as the delivery itself.
 */
export const creationOf = (delivery: DeliveryRecord): Change => create(deliveryKey(delivery.id), delivery, { placement: { expiresAt: expiryOf(delivery) } });

/** The changes that make `before` into `after`. The attempt before the last one goes to an item of its own: documents stay small. */
export function deliveryChanges(before: DeliveryRecord | undefined, after: DeliveryRecord, now: Date, isParked = false): Change[] {
  if (after === before) return [];
  const placement = placementOf(after, now, isParked);
  if (!before) return [create(deliveryKey(after.id), after, { placement })];
  const former = before.lastAttempt?.number === after.lastAttempt?.number ? undefined : before.lastAttempt;
  return [
    replace(deliveryKey(after.id), before, after, { placement }),
    ...(former ? [create(attemptKey(after.id, former.number), former, { placement: { expiresAt: placement.expiresAt as string } })] : []),
  ];
}
