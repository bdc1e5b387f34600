/**
 * All in the platform's partition, under the tenant's own pk: keys are built from the caller's tenant id only. When a key was
 * used stands apart, since every Lambda writes it and only one may write tenants and keys.
 *
 * | question                         | where                         | order     |
 * |----------------------------------|-------------------------------|-----------|
 * | a tenant                         | TENANT#<tenantId> / META      |           |
 * | all tenants                      | list index TENANTS            | createdAt |
 * | an API key, the keys of a tenant | TENANT#<tenantId> / KEY#<id>  | createdAt |
 * | when a key was last used         | USE#<tenantId> / KEY#<id>     |           |
 * | whose secret is this             | SECRET#<sha256> / META        |           |
 */
import { key } from "../kernel/table.ts";
import type { ApiKeyRecord, SecretRecord } from "./api-key.ts";
import type { TenantRecord } from "./model.ts";

const tenantPk = (tenantId: string) => `TENANT#${tenantId}`;
export const tenantKey = (tenantId: string) => key<TenantRecord>(tenantPk(tenantId), "META");
export const tenantListPk = "TENANTS";
export const apiKeysOf = (tenantId: string) => ({ pk: tenantPk(tenantId), skPrefix: "KEY#" });
export const apiKeyKey = (tenantId: string, keyId: string) => key<ApiKeyRecord>(tenantPk(tenantId), `KEY#${keyId}`);
export const keyUseKey = (tenantId: string, keyId: string) => key<{ lastUsedAt: string }>(`USE#${tenantId}`, `KEY#${keyId}`);
export const secretKey = (secretHash: string) => key<SecretRecord>(`SECRET#${secretHash}`, "META");
