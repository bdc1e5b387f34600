import type { DueWork } from "../kernel/due-work.ts";
import { revise } from "../kernel/revision.ts";
import type { DeliveryRecord } from "./delivery.ts";
import { deliveryChanges, messageOf, resumeKind } from "./delivery-round.ts";

export const resumeDelivery: DueWork<DeliveryRecord> = {
  kind: resumeKind,
  description: "Hands a delivery to the queue: when a long retry or a pause is over, and again when the queue seems to have lost it.",
  async run({ now }, _, delivery) {
    // The same, due again when the queue's patience is over; one that has ended has no next attempt and is no longer due.
    const resumed = revise(delivery, {}, now);
    const message = messageOf(resumed, now);
    return { changes: deliveryChanges(delivery, resumed, now), messages: message ? [message] : [] };
  },
};
