import { operation, plan } from "../kernel/operation.ts";
import { disableChanges, disabled } from "./disable-endpoint.ts";
import { endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { loadEndpoint } from "./store.ts";

export const disableWebhookEndpoint = operation({
  id: "disableWebhookEndpoint",
  summary: "Disable a webhook endpoint",
  description:
    "Nothing is sent there any more: deliveries that wait are canceled, an attempt that is under way ends, and events from now on make no deliveries to it. Disabling a disabled endpoint changes nothing, its reason neither.",
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/disable",
  permission: "webhooks:write",
  params: endpointParams,
  success: {
    status: 200,
    output: WebhookEndpoint,
    example: { ...endpointExample, status: "disabled", disabledReason: "requested", disabledAt: "2026-11-21T10:00:00.000Z", version: 2 },
  },
  problems: endpointNotFound,
  async run({ table, now, fail }, { params }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    const after = endpoint.status === "disabled" ? endpoint : disabled(endpoint, "requested", now);
    return plan(toEndpoint(after, now), disableChanges(endpoint, "requested", now), { replaces: endpoint.version });
  },
});
