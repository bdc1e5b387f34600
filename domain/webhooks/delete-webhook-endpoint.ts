import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { create, remove } from "../kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../kernel/time.ts";
import { endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { endpointDeleted } from "./events.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { deletedEndpointKey, endpointKey, healthKey } from "./keys.ts";
import { loadEndpoint } from "./store.ts";

export const deleteWebhookEndpoint = operation({
  id: "deleteWebhookEndpoint",
  summary: "Delete a webhook endpoint",
  description:
    "Answers the endpoint as it was last, without its secrets, which are gone. Deliveries that still wait are canceled; an attempt that is under way ends. It cannot be undone: to stop deliveries for a while, disable the endpoint.",
  method: "delete",
  path: "/v1/webhook-endpoints/{endpointId}",
  permission: "webhooks:write",
  params: endpointParams,
  success: { status: 200, output: WebhookEndpoint, example: { ...endpointExample, secrets: [], version: 2 } },
  problems: endpointNotFound,
  async run({ table, now, fail }, { params }) {
    const endpoint = (await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found");
    const deleted = revise(endpoint, { secrets: [] }, now);
    return plan(
      toEndpoint(deleted, now),
      [
        remove(endpointKey(endpoint.id), endpoint),
        remove(healthKey(endpoint.id)),
        // Only a document that is written can tell an event, so one stays for a little while.
        create(deletedEndpointKey(endpoint.id), deleted, {
          events: [tell(endpointDeleted)],
          placement: { expiresAt: instantAfter(now, dayMilliseconds) },
        }),
      ],
      { replaces: endpoint.version },
    );
  },
});
