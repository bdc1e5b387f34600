import type { DueWork } from "../kernel/due-work.ts";
import { deliveryChanges, messageOf } from "./delivery-round.ts";
import { advanced, canceledReplay, replayed, type WebhookReplay } from "./replay.ts";
import { nextToReplay, replayChanges, replayKind, type ToReplay } from "./start-replay.ts";
import { loadEndpoint } from "./store.ts";

/** Looked through in one step when nothing is found, so that a step stays short. */
const eventsPerStepMax = 1_000;
/**
 * 500 deliveries a second: a replay's rest is in proportion to what it has just started. The queue shares its workers
 * between endpoints, so this is only to keep a month of events from entering it at once.
 */
const restPerDeliveryMilliseconds = 2;

export const advanceReplay: DueWork<WebhookReplay> = {
  kind: replayKind,
  description: "Starts the next deliveries of a replay, and moves its progress in the same transaction: each step happens once.",
  async run({ table, now }, _, replay) {
    const endpoint = await loadEndpoint(table, replay.endpointId);
    if (!endpoint) return { changes: replayChanges(replay, canceledReplay(replay, "endpoint_deleted", now), now) };
    if (endpoint.status === "disabled") return { changes: replayChanges(replay, canceledReplay(replay, "endpoint_disabled", now), now) };
    let found: ToReplay[] = [];
    let atSequence = replay.atSequence;
    while (found.length === 0 && atSequence < replay.toSequence && atSequence - replay.atSequence < eventsPerStepMax)
      ({ found, atSequence } = await nextToReplay(table, replay, endpoint, atSequence, now));
    const after = advanced(replay, atSequence, found.length, now);
    const deliveries = found.map(({ event, before }) => ({ before, after: replayed(before, endpoint.id, event, now) }));
    return {
      changes: [
        ...replayChanges(replay, after, now, found.length * restPerDeliveryMilliseconds),
        ...deliveries.flatMap((delivery) => deliveryChanges(delivery.before, delivery.after, now)),
      ],
      messages: deliveries.flatMap((delivery) => messageOf(delivery.after, now) ?? []),
    };
  },
};
