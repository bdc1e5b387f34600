/** What webhook consumers may see of replays. */
import { eventType } from "../kernel/event.ts";
import { finishedReplayExample, WebhookReplay } from "./replay.ts";

const ofReplay = (type: `webhook_replay.${string}`, description: string, example: typeof WebhookReplay._zod.input) =>
  eventType<WebhookReplay>()({ type, description, object: WebhookReplay, example, render: ({ after }) => after });

export const replayFinished = ofReplay("webhook_replay.finished", "A replay has started the last of its deliveries.", finishedReplayExample);
export const replayCanceled = ofReplay("webhook_replay.canceled", "A replay ended before it was through; canceledReason says why.", {
  ...finishedReplayExample,
  ...{ status: "canceled", canceledReason: "requested", atSequence: 4200, eventsScanned: 3000, deliveriesStarted: 118, version: 4 },
});

export const replayEventTypes = [replayFinished, replayCanceled];
