import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { create } from "../kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../kernel/time.ts";
import { endpointTested } from "./events.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { webhookTestKey } from "./keys.ts";
import { loadEndpoint } from "./store.ts";
import { WebhookTest, webhookTestExample } from "./webhook-test.ts";

export const endpointDisabled = { webhook_endpoint_disabled: { status: 409, title: "The webhook endpoint is disabled; enable it first." } } as const;

export const sendTestEvent = operation({
  id: "sendTestEvent",
  summary: "Send a test event",
  description:
    "Makes an event `webhook_endpoint.tested`, whose `data.object` is this answer. It goes to the endpoint whatever it subscribes to, signed and retried as every event, and to others that subscribe to it.",
  method: "post",
  path: "/v1/webhook-endpoints/{endpointId}/test",
  permission: "webhooks:write",
  params: endpointParams,
  success: { status: 202, output: WebhookTest, example: webhookTestExample },
  problems: { ...endpointNotFound, ...endpointDisabled },
  async run({ table, caller, now, newId, fail }, { params: { endpointId } }) {
    const endpoint = (await loadEndpoint(table, endpointId)) ?? fail("webhook_endpoint_not_found");
    if (endpoint.status === "disabled") return fail("webhook_endpoint_disabled", { disabledReason: endpoint.disabledReason });
    const test: WebhookTest = { id: newId("wt"), object: "webhook_test", endpointId, createdAt: now.toISOString(), livemode: caller.livemode };
    const change = create(webhookTestKey(test.id), test, { events: [tell(endpointTested)], placement: { expiresAt: instantAfter(now, dayMilliseconds) } });
    return plan(test, [change], { replaces: endpoint.version });
  },
});
