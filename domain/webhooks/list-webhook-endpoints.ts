import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../kernel/page.ts";
import { type EndpointRecord, endpointExample, toEndpoint, WebhookEndpoint } from "./endpoint.ts";
import { endpointsPk } from "./keys.ts";

export const listWebhookEndpoints = operation({
  id: "listWebhookEndpoints",
  summary: "List webhook endpoints",
  description: "Of the credential's mode, oldest first; strongly consistent.",
  method: "get",
  path: "/v1/webhook-endpoints",
  permission: "webhooks:read",
  query: z.strictObject({ ...pageQuery, status: WebhookEndpoint.shape.status.optional().meta({ description: "Only endpoints in this status." }) }),
  success: { status: 200, output: pageOf(WebhookEndpoint, "WebhookEndpoint"), example: { object: "list", data: [endpointExample], hasMore: false } },
  problems: {},
  async run({ table, now, cursor, page }, { query: { limit, status } }) {
    const walk = walkQuery<EndpointRecord>(table, { from: "items", pk: endpointsPk, order: "ascending" }, cursor);
    const { found, last } = await fillPage(limit, walk, ({ document }) => status === undefined || document.status === status);
    const endpoints = found.map(({ document }) => toEndpoint(document, now));
    return plan(page(endpoints, last?.position));
  },
});
