/** How a replay begins: counted as far as one request can, then left to due work. */
import { inApiVersion } from "../api-versions.ts";
import { tell } from "../kernel/event.ts";
import { type Change, create, type Placement, type Reader, replace } from "../kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../kernel/time.ts";
import { type DeliveryRecord, deliveryIdOf } from "./delivery.ts";
import type { EndpointRecord } from "./endpoint.ts";
import { deliveryKey, laneHeadKey, replayKey } from "./keys.ts";
import type { Event } from "./model.ts";
import { advanced, isInReplay, isToDeliver, newReplay, type ReplaySettings, type WebhookReplay } from "./replay.ts";
import { replayCanceled, replayFinished } from "./replay-event-types.ts";
import { eventsAfter } from "./store.ts";

export const replayKind = "replay_events";
const keptDays = 30;
/** A tenant has one lane until it needs more. */
const lane = 0;
/** Each may become a delivery, and all of them change in one transaction. */
const eventsPerPage = 50;
/** About a second of reading: a request must answer soon, however long the log is. */
const eventsCountedMax = 5_000;

/** An event to deliver, and its delivery as it stands. */
export type ToReplay = { event: Event; before: DeliveryRecord | undefined };

/** What is to deliver among the next events after `afterSequence`, and how far that went. Strongly consistent; two round trips. */
export async function nextToReplay(
  table: Reader,
  replay: WebhookReplay,
  endpoint: EndpointRecord,
  afterSequence: number,
  now: Date,
): Promise<{ found: ToReplay[]; atSequence: number }> {
  const events = await eventsAfter(table, lane, afterSequence, replay.toSequence, eventsPerPage);
  const meant = events.filter((event) => isInReplay(replay, endpoint, inApiVersion(endpoint.apiVersion, event, event.apiVersion), now));
  const deliveries = await table.getMany(meant.map((event) => deliveryKey(deliveryIdOf(event.id, endpoint.id))));
  const found = meant.map((event, index) => ({ event, before: deliveries[index] })).filter(({ before }) => isToDeliver(replay.which, before));
  return { found, atSequence: events.length < eventsPerPage ? replay.toSequence : (events.at(-1) as Event).sequence };
}

/** The changes that make `before` into `after`; `restMilliseconds` is how long the next step waits. Its end is told. */
export function replayChanges(before: WebhookReplay | undefined, after: WebhookReplay, now: Date, restMilliseconds = 0): Change[] {
  const isRunning = after.status === "running";
  const placement: Placement = {
    ...(isRunning && { due: { at: instantAfter(now, restMilliseconds), kind: replayKind } }),
    expiresAt: instantAfter(new Date(after.updatedAt), keptDays * dayMilliseconds),
  };
  const events = isRunning ? [] : [tell(after.status === "finished" ? replayFinished : replayCanceled)];
  const key = replayKey(after.endpointId, after.id);
  return [before ? replace(key, before, after, { placement, events }) : create(key, after, { placement, events })];
}

export type ReplayStart = ReplaySettings & {
  readonly table: Reader;
  readonly endpoint: EndpointRecord;
  readonly now: Date;
  readonly livemode: boolean;
  newId(prefix: string): string;
};

/**
 * A new replay and the changes that start it. `endpoint` is as it will stand once these changes are committed, and enabled.
 * When there is nothing to deliver, the replay is finished at once.
 */
export async function startReplay({ table, endpoint, now, livemode, newId, ...settings }: ReplayStart): Promise<{ output: WebhookReplay; changes: Change[] }> {
  const head = await table.get(laneHeadKey(lane));
  const replay = newReplay(newId("wr"), endpoint.id, settings, head, livemode, now);
  const { toSequence } = replay;
  let toDeliver = 0;
  let at = replay.atSequence;
  while (at < toSequence && at - replay.atSequence < eventsCountedMax) {
    const { found, atSequence } = await nextToReplay(table, replay, endpoint, at, now);
    toDeliver += found.length;
    at = atSequence;
  }
  const counted: WebhookReplay = { ...replay, toDeliver, countIsComplete: at >= toSequence };
  const output: WebhookReplay = counted.countIsComplete && toDeliver === 0 ? { ...advanced(counted, toSequence, 0, now), version: 1 } : counted;
  return { output, changes: replayChanges(undefined, output, now) };
}
