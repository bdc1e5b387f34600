import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { pageOf, pageQuery } from "../kernel/page.ts";
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
    const rows = await table.query<ApiKeyRecord>({
      from: "items",
      ...apiKeysOf(caller.tenantId),
      order: "ascending",
      limit,
      after: cursor as string | undefined,
    });
    const uses = await table.getMany(rows.map((row) => keyUseKey(caller.tenantId, row.document.id)));
    const keys = rows.map((row, index) => toApiKey(row.document, now, uses[index]?.lastUsedAt));
    return plan(page(keys, rows.length === limit ? rows.at(-1)?.position : undefined));
  },
});
