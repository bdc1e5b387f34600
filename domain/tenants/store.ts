/** Reads and writes of tenants and API keys, in the platform's partition. */

import type * as z from "zod";
import type { TenantSettings } from "../kernel/caller.ts";
import { type Change, create, type Reader, replace } from "../kernel/table.ts";
import type { ApiKey, ApiKeyRecord, ApiKeyStatus, SecretRecord } from "./api-key.ts";
import { apiKeyKey, keyUseKey, secretKey, tenantKey, tenantListPk } from "./keys.ts";
import type { Tenant, TenantRecord } from "./model.ts";
import { rateLimitsOf } from "./rate-limits.ts";
import { type SecretTrace, secretHash } from "./secret-format.ts";

export const loadTenant = (table: Reader, tenantId: string) => table.get(tenantKey(tenantId));

/** A key, and when it was last used. */
export async function loadApiKey(table: Reader, tenantId: string, keyId: string): Promise<{ record: ApiKeyRecord; lastUsedAt?: string } | undefined> {
  const [record, use] = await table.getMany<object>([apiKeyKey(tenantId, keyId), keyUseKey(tenantId, keyId)]);
  return record && { record: record as ApiKeyRecord, ...(use as { lastUsedAt: string } | undefined) };
}

/** What a secret stands for. `validUntil`: the end of a secret that a rotation has replaced. */
export type Credential = { apiKey: ApiKeyRecord; tenant: TenantRecord; validUntil?: string; lastUsedAt?: string };

/** A secret's key and tenant in two round trips; undefined for an unknown secret or one whose time is over. */
export async function loadCredential(table: Reader, secret: string, now: Date): Promise<Credential | undefined> {
  const found = await table.get<SecretRecord>(secretKey(secretHash(secret)));
  if (!found || isPast(found.validUntil, now)) return undefined;
  const { tenantId, keyId, validUntil } = found;
  const [apiKey, tenant, use] = await table.getMany<object>([apiKeyKey(tenantId, keyId), tenantKey(tenantId), keyUseKey(tenantId, keyId)]);
  if (!apiKey || !tenant) return undefined;
  return { apiKey: apiKey as ApiKeyRecord, tenant: tenant as TenantRecord, ...(validUntil && { validUntil }), ...(use as { lastUsedAt: string } | undefined) };
}

/** By the clock: a credential that was read a while ago ends when its time is over. */
export const isUsable = ({ apiKey, validUntil }: Credential, now: Date): boolean => !isPast(validUntil, now) && apiKeyStatus(apiKey, now) === "active";

const isPast = (instant: string | undefined, now: Date) => instant !== undefined && Date.parse(instant) <= now.getTime();

/** Decided from the record and the clock alone: a sweeper that comes late changes nothing. */
export const apiKeyStatus = (record: ApiKeyRecord, now: Date): z.infer<typeof ApiKeyStatus> =>
  record.revokedAt ? "revoked" : isPast(record.expiresAt, now) ? "expired" : "active";

export function toApiKey({ tenantId: _, revokedAt, secretHash: _1, previousSecretHash: _2, ...record }: ApiKeyRecord, now: Date, lastUsedAt?: string): ApiKey {
  const status = apiKeyStatus({ tenantId: "", secretHash: "", ...record, ...(revokedAt && { revokedAt }) }, now);
  return { ...record, status, ...(lastUsedAt && { lastUsedAt }) };
}

export const toTenant = ({ secret: _, listShards, ...tenant }: TenantRecord): Tenant => ({
  ...tenant,
  listShards: listShards.count,
  rateLimits: rateLimitsOf(tenant),
});

export function settingsOf(tenant: TenantRecord): TenantSettings {
  const { name, timeZone, currency, locale, listShards, secret } = tenant;
  const defaultPhoneRegion = tenant.identityPolicies.defaultPhoneRegion ?? new Intl.Locale(locale).region;
  return { name, timeZone, currency, locale, listShards, rateLimits: rateLimitsOf(tenant), secret, ...(defaultPhoneRegion && { defaultPhoneRegion }) };
}

/** A new tenant's record; `secret` is 43 random letters and digits. */
export function newTenant(
  settings: Pick<TenantRecord, "name" | "timeZone" | "currency" | "locale" | "identityPolicies" | "metadata" | "rateLimits">,
  id: string,
  secret: string,
  now: Date,
): TenantRecord {
  const at = now.toISOString();
  const listShards = { count: 1, writtenCount: 1, since: at };
  return { id, object: "tenant", ...settings, listShards, status: "active", secret, createdAt: at, updatedAt: at, version: 1, livemode: true };
}

export const newTenantChange = (tenant: TenantRecord): Change => create(tenantKey(tenant.id), tenant, { placement: tenantPlacement(tenant) });
export const tenantChange = (before: TenantRecord, tenant: TenantRecord): Change =>
  replace(tenantKey(tenant.id), before, tenant, { placement: tenantPlacement(tenant) });
const tenantPlacement = (tenant: TenantRecord) => ({ list: { pk: tenantListPk, sk: `${tenant.createdAt}#${tenant.id}` } });

/** The due work that removes a key's secrets once it has expired. */
export const keyPlacement = ({ expiresAt, revokedAt }: ApiKeyRecord) => (expiresAt && !revokedAt ? { due: { at: expiresAt, kind: "expire_api_key" } } : {});

export type NewApiKey = Pick<ApiKeyRecord, "name" | "scopes" | "allowedCidrs" | "livemode" | "apiVersion" | "expiresAt" | "rateLimits"> & {
  id: string;
  tenantId: string;
};

/** A new key and the entry that leads from its secret to it. */
export function newApiKey(settings: NewApiKey, trace: SecretTrace, now: Date): { record: ApiKeyRecord; changes: Change[] } {
  const at = now.toISOString();
  const record: ApiKeyRecord = {
    ...settings,
    object: "api_key",
    ...trace,
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
  return {
    record,
    changes: [
      create(apiKeyKey(record.tenantId, record.id), record, { placement: keyPlacement(record) }),
      create(secretKey(record.secretHash), { tenantId: record.tenantId, keyId: record.id }),
    ],
  };
}
