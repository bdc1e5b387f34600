import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { remove, replace } from "../kernel/table.ts";
import { refuseTarget, targetNotAllowed } from "./check-endpoint.ts";
import { endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { endpointEnabled } from "./events.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { endpointKey, healthKey } from "./keys.ts";
import { loadEndpoint } from "./store.ts";

export const enableWebhookEndpoint = operation({
  id: "enableWebhookEndpoint",
  summary: "Enable a webhook endpoint",
  description:
    "Events from now on are delivered again, at once: whatever failed before is forgotten. The URL is checked again. Enabling an enabled endpoint ends a pause after failures, and changes nothing else.",
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/enable",
  permission: "webhooks:write",
  params: endpointParams,
  success: { status: 200, output: WebhookEndpoint, example: { ...endpointExample, version: 3 } },
  problems: { ...endpointNotFound, ...targetNotAllowed },
  async run({ table, outside, now, fail }, { params }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    const recovery = remove(healthKey(endpoint.id));
    if (endpoint.status === "enabled") return plan(toEndpoint(endpoint, now), [recovery], { replaces: endpoint.version });
    await refuseTarget(outside, endpoint.url, fail);
    const enabled = revise(endpoint, { status: "enabled", disabledReason: undefined, disabledAt: undefined }, now);
    const change = replace(endpointKey(endpoint.id), endpoint, enabled, { events: [tell(endpointEnabled)] });
    return plan(toEndpoint(enabled, now), [change, recovery], { replaces: endpoint.version });
  },
});
