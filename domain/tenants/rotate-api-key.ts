import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { create, overwrite, remove, replace } from "../kernel/table.ts";
import { instantAfter, secondMilliseconds } from "../kernel/time.ts";
import { ApiKeyWithSecret, apiKeyExample, secretExample } from "./api-key.ts";
import { missingScopes, scopesNotHeld } from "./create-api-key.ts";
import { apiKeyNotFound, apiKeyParams } from "./get-api-key.ts";
import { apiKeyKey, secretKey } from "./keys.ts";
import { formatSecret, secretTraceOf } from "./secret-format.ts";
import { apiKeyStatus, keyPlacement, loadApiKey, toApiKey } from "./store.ts";

export const apiKeyNotActive = { api_key_not_active: { status: 409, title: "The API key is expired or revoked." } } as const;

export const rotateApiKey = operation({
  id: "rotateApiKey",
  summary: "Give an API key a new secret",
  description:
    "The former secret goes on working for `overlapSeconds` (up to 7 days), an earlier one ends at once. The key's id, and so its idempotency records, stay.",
  method: "post",
  path: "/v1/api-keys/{apiKeyId}/rotate",
  permission: "keys:manage",
  partition: "platform",
  liveOnly: true,
  secretOutput: true,
  params: apiKeyParams,
  body: z.strictObject({ overlapSeconds: z.int().min(0).max(604_800).default(0).meta({ description: "0 to 604,800 (7 days)." }) }),
  example: { overlapSeconds: 86_400 },
  success: {
    status: 200,
    output: ApiKeyWithSecret,
    example: { ...apiKeyExample, version: 2, previousSecretValidUntil: "2026-11-22T09:30:00.000Z", secret: secretExample },
  },
  problems: { ...apiKeyNotFound, ...scopesNotHeld, ...apiKeyNotActive },
  async run({ table, caller, now, newSecret, fail }, { params, body: { overlapSeconds } }) {
    const { record, lastUsedAt } = (await loadApiKey(table, caller.tenantId, params.apiKeyId)) ?? fail("api_key_not_found");
    const missing = missingScopes(record.scopes, caller.scopes);
    if (missing.length > 0) return fail("scopes_not_held", { requiredScopes: missing });
    if (apiKeyStatus(record, now) !== "active") return fail("api_key_not_active", { keyStatus: apiKeyStatus(record, now) });
    const secret = formatSecret(record.livemode, newSecret(26));
    const validUntil = instantAfter(now, overlapSeconds * secondMilliseconds);
    const next = revise(record, { ...secretTraceOf(secret), previousSecretHash: record.secretHash, previousSecretValidUntil: validUntil }, now);
    const owner = { tenantId: record.tenantId, keyId: record.id };
    return plan(
      { ...toApiKey(next, now, lastUsedAt), secret },
      [
        replace(apiKeyKey(record.tenantId, record.id), record, next, { placement: keyPlacement(next) }),
        create(secretKey(next.secretHash), owner),
        overwrite(secretKey(record.secretHash), { ...owner, validUntil }, { placement: { expiresAt: validUntil } }),
        ...(record.previousSecretHash ? [remove(secretKey(record.previousSecretHash))] : []),
      ],
      { replaces: record.version },
    );
  },
});
