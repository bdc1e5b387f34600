/** OIDC and OAuth 2 access tokens as a second kind of credential. Loaded only where an issuer is configured. */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Caller } from "../../domain/kernel/caller.ts";
import { type Permission, tenantScopes } from "../../domain/kernel/permission.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { apiVersion, platformTenantId } from "../../domain/tenants/model.ts";
import { loadTenant, settingsOf } from "../../domain/tenants/store.ts";
import type { Config } from "./config.ts";
import { openTable } from "./table.ts";

type Oidc = NonNullable<Config["oidc"]>;
const keySets = new Map<string, JWTVerifyGetKey>();

/** The issuer's keys, fetched once and again when an unknown key id appears. */
function keysOf({ issuer, jwksUrl }: Oidc): JWTVerifyGetKey {
  const url = jwksUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`;
  const known = keySets.get(url) ?? createRemoteJWKSet(new URL(url));
  keySets.set(url, known);
  return known;
}

/**
 * Claims: `tenant_id` (or Cognito's `custom:tenant_id`), `scope` (space-separated; a `<resource>/` prefix is dropped),
 * `livemode` (default true). Tokens can hold tenant scopes only, never the platform's.
 */
export async function callerOfJwt(token: string, oidc: Oidc): Promise<Caller> {
  const { payload } = await jwtVerify(token, keysOf(oidc), { issuer: oidc.issuer, audience: oidc.audience, requiredClaims: ["exp", "sub"] }).catch(
    (error: unknown) => {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
        throw shellProblem("service_unavailable", { detail: "The token issuer's keys cannot be read." }, { "retry-after": "5" });
      throw unauthenticated(`The token is not valid: ${error.code}.`);
    },
  );
  const tenantId = payload["tenant_id"] ?? payload["custom:tenant_id"];
  if (typeof tenantId !== "string" || tenantId === platformTenantId) throw unauthenticated("The token names no tenant.");
  const tenant = await loadTenant(openTable(platformTenantId), tenantId);
  if (!tenant) throw unauthenticated("The token names an unknown tenant.");
  if (tenant.status === "suspended") throw shellProblem("tenant_suspended");
  const claimed = String(payload["scope"] ?? "")
    .split(" ")
    .map((scope) => scope.slice(scope.lastIndexOf("/") + 1));
  return {
    tenantId,
    livemode: payload["livemode"] !== false,
    actor: { type: "user", id: payload.sub as string },
    credential: { id: payload.sub as string, name: "jwt", expiresAt: new Date((payload.exp as number) * 1000).toISOString() },
    scopes: tenantScopes.filter((scope: Permission) => claimed.includes(scope)),
    apiVersion,
    settings: settingsOf(tenant),
  };
}

const unauthenticated = (detail: string) =>
  shellProblem("unauthenticated", { detail }, { "www-authenticate": 'Bearer realm="clientele", error="invalid_token"' });
