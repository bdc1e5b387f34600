import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import type { Permission } from "../kernel/permission.ts";
import { ApiKeyWithSecret, apiKeyExample, apiKeySettings, secretExample } from "./api-key.ts";
import { formatSecret, secretTraceOf } from "./secret-format.ts";
import { newApiKey, toApiKey } from "./store.ts";

export const scopesNotHeld = { scopes_not_held: { status: 403, title: "A caller can grant only scopes that it holds." } } as const;
/** The scopes in `wanted` that a caller with `held` cannot grant. */
export const missingScopes = (wanted: readonly Permission[], held: readonly Permission[]) => wanted.filter((scope) => !held.includes(scope));

export const createApiKey = operation({
  id: "createApiKey",
  summary: "Create an API key",
  description:
    "The secret is shown in this answer only; a replay with the same Idempotency-Key shows it again for 7 days. The key is pinned to the newest version of the API unless you name another.",
  method: "post",
  path: "/v1/api-keys",
  permission: "keys:manage",
  partition: "platform",
  liveOnly: true,
  secretOutput: true,
  body: z.strictObject({ ...apiKeySettings, livemode: z.boolean().meta({ description: "false: a test key, which sees test data only." }) }),
  example: { name: "Checkout", scopes: ["customers:read", "customers:write"], livemode: false },
  success: { status: 201, output: ApiKeyWithSecret, example: { ...apiKeyExample, secret: secretExample } },
  problems: { ...scopesNotHeld, expiry_in_past: { status: 422, title: "The key would be expired at once." } },
  async run({ caller, now, newId, newSecret, fail }, { body }) {
    const missing = missingScopes(body.scopes, caller.scopes);
    if (missing.length > 0) return fail("scopes_not_held", { requiredScopes: missing });
    if (body.expiresAt && Date.parse(body.expiresAt) <= now.getTime()) return fail("expiry_in_past");
    const secret = formatSecret(body.livemode, newSecret(26));
    const { record, changes } = newApiKey({ id: newId("key"), tenantId: caller.tenantId, ...body }, secretTraceOf(secret), now);
    return plan({ ...toApiKey(record, now), secret }, changes);
  },
});
