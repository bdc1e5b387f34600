import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { ApiKey, apiKeyExample } from "./api-key.ts";
import { loadApiKey, toApiKey } from "./store.ts";

export const apiKeyNotFound = { api_key_not_found: { status: 404, title: "There is no such API key." } } as const;
export const apiKeyParams = z.object({ apiKeyId: idOf("key") });

export const getApiKey = operation({
  id: "getApiKey",
  summary: "Get an API key",
  method: "get",
  path: "/v1/api-keys/{apiKeyId}",
  permission: "keys:manage",
  partition: "platform",
  liveOnly: true,
  params: apiKeyParams,
  success: { status: 200, output: ApiKey, example: apiKeyExample },
  problems: apiKeyNotFound,
  async run({ table, caller, now, fail }, { params: { apiKeyId } }) {
    const { record, lastUsedAt } = (await loadApiKey(table, caller.tenantId, apiKeyId)) ?? fail("api_key_not_found");
    return plan(toApiKey(record, now, lastUsedAt));
  },
});
