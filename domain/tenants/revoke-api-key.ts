import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { type Change, remove, replace } from "../kernel/table.ts";
import { ApiKey, type ApiKeyRecord, apiKeyExample } from "./api-key.ts";
import { apiKeyNotFound, apiKeyParams } from "./get-api-key.ts";
import { apiKeyKey, secretKey } from "./keys.ts";
import { loadApiKey, toApiKey } from "./store.ts";

export const revokeApiKey = operation({
  id: "revokeApiKey",
  summary: "Revoke an API key",
  description: "Ends the key and all its secrets for ever, everywhere within 30 seconds. Revoking a revoked key changes nothing.",
  method: "post",
  path: "/v1/api-keys/{apiKeyId}/revoke",
  permission: "keys:manage",
  partition: "platform",
  liveOnly: true,
  params: apiKeyParams,
  success: { status: 200, output: ApiKey, example: { ...apiKeyExample, status: "revoked", version: 2 } },
  problems: apiKeyNotFound,
  async run({ table, caller, now, fail }, { params }) {
    const { record, lastUsedAt } = (await loadApiKey(table, caller.tenantId, params.apiKeyId)) ?? fail("api_key_not_found");
    if (record.revokedAt) return plan(toApiKey(record, now, lastUsedAt), [], { replaces: record.version });
    const { next, changes } = revocation(record, now);
    return plan(toApiKey(next, now, lastUsedAt), changes, { replaces: record.version });
  },
});

/** The key once it is revoked, and what makes it so. */
export function revocation(record: ApiKeyRecord, now: Date): { next: ApiKeyRecord; changes: Change[] } {
  const next = revise(record, { revokedAt: now.toISOString() }, now);
  return { next, changes: [replace(apiKeyKey(record.tenantId, record.id), record, next), ...secretRemovals(record)] };
}

/** The entries of all secrets of a key. */
export const secretRemovals = (record: ApiKeyRecord) =>
  [record.secretHash, record.previousSecretHash].flatMap((hash) => (hash ? [remove(secretKey(hash))] : []));
