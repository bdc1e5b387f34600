import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { pageSizeMax } from "../kernel/page.ts";
import { Scope } from "../kernel/permission.ts";
import { Instant } from "../kernel/time.ts";
import { effectiveLimits } from "./rate-limits.ts";

const Identity = z
  .object({
    object: z.literal("caller"),
    tenant: z.object({ id: z.string(), name: z.string(), timeZone: z.string(), currency: z.string(), locale: z.string() }),
    credential: z.object({ type: z.enum(["api_key", "user", "system"]), id: z.string(), name: z.string(), expiresAt: Instant.optional() }),
    scopes: z.array(Scope),
    livemode: z.boolean(),
    apiVersion: z.string().meta({ description: "The version that this request was answered in." }),
    limits: z.object({ bodyBytes: z.int(), pageSize: z.int(), batchItems: z.int(), readsPerSecond: z.int(), writesPerSecond: z.int() }),
  })
  .meta({ id: "Caller" });

export const whoAmI = operation({
  id: "whoAmI",
  summary: "Who the credential is",
  description: "The tenant, the credential, its scopes and mode, the API version that holds for the request, and the limits that apply. Needs no scope.",
  method: "get",
  path: "/v1/me",
  permission: "any",
  partition: "platform",
  success: {
    status: 200,
    output: Identity,
    example: {
      object: "caller",
      tenant: { id: "tn_01JD3S8K9ZQ4T7N2V5X8B1C6F0", name: "Café Lumière", timeZone: "Europe/Paris", currency: "EUR", locale: "fr-FR" },
      credential: { type: "api_key", id: "key_01JD3S8K9ZQ4T7N2V5X8B1C6F0", name: "Checkout" },
      scopes: ["customers:read", "customers:write"],
      livemode: false,
      apiVersion: "2026-11-01",
      limits: { bodyBytes: 262_144, pageSize: 100, batchItems: 100, readsPerSecond: 200, writesPerSecond: 50 },
    },
  },
  problems: {},
  async run({ caller }) {
    const { name, timeZone, currency, locale } = caller.settings;
    return plan({
      object: "caller",
      tenant: { id: caller.tenantId, name, timeZone, currency, locale },
      credential: { type: caller.actor.type, ...caller.credential },
      scopes: [...caller.scopes],
      livemode: caller.livemode,
      apiVersion: caller.apiVersion,
      limits: { bodyBytes: 256 * 1024, pageSize: pageSizeMax, batchItems: 100, ...effectiveLimits(caller.settings.rateLimits, caller.rateLimits) },
    });
  },
});
