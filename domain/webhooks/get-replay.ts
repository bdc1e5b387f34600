import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { replayKey } from "./keys.ts";
import { finishedReplayExample, WebhookReplay } from "./replay.ts";

export const replayNotFound = { webhook_replay_not_found: { status: 404, title: "There is no such replay of this webhook endpoint." } } as const;
export const replayParams = z.object({ endpointId: idOf("we"), replayId: idOf("wr") });

export const getReplay = operation({
  id: "getReplay",
  summary: "Get a replay",
  description: "How far it is. Strongly consistent. A replay is kept for 30 days, also when its endpoint is deleted.",
  method: "get",
  path: "/v1/webhook-endpoints/{endpointId}/replays/{replayId}",
  permission: "webhooks:read",
  params: replayParams,
  success: { status: 200, output: WebhookReplay, example: finishedReplayExample },
  problems: replayNotFound,
  async run({ table, fail }, { params }) {
    return plan((await table.get(replayKey(params.endpointId, params.replayId))) ?? fail("webhook_replay_not_found"));
  },
});
