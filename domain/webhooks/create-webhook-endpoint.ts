import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { create } from "../kernel/table.ts";
import { refuseTarget, refuseUnknownTypes, targetNotAllowed } from "./check-endpoint.ts";
import {
  type EndpointRecord,
  EndpointSettings,
  endpointExample,
  endpointSecretExample,
  endpointsMax,
  toEndpoint,
  WebhookEndpointWithSecret,
} from "./endpoint.ts";
import { endpointCreated } from "./events.ts";
import { endpointKey } from "./keys.ts";
import { endpointSecretFrom } from "./signature.ts";
import { loadEndpoints } from "./store.ts";

export const createWebhookEndpoint = operation({
  id: "createWebhookEndpoint",
  summary: "Create a webhook endpoint",
  description: `Events from now on are delivered to it, each at least once, with a time-out of 15 s: \`webhook-id\` is the event's id and tells a repeat. The secret that verifies them is shown in this answer only; a replay with the same Idempotency-Key shows it again for 7 days. Up to ${endpointsMax} endpoints in each mode. The URL must be https on the public internet, on port 443 or from 1024 on; it is checked now and at every attempt. A pattern that matches no event type is refused as \`invalid_input\` with \`unknown_event_type\`.`,
  method: "post",
  path: "/v1/webhook-endpoints",
  permission: "webhooks:write",
  secretOutput: true,
  body: EndpointSettings,
  example: { url: endpointExample.url, eventTypes: endpointExample.eventTypes, description: "Back office" },
  success: { status: 201, output: WebhookEndpointWithSecret, example: { ...endpointExample, description: "Back office", secret: endpointSecretExample } },
  problems: {
    ...targetNotAllowed,
    webhook_endpoint_limit_reached: { status: 409, title: "There are as many webhook endpoints as there may be; delete one first." },
  },
  async run({ table, caller, outside, now, newId, newSecret, fail }, { body }) {
    refuseUnknownTypes(body.eventTypes);
    await refuseTarget(outside, body.url, fail, "/url");
    if ((await loadEndpoints(table)).length >= endpointsMax) return fail("webhook_endpoint_limit_reached", { limit: endpointsMax });
    const secret = endpointSecretFrom(newSecret(43));
    const at = now.toISOString();
    const endpoint: EndpointRecord = {
      id: newId("we"),
      object: "webhook_endpoint",
      ...body,
      status: "enabled",
      secrets: [{ secret, createdAt: at }],
      createdAt: at,
      updatedAt: at,
      version: 1,
      livemode: caller.livemode,
    };
    return plan({ ...toEndpoint(endpoint, now), secret }, [create(endpointKey(endpoint.id), endpoint, { events: [tell(endpointCreated)] })]);
  },
});
