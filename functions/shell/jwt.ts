/** OIDC and OAuth 2 access tokens as a second kind of credential. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { newestApiVersion } from "../../domain/api-versions.ts";
import type { Caller } from "../../domain/kernel/caller.ts";
import { type Permission, tenantScopes } from "../../domain/kernel/permission.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
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
 * Claims: `aud` (or, in Cognito's access tokens, which have none, `client_id`), `tenant_id` (or Cognito's `custom:tenant_id`),
 * `scope` (space-separated; a `<resource>/` prefix is dropped), `livemode` (default true; anything but true sees test data).
 * Tokens can hold tenant scopes only, never the platform's. Errors, in order: 503 when the issuer's keys cannot be read,
 * 401 for the token, 403 for a suspended tenant.
 */
export async function callerOfJwt(token: string, oidc: Oidc): Promise<Caller> {
  const payload = await verified(token, oidc);
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
    livemode: (payload["livemode"] ?? true) === true,
    actor: { type: "user", id: payload.sub as string },
    credential: { id: payload.sub as string, name: "jwt", expiresAt: new Date((payload.exp as number) * 1000).toISOString() },
    scopes: tenantScopes.filter((scope: Permission) => claimed.includes(scope)),
    apiVersion: newestApiVersion,
    settings: settingsOf(tenant),
  };
}

async function verified(token: string, oidc: Oidc): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keysOf(oidc), { issuer: oidc.issuer, requiredClaims: ["exp", "sub"] }).catch((error: unknown) => {
    if (isIssuersFault(error)) throw shellProblem("service_unavailable", { detail: "The token issuer's keys cannot be read." }, { "retry-after": "5" });
    throw unauthenticated(`The token is not valid: ${(error as errors.JOSEError).code}.`);
  });
  const audiences = [payload.aud ?? payload["client_id"]].flat();
  if (!audiences.includes(oidc.audience)) throw unauthenticated("The token is meant for another audience.");
  return payload;
}

/** Keys that cannot be fetched or used: the generic JOSEError is thrown for an answer of the issuer that is no key set. */
const isIssuersFault = (error: unknown): boolean =>
  !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === errors.JOSEError.code;

const unauthenticated = (detail: string) =>
  shellProblem("unauthenticated", { detail }, { "www-authenticate": 'Bearer realm="clientele", error="invalid_token"' });
