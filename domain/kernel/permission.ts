/** Scopes: what a credential may do. `<context>:read` and `<context>:write`, and two that manage access itself. */
import * as z from "zod";

export const tenantScopes = [
  "tenant:read",
  "tenant:write",
  "customers:read",
  "customers:write",
  "loyalty:read",
  "loyalty:write",
  "complaints:read",
  "complaints:write",
  "surveys:read",
  "surveys:write",
  "events:read",
  "webhooks:read",
  "webhooks:write",
  "keys:manage",
] as const;
/** Only the platform's own keys hold this one: it creates and suspends tenants. */
export const platformScopes = ["tenants:manage"] as const;

export const Scope = z.enum([...tenantScopes, ...platformScopes]).meta({ id: "Scope", description: "What a credential may do." });
export type Permission = z.infer<typeof Scope>;
