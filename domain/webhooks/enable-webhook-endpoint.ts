import * as z from "zod";
import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { remove, replace } from "../kernel/table.ts";
import { dayMilliseconds } from "../kernel/time.ts";
import { refuseTarget, targetNotAllowed } from "./check-endpoint.ts";
import { type EndpointRecord, endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { endpointEnabled } from "./events.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { endpointKey, healthKey } from "./keys.ts";
import { replayExample, WebhookReplay } from "./replay.ts";
import { startReplay } from "./start-replay.ts";
import { loadEndpoint } from "./store.ts";

/** Failures last up to five days before they disable an endpoint, and may have begun a little earlier. */
const daysLookedBack = 6;

const EnabledEndpoint = WebhookEndpoint.extend({
  replay: WebhookReplay.optional().meta({ description: "The replay that was started, when one was asked for." }),
}).meta({ id: "EnabledWebhookEndpoint" });

export const enableWebhookEndpoint = operation({
  id: "enableWebhookEndpoint",
  summary: "Enable a webhook endpoint",
  description: `Events from now on are delivered again, at once: whatever failed before is forgotten. With \`replay\`, what it has not got is delivered too, beginning ${daysLookedBack} days before it was disabled; \`replayEvents\` reaches further back. The URL is checked again. Enabling an enabled endpoint ends a pause after failures; it starts no replay and makes no new version.`,
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/enable",
  permission: "webhooks:write",
  params: endpointParams,
  body: z
    .strictObject({
      replay: z.enum(["failed", "missing", "undelivered"]).optional().meta({
        description: "`failed`: what was given up or canceled. `missing`: what came about while it was disabled. `undelivered`: both.",
      }),
    })
    .default({}),
  example: { replay: "undelivered" },
  success: { status: 200, output: EnabledEndpoint, example: { ...endpointExample, version: 3, replay: { ...replayExample, which: "undelivered" } } },
  problems: { ...endpointNotFound, ...targetNotAllowed },
  async run({ table, caller, outside, now, newId, fail }, { params, body }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    const recovery = remove(healthKey(endpoint.id));
    if (endpoint.status === "enabled") return plan(toEndpoint(endpoint, now), [recovery], { replaces: endpoint.version });
    await refuseTarget(outside, endpoint.url, fail);
    const enabled = revise(endpoint, { status: "enabled", disabledReason: undefined, disabledAt: undefined }, now);
    const change = replace(endpointKey(endpoint.id), endpoint, enabled, { events: [tell(endpointEnabled)] });
    const { livemode } = caller;
    const replay = body.replay && (await startReplay({ which: body.replay, since: replayedSince(endpoint), table, endpoint: enabled, now, livemode, newId }));
    const output = { ...toEndpoint(enabled, now), ...(replay && { replay: replay.output }) };
    return plan(output, [change, recovery, ...(replay?.changes ?? [])], { replaces: endpoint.version });
  },
});

/** Nothing from before the endpoint was there. */
function replayedSince({ createdAt, disabledAt = createdAt }: EndpointRecord): string {
  const since = new Date(Date.parse(disabledAt) - daysLookedBack * dayMilliseconds).toISOString();
  return since > createdAt ? since : createdAt;
}
