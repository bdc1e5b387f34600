/** Delivery: one event for one endpoint. Attempt: one HTTP request of it. */
import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { recordFields } from "../kernel/revision.ts";
import { Instant } from "../kernel/time.ts";

export const Attempt = z
  .object({
    number: z.int().meta({ description: "1, 2, 3, …" }),
    at: Instant,
    latencyMilliseconds: z.int(),
    status: z.int().optional().meta({ description: "The HTTP status of the answer; absent when none came." }),
    failure: z
      .string()
      .optional()
      .meta({ description: "Why there was no answer, or why the answer is none: `timeout`, `connection_refused`, `tls_error`, …", example: "timeout" }),
    failureDetail: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional().meta({ description: "Of the answer." }),
    body: z.string().optional().meta({ description: "The first 4 KB of the answer." }),
  })
  .meta({ id: "WebhookAttempt" });
export type Attempt = z.infer<typeof Attempt>;
const AttemptSummary = Attempt.omit({ failureDetail: true, headers: true, body: true }).meta({ id: "WebhookAttemptSummary" });

/** Two ULIDs long: the event's and the endpoint's. */
export const DeliveryId = idOf("wd", 2);
export const DeliveryStatus = z.enum(["pending", "succeeded", "exhausted", "canceled"]);
export const WebhookDelivery = z
  .object({
    id: DeliveryId,
    object: z.literal("webhook_delivery"),
    endpointId: idOf("we"),
    event: z.object({ id: idOf("evt"), type: z.string(), sequence: z.int(), lane: z.int() }),
    status: DeliveryStatus.meta({ description: "`exhausted`: no retry is left. `canceled`: the endpoint was disabled or deleted, see `canceledReason`." }),
    canceledReason: z.enum(["endpoint_disabled", "endpoint_deleted", "event_expired"]).optional(),
    attemptCount: z.int(),
    nextAttemptAt: Instant.optional().meta({ description: "Not before; while pending." }),
    lastAttempt: AttemptSummary.optional(),
    ...recordFields,
  })
  .meta({ id: "WebhookDelivery" });
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;
export const WebhookDeliveryWithAttempts = WebhookDelivery.extend({
  attempts: z.array(Attempt).meta({ description: "The latest 100, oldest first." }),
}).meta({ id: "WebhookDeliveryWithAttempts" });

/**
 * `attemptsBefore`: how many attempts were made before the present round of retries began; a replay begins a new one.
 * `hasTurn`: the next attempt has its place in the endpoint's `maxPerSecond`. `isReplayed`: a replay made it, long after its event.
 */
export type DeliveryRecord = Omit<WebhookDelivery, "lastAttempt"> & { lastAttempt?: Attempt; attemptsBefore: number; hasTurn?: boolean; isReplayed?: boolean };

export const toDelivery = ({ attemptsBefore: _, hasTurn: _1, isReplayed: _2, lastAttempt, ...delivery }: DeliveryRecord): WebhookDelivery => ({
  ...delivery,
  ...(lastAttempt && { lastAttempt: summaryOf(lastAttempt) }),
});
const summaryOf = ({ failureDetail: _, headers: _1, body: _2, ...summary }: Attempt) => summary;

/** An event has one delivery to an endpoint, however often it is fanned out or replayed: the id is made of both. It sorts by the event's time. */
export const deliveryIdOf = (eventId: string, endpointId: string): string => `wd_${eventId.slice("evt_".length)}${endpointId.slice("we_".length)}`;

export const deliveryExample = {
  id: "wd_01JD3S8K9ZQ4T7N2V5X8B1C6F001JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "webhook_delivery" as const,
  endpointId: "we_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  event: { id: "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F0", type: "customer.created", sequence: 1, lane: 0 },
  status: "succeeded" as const,
  attemptCount: 1,
  lastAttempt: { number: 1, at: "2026-11-21T09:30:00.400Z", latencyMilliseconds: 38, status: 204 },
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.440Z",
  version: 2,
  livemode: true,
};
