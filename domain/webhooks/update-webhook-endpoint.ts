import { tell } from "../kernel/event.ts";
import { patched } from "../kernel/merge-patch.ts";
import { operation, plan } from "../kernel/operation.ts";
import { changesNothing, revise } from "../kernel/revision.ts";
import { replace } from "../kernel/table.ts";
import { refuseTarget, refuseUnknownTypes, targetNotAllowed } from "./check-endpoint.ts";
import { EndpointPatch, EndpointSettings, endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { endpointUpdated } from "./events.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { endpointKey } from "./keys.ts";
import { loadEndpoint } from "./store.ts";

export const updateWebhookEndpoint = operation({
  id: "updateWebhookEndpoint",
  summary: "Change a webhook endpoint",
  description:
    "JSON merge patch: null clears a field, arrays are replaced whole, headers and metadata one by one. Holds for every attempt from now on, retries of earlier events too; a new subscription for events from now on. A patch that changes nothing makes no new version and no event.",
  method: "patch",
  path: "/v1/webhook-endpoints/{endpointId}",
  permission: "webhooks:write",
  params: endpointParams,
  body: EndpointPatch,
  example: { eventTypes: ["customer.created", "identity.*"], maxPerSecond: 20 },
  success: {
    status: 200,
    output: WebhookEndpoint,
    example: { ...endpointExample, eventTypes: ["customer.created", "identity.*"], maxPerSecond: 20, version: 2 },
  },
  problems: { ...endpointNotFound, ...targetNotAllowed },
  async run({ table, outside, now, fail }, { params, body }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    const settings = patched(EndpointSettings, endpoint, body);
    if (changesNothing(endpoint, settings)) return plan(toEndpoint(endpoint, now), [], { replaces: endpoint.version });
    if (body.eventTypes) refuseUnknownTypes(settings.eventTypes);
    if (settings.url !== endpoint.url) await refuseTarget(outside, settings.url, fail, "/url");
    const updated = revise(endpoint, settings, now);
    const change = replace(endpointKey(endpoint.id), endpoint, updated, { events: [tell(endpointUpdated)] });
    return plan(toEndpoint(updated, now), [change], { replaces: endpoint.version });
  },
});
