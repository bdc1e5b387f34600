import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../kernel/page.ts";
import { endpointNotFound, endpointParams } from "./get-webhook-endpoint.ts";
import { replaysOf } from "./keys.ts";
import { finishedReplayExample, WebhookReplay } from "./replay.ts";
import { loadEndpoint } from "./store.ts";

export const listReplays = operation({
  id: "listReplays",
  summary: "List the replays of a webhook endpoint",
  description: "Those of the last 30 days, newest first. Strongly consistent.",
  method: "get",
  path: "/v1/webhook-endpoints/{endpointId}/replays",
  permission: "webhooks:read",
  params: endpointParams,
  query: z.strictObject(pageQuery),
  success: { status: 200, output: pageOf(WebhookReplay, "WebhookReplay"), example: { object: "list", data: [finishedReplayExample], hasMore: false } },
  problems: endpointNotFound,
  async run({ table, cursor, page, fail }, { params, query: { limit } }) {
    if (!(await loadEndpoint(table, params.endpointId))) return fail("webhook_endpoint_not_found");
    const { found, last } = await fillPage(
      limit,
      walkQuery<WebhookReplay>(table, { from: "items", ...replaysOf(params.endpointId), order: "descending" }, cursor),
    );
    return plan(
      page(
        found.map(({ document }) => document),
        last?.position,
      ),
    );
  },
});
