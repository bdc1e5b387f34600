/**
 * The platform's own key, made by an operator and not by a request: before the first one there is nobody who could ask.
 * The secret stays with the operator; only its hash comes here.
 */
import * as z from "zod";
import { newestApiVersion } from "../api-versions.ts";
import { platformScopes } from "../kernel/permission.ts";
import type { InputError } from "../kernel/problem.ts";
import { revise } from "../kernel/revision.ts";
import { type Change, create, type Reader, replace } from "../kernel/table.ts";
import { text } from "../kernel/text.ts";
import type { ApiKeyRecord } from "./api-key.ts";
import { apiKeysOf, tenantKey } from "./keys.ts";
import { platformTenantId, type TenantRecord } from "./model.ts";
import { revocation } from "./revoke-api-key.ts";
import type { SecretTrace } from "./secret-format.ts";
import { apiKeyStatus, loadTenant, newApiKey, newTenant } from "./store.ts";

/** `secretHash` and `display` are what `secretTraceOf` makes of the secret. `replace`: every other key of the platform is revoked. */
export const PlatformKeyRequest = z.strictObject({
  secretHash: z.string().regex(/^[0-9a-f]{64}$/, "The secret's SHA-256, as 64 hexadecimal digits."),
  display: z.string().regex(/^ck_live_[0-9A-Za-z]{4}…[0-9A-Za-z]{4}$/, "The secret's first 12 and last 4 characters with … between."),
  name: text(100),
  replace: z.boolean().default(false),
});
export type PlatformKeyRequest = z.output<typeof PlatformKeyRequest>;

export type PlatformKeyAnswer =
  /** Also for a repeat: one secret makes one key. */
  | { readonly outcome: "created"; readonly keyId: string; readonly revokedKeyIds: readonly string[] }
  | { readonly outcome: "refused"; readonly code: "invalid_input"; readonly errors: readonly InputError[] }
  | { readonly outcome: "refused"; readonly code: "secret_used_before"; readonly keyId: string }
  | {
      readonly outcome: "refused";
      readonly code: "platform_key_exists";
      readonly keys: readonly Pick<ApiKeyRecord, "id" | "name" | "display" | "createdAt">[];
    };

/** Far more than a platform has; what is revoked must fit one transaction. */
const keysMax = 30;

/** What comes of the request, and the changes that make it so. Of many requests at once one commits, the others contend with it. */
export async function planPlatformKey(
  table: Reader,
  request: PlatformKeyRequest,
  made: Made,
): Promise<{ readonly answer: PlatformKeyAnswer; readonly changes: readonly Change[] }> {
  const { now } = made;
  const tenant = await loadTenant(table, platformTenantId);
  // Read after the tenant, whose version guards the changes: a key that is made meanwhile is seen here or refuses them.
  const rows = await table.query<ApiKeyRecord>({ from: "items", ...apiKeysOf(platformTenantId), order: "ascending", limit: 1_000 });
  const keys = rows.map(({ document }) => document);
  const active = keys.filter((key) => apiKeyStatus(key, now) === "active");
  const same = keys.find(({ secretHash }) => secretHash === request.secretHash);
  if (same && active.includes(same)) return { answer: { outcome: "created", keyId: same.id, revokedKeyIds: [] }, changes: [] };
  if (same) return { answer: { outcome: "refused", code: "secret_used_before", keyId: same.id }, changes: [] };
  if (active.length > 0 && !request.replace) {
    const shown = active.map(({ id, name, display, createdAt }) => ({ id, name, display, createdAt }));
    return { answer: { outcome: "refused", code: "platform_key_exists", keys: shown }, changes: [] };
  }
  const replaced = active.slice(0, keysMax);
  const { record, changes } = newPlatformKey(tenant, request, made);
  return {
    answer: { outcome: "created", keyId: record.id, revokedKeyIds: replaced.map(({ id }) => id) },
    changes: [...changes, ...replaced.flatMap((key) => revocation(key, now).changes)],
  };
}

/** What a new key needs of chance and of the clock; `tenantSecret` is 43 random letters and digits. */
export type Made = { readonly keyId: string; readonly tenantSecret: string; readonly now: Date };

/** A key of the platform, whose record is made with the first one. The platform is not one of the tenants that it lists. */
export function newPlatformKey(
  tenant: TenantRecord | undefined,
  { name, secretHash, display }: SecretTrace & { readonly name: string },
  { keyId, tenantSecret, now }: Made,
): { record: ApiKeyRecord; changes: Change[] } {
  const at = tenantKey(platformTenantId);
  const guard = tenant ? replace(at, tenant, revise(tenant, {}, now)) : create(at, newTenant(platformSettings, platformTenantId, tenantSecret, now));
  const granted = { scopes: [...platformScopes], allowedCidrs: [], livemode: true, apiVersion: newestApiVersion };
  const { record, changes } = newApiKey({ id: keyId, tenantId: platformTenantId, name, ...granted }, { secretHash, display }, now);
  return { record, changes: [guard, ...changes] };
}

const platformSettings = { name: "Platform", timeZone: "UTC", currency: "EUR", locale: "en", identityPolicies: {}, metadata: {} };
