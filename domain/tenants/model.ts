/** Tenant: the business that uses the API. Platform: who runs the service; its keys create and suspend tenants. */
import * as z from "zod";
import type { ListShards } from "../kernel/caller.ts";
import { idOf } from "../kernel/id.ts";
import { Currency, Locale, Region, TimeZone } from "../kernel/localization.ts";
import { patchShape } from "../kernel/merge-patch.ts";
import { recordFields } from "../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../kernel/text.ts";
import { RateLimitsOfTenant, RateLimitsSetting, rateLimitsDefault } from "./rate-limits.ts";

export const platformTenantId = "platform";

export const IdentityPolicies = z
  .strictObject({
    defaultPhoneRegion: Region.meta({ description: "ISO 3166 region that national phone numbers are read in.", example: "FR" }).optional(),
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
    rateLimits: RateLimitsOfTenant.meta({ description: "How often the tenant may call, for live and for test data apart. Read-only for the tenant." }),
    status: z.enum(["active", "suspended"]),
    metadata: Metadata,
    ...recordFields,
  })
  .meta({ id: "Tenant" });
export type Tenant = z.infer<typeof Tenant>;

/** What is kept of a tenant. `secret` keys the HMACs of identity values and cursors; it never leaves the service. */
export type TenantRecord = Omit<Tenant, "listShards" | "rateLimits"> & { listShards: ListShards; rateLimits?: RateLimitsSetting; secret: string };

/** What a tenant decides about itself. */
export const TenantSettingsInput = z.strictObject({
  name: text(200),
  timeZone: TimeZone,
  currency: Currency,
  locale: Locale,
  identityPolicies: IdentityPolicies.default({}),
  metadata: Metadata.default({}),
});
const { identityPolicies: _, metadata: _1, ...patchable } = patchShape(TenantSettingsInput.shape);
/** What the platform decides about a tenant besides. */
export const PlatformSettingsInput = TenantSettingsInput.extend({ rateLimits: RateLimitsSetting.optional() });
/** In a merge patch: null takes a policy away, null for all of it clears them. */
const IdentityPoliciesPatch = z.strictObject(patchShape(IdentityPolicies.shape)).nullable().meta({ id: "IdentityPoliciesPatch" });
export const TenantPatch = z.strictObject({ ...patchable, identityPolicies: IdentityPoliciesPatch.optional(), metadata: MetadataPatch.optional() });

/** In a merge patch: null brings the default back, for one limit or for both. */
const RateLimitsPatch = z.strictObject(patchShape(RateLimitsSetting.shape)).nullable().meta({ id: "RateLimitsPatch" });
export const PlatformTenantPatch = TenantPatch.extend({ rateLimits: RateLimitsPatch.optional() });

export const tenantExample = {
  id: "tn_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "tenant" as const,
  name: "Café Lumière",
  timeZone: "Europe/Paris",
  currency: "EUR",
  locale: "fr-FR",
  identityPolicies: {},
  listShards: 1,
  rateLimits: rateLimitsDefault,
  status: "active" as const,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
