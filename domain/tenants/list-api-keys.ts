import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../kernel/page.ts";
import { ApiKey, type ApiKeyRecord, apiKeyExample } from "./api-key.ts";
import { apiKeysOf, keyUseKey } from "./keys.ts";
import { toApiKey } from "./store.ts";

export const listApiKeys = operation({
  id: "listApiKeys",
  summary: "List API keys",
  description: "Live and test keys, also expired and revoked ones, oldest first. Strongly consistent.",
  method: "get",
  path: "/v1/api-keys",
  permission: "keys:manage",
  partition: "platform",
  liveOnly: true,
  query: z.strictObject(pageQuery),
  success: { status: 200, output: pageOf(ApiKey, "ApiKey"), example: { object: "list", data: [apiKeyExample], hasMore: false } },
  problems: {},
  async run({ table, caller, now, cursor, page }, { query: { limit } }) {
    const walk = walkQuery<ApiKeyRecord>(table, { from: "items", ...apiKeysOf(caller.tenantId), order: "ascending" }, cursor);
    const { found, last } = await fillPage(limit, walk);
    const uses = await table.getMany(found.map(({ document }) => keyUseKey(caller.tenantId, document.id)));
    const keys = found.map(({ document }, index) => toApiKey(document, now, uses[index]?.lastUsedAt));
    return plan(page(keys, last?.position));
  },
});
