/** Replay: delivers past events to an endpoint, again or for the first time. It walks a fixed range of the log, step by step. */
import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { recordFields, revise } from "../kernel/revision.ts";
import { dayMilliseconds, Instant, InstantInput } from "../kernel/time.ts";
import type { DeliveryRecord } from "./delivery.ts";
import { newDelivery, restarted } from "./delivery-round.ts";
import { firstSequenceSince, isReadable } from "./event-log.ts";
import type { LaneHead } from "./keys.ts";
import { type Event, readableDays } from "./model.ts";
import { isWanted, Subscription } from "./subscription.ts";

const Which = z.enum(["failed", "missing", "undelivered", "all"]).meta({
  description:
    "Of the events that the endpoint wants now: `failed`, those whose delivery is exhausted or was canceled; `missing`, those without a delivery; `undelivered`, both; `all`, every one, delivered or not.",
});
const EventTypes = Subscription.shape.eventTypes
  .unwrap()
  .meta({ description: "Only events of these types; all that the endpoint wants unless you say otherwise." });

export const ReplaySettings = z.strictObject({
  which: Which,
  since: InstantInput.optional().meta({ description: "Only events created at or after this instant." }),
  until: InstantInput.optional().meta({ description: "Only events created before this instant." }),
  afterSequence: z.int().min(0).optional().meta({ description: "Only events after this sequence." }),
  throughSequence: z.int().min(1).optional().meta({ description: "Only events up to this sequence, itself included." }),
  eventTypes: EventTypes.optional(),
});
export type ReplaySettings = z.output<typeof ReplaySettings>;

export const WebhookReplay = z
  .object({
    id: idOf("wr"),
    object: z.literal("webhook_replay"),
    endpointId: idOf("we"),
    which: Which,
    since: Instant.optional(),
    until: Instant.optional(),
    eventTypes: EventTypes.optional(),
    status: z.enum(["running", "finished", "canceled"]),
    canceledReason: z.enum(["requested", "endpoint_disabled", "endpoint_deleted"]).optional(),
    fromSequence: z.int().meta({ description: "The first sequence of the range." }),
    toSequence: z.int().meta({ description: "The last sequence of the range, fixed at the start; less than `fromSequence` when the range is empty." }),
    atSequence: z.int().meta({ description: "The replay is through with the log up to here." }),
    eventsScanned: z.int().meta({ description: "How many events it has looked at." }),
    deliveriesStarted: z.int().meta({ description: "How many deliveries it has started." }),
    toDeliver: z.int().meta({ description: "How many deliveries there were to start when the replay began." }),
    countIsComplete: z.boolean().meta({ description: "false: the range is long, and `toDeliver` counts its beginning only." }),
    ...recordFields,
  })
  .meta({ id: "WebhookReplay" });
export type WebhookReplay = z.infer<typeof WebhookReplay>;

/** The part of the log that a replay walks: what is readable now, fixed so that the replay ends. */
export function replayRange(
  { since, afterSequence = 0, throughSequence }: ReplaySettings,
  head: LaneHead | undefined,
  now: Date,
): Pick<WebhookReplay, "fromSequence" | "toSequence"> {
  const last = head?.lastSequence ?? 0;
  const oldest = now.getTime() - readableDays * dayMilliseconds;
  const first = firstSequenceSince(head, new Date(since ? Math.max(Date.parse(since), oldest) : oldest)) ?? last + 1;
  const fromSequence = Math.max(first, Math.min(afterSequence, last) + 1);
  return { fromSequence, toSequence: Math.max(fromSequence - 1, Math.min(last, throughSequence ?? last)) };
}

/** A replay before its first step. What it counted is added by who starts it. */
export const newReplay = (
  id: string,
  endpointId: string,
  settings: ReplaySettings,
  head: LaneHead | undefined,
  livemode: boolean,
  now: Date,
): WebhookReplay => {
  const { which, since, until, eventTypes } = settings;
  const range = replayRange(settings, head, now);
  return {
    ...{ id, object: "webhook_replay", endpointId, which, since, until, eventTypes, status: "running", ...range },
    ...{ atSequence: range.fromSequence - 1, eventsScanned: 0, deliveriesStarted: 0, toDeliver: 0, countIsComplete: false },
    ...{ createdAt: now.toISOString(), updatedAt: now.toISOString(), version: 1, livemode },
  };
};

/** Whether the event is one that the replay is about, whatever came of its delivery. */
export const isInReplay = ({ since, until, eventTypes }: WebhookReplay, subscription: Subscription, event: Event, now: Date): boolean =>
  isReadable(event, now) &&
  (!since || event.createdAt >= since) &&
  (!until || event.createdAt < until) &&
  (!eventTypes || isWanted({ eventTypes, filter: [] }, event)) &&
  isWanted(subscription, event);

/** Whether an event with this delivery is to be delivered. */
export function isToDeliver(which: WebhookReplay["which"], delivery: Pick<DeliveryRecord, "status"> | undefined): boolean {
  if (which === "all") return true;
  if (!delivery) return which !== "failed";
  return which !== "missing" && (delivery.status === "exhausted" || delivery.status === "canceled");
}

export const replayed = (delivery: DeliveryRecord | undefined, endpointId: string, event: Event, now: Date): DeliveryRecord =>
  delivery ? restarted(delivery, now) : { ...newDelivery(endpointId, event, now), isReplayed: true };

/** After a step that went up to `atSequence`; finished when that is the end of the range. */
export const advanced = (replay: WebhookReplay, atSequence: number, deliveriesStarted: number, now: Date): WebhookReplay =>
  revise(
    replay,
    {
      atSequence,
      eventsScanned: atSequence - replay.fromSequence + 1,
      deliveriesStarted: replay.deliveriesStarted + deliveriesStarted,
      status: atSequence >= replay.toSequence ? "finished" : "running",
    },
    now,
  );

export const canceledReplay = (replay: WebhookReplay, canceledReason: WebhookReplay["canceledReason"], now: Date): WebhookReplay =>
  revise(replay, { status: "canceled", canceledReason }, now);

export const replayExample = {
  id: "wr_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "webhook_replay" as const,
  endpointId: "we_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  which: "failed" as const,
  since: "2026-11-21T06:00:00.000Z",
  status: "running" as const,
  fromSequence: 1201,
  toSequence: 9480,
  atSequence: 1200,
  eventsScanned: 0,
  deliveriesStarted: 0,
  toDeliver: 312,
  countIsComplete: true,
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
export const finishedReplayExample = {
  ...replayExample,
  ...{ status: "finished" as const, atSequence: 9480, eventsScanned: 8280, deliveriesStarted: 312, updatedAt: "2026-11-21T09:31:00.000Z", version: 9 },
};
