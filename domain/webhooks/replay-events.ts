import { operation, plan } from "../kernel/operation.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { ReplaySettings, replayExample, WebhookReplay } from "./replay.ts";
import { endpointDisabled } from "./send-test-event.ts";
import { startReplay } from "./start-replay.ts";
import { loadEndpoint } from "./store.ts";

export const replayEvents = operation({
  id: "replayEvents",
  summary: "Replay events to a webhook endpoint",
  description:
    "Delivers events of the last 30 days that the endpoint wants now: those that failed, those that it never got, or all; narrowed by time, by sequence and by type. With `dryRun=true`, `toDeliver` tells how many that would be. The range ends with the last event there is, so a replay ends too. It starts within a minute and goes on in the background, at up to 500 deliveries a second; follow it with `getReplay`, or wait for `webhook_replay.finished`. One that finds nothing to deliver is finished at once. When the endpoint is disabled or deleted, its replays are canceled. `webhook-id` stays the same: a receiver that has had an event knows it again. In a range of more than 5,000 events, `toDeliver` counts its beginning only and `countIsComplete` is false.",
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/replays",
  permission: "webhooks:write",
  params: endpointParams,
  body: ReplaySettings,
  example: { which: "failed", since: "2026-11-21T06:00:00Z" },
  success: { status: 202, output: WebhookReplay, example: replayExample },
  problems: { ...endpointNotFound, ...endpointDisabled },
  async run({ table, caller, now, newId, fail }, { params, body }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    if (endpoint.status === "disabled") return fail("webhook_endpoint_disabled", { disabledReason: endpoint.disabledReason });
    const { output, changes } = await startReplay({ ...body, table, endpoint, now, livemode: caller.livemode, newId });
    return plan(output, changes);
  },
});
