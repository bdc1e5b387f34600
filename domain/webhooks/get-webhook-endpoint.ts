import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { loadEndpoint } from "./store.ts";

export const endpointNotFound = { webhook_endpoint_not_found: { status: 404, title: "There is no such webhook endpoint." } } as const;
export const endpointParams = z.object({ endpointId: idOf("we") });

export const getWebhookEndpoint = operation({
  id: "getWebhookEndpoint",
  summary: "Get a webhook endpoint",
  description: "Strongly consistent. Secrets and the values of headers are not shown.",
  method: "get",
  path: "/v1/webhook-endpoints/{endpointId}",
  permission: "webhooks:read",
  params: endpointParams,
  success: { status: 200, output: WebhookEndpoint, example: endpointExample },
  problems: endpointNotFound,
  async run({ table, now, fail }, { params }) {
    return plan(toEndpoint((await loadEndpoint(table, params.endpointId)) ?? fail("webhook_endpoint_not_found"), now));
  },
});
