import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { changesNothing, revise } from "../kernel/revision.ts";
import { replace } from "../kernel/table.ts";
import { ApiKey, apiKeyExample, apiKeySettings } from "./api-key.ts";
import { apiKeyNotFound, apiKeyParams } from "./get-api-key.ts";
import { apiKeyKey } from "./keys.ts";
import { keyPlacement, loadApiKey, toApiKey } from "./store.ts";

export const updateApiKey = operation({
  id: "updateApiKey",
  summary: "Change an API key",
  description:
    "Its name, and the version of the API that it is pinned to: try the new one by `Api-Version` first. The change reaches all requests within 30 seconds. What a key may do stays as it was made.",
  method: "patch",
  path: "/v1/api-keys/{apiKeyId}",
  permission: "keys:manage",
  partition: "platform",
  liveOnly: true,
  params: apiKeyParams,
  body: z.strictObject({ name: apiKeySettings.name.optional(), apiVersion: apiKeySettings.apiVersion.unwrap().optional() }),
  example: { apiVersion: apiKeyExample.apiVersion, name: "Checkout, ground floor" },
  success: { status: 200, output: ApiKey, example: { ...apiKeyExample, name: "Checkout, ground floor", version: 2 } },
  problems: apiKeyNotFound,
  async run({ table, caller, now, fail }, { params, body }) {
    const { record, lastUsedAt } = (await loadApiKey(table, caller.tenantId, params.apiKeyId)) ?? fail("api_key_not_found");
    if (changesNothing(record, body)) return plan(toApiKey(record, now, lastUsedAt), [], { replaces: record.version });
    const next = revise(record, body, now);
    const change = replace(apiKeyKey(record.tenantId, record.id), record, next, { placement: keyPlacement(next) });
    return plan(toApiKey(next, now, lastUsedAt), [change], { replaces: record.version });
  },
});
