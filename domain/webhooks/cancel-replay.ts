import { operation, plan } from "../kernel/operation.ts";
import { replayNotFound, replayParams } from "./get-replay.ts";
import { replayKey } from "./keys.ts";
import { canceledReplay, replayExample, WebhookReplay } from "./replay.ts";
import { replayChanges } from "./start-replay.ts";

export const cancelReplay = operation({
  id: "cancelReplay",
  summary: "Cancel a replay",
  description: "It starts no more deliveries; those that it has started go on. A replay that has ended is answered as it is, and nothing changes.",
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/replays/{replayId}/cancel",
  permission: "webhooks:write",
  params: replayParams,
  success: { status: 200, output: WebhookReplay, example: { ...replayExample, status: "canceled", canceledReason: "requested", version: 2 } },
  problems: replayNotFound,
  async run({ table, now, fail }, { params }) {
    const replay = (await table.get(replayKey(params.endpointId, params.replayId))) ?? fail("webhook_replay_not_found");
    if (replay.status !== "running") return plan(replay, [], { replaces: replay.version });
    const after = canceledReplay(replay, "requested", now);
    return plan(after, replayChanges(replay, after, now), { replaces: replay.version });
  },
});
