import { operation, plan } from "../kernel/operation.ts";
import { replace } from "../kernel/table.ts";
import { deliveryExample, toDelivery, WebhookDelivery } from "./delivery.ts";
import { deliveryChanges, messageOf, restarted } from "./delivery-round.ts";
import { deliveryNotFound, deliveryParams } from "./get-delivery.ts";
import { endpointNotFound } from "./get-webhook-endpoint.ts";
import { unpaused } from "./health.ts";
import { deliveryKey, healthKey } from "./keys.ts";
import { endpointDisabled } from "./send-test-event.ts";
import { loadEndpoint } from "./store.ts";

export const retryDelivery = operation({
  id: "retryDelivery",
  summary: "Retry a webhook delivery",
  description:
    "Sends the event again, now, whatever the status, with all its retries ahead of it. One that waits for a retry goes at once, also where the endpoint is left alone for a while after failures. `webhook-id` stays the same: a receiver that has had the event knows it again.",
  method: "post",
  path: "/v1/webhook-deliveries/{deliveryId}/retry",
  permission: "webhooks:write",
  params: deliveryParams,
  success: {
    status: 202,
    output: WebhookDelivery,
    example: { ...deliveryExample, status: "pending", nextAttemptAt: "2026-11-21T10:15:00.000Z", updatedAt: "2026-11-21T10:15:00.000Z", version: 3 },
  },
  problems: { ...deliveryNotFound, ...endpointNotFound, ...endpointDisabled },
  async run({ table, now, fail }, { params }) {
    const delivery = (await table.get(deliveryKey(params.deliveryId))) ?? fail("webhook_delivery_not_found");
    const endpoint = (await loadEndpoint(table, delivery.endpointId)) ?? fail("webhook_endpoint_not_found");
    if (endpoint.status === "disabled") return fail("webhook_endpoint_disabled", { disabledReason: endpoint.disabledReason });
    const health = await table.get(healthKey(endpoint.id));
    const open = unpaused(health, now);
    const after = restarted(delivery, now);
    const message = messageOf(after, now);
    const changes = [...deliveryChanges(delivery, after, now), ...(health && open ? [replace(healthKey(endpoint.id), health, open)] : [])];
    return plan(toDelivery(after), changes, { replaces: delivery.version, messages: message ? [message] : [] });
  },
});
