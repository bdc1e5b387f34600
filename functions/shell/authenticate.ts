/** From the Authorization header to a caller, or a problem. */
import { BlockList, isIP } from "node:net";
import type { Caller } from "../../domain/kernel/caller.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import type { Permission } from "../../domain/kernel/permission.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { overwrite } from "../../domain/kernel/table.ts";
import type { ApiKeyRecord } from "../../domain/tenants/api-key.ts";
import { keyUseKey } from "../../domain/tenants/keys.ts";
import { platformTenantId, type TenantRecord } from "../../domain/tenants/model.ts";
import { isWellFormedSecret, secretHash } from "../../domain/tenants/secret-format.ts";
import { apiKeyStatus, loadCredential, settingsOf } from "../../domain/tenants/store.ts";
import { deployment } from "./config.ts";
import { openTable } from "./table.ts";

type Credential = { apiKey: ApiKeyRecord; tenant: TenantRecord } | undefined;
const remembered = new Map<string, { credential: Credential; until: number }>();
/** Bounds the memory that a flood of well-formed but unknown secrets can take. */
const rememberedMax = 10_000;

const challenge = { "www-authenticate": 'Bearer realm="clientele"' };

/** Who sends `Authorization: Bearer <API key or JWT>` from `sourceIp`. Reads nothing for garbage or a remembered key. */
export async function authenticate(authorization: string | undefined, sourceIp: string, now: Date): Promise<Caller> {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (!token) throw shellProblem("unauthenticated", { detail: "Send `Authorization: Bearer <API key>`." }, challenge);
  const { oidc } = deployment();
  if (oidc && token.split(".").length === 3) return (await import("./jwt.ts")).callerOfJwt(token, oidc);
  const credential = isWellFormedSecret(token) ? await lookUp(token, now) : undefined;
  if (!credential || apiKeyStatus(credential.apiKey, now) !== "active")
    throw shellProblem("unauthenticated", { detail: "The credential is unknown, expired or revoked." }, challenge);
  const { apiKey, tenant } = credential;
  if (apiKey.allowedCidrs.length > 0 && !isWithin(apiKey.allowedCidrs, sourceIp)) throw shellProblem("address_not_allowed");
  if (tenant.status === "suspended") throw shellProblem("tenant_suspended");
  return {
    tenantId: tenant.id,
    livemode: apiKey.livemode,
    actor: { type: "api_key", id: apiKey.id },
    credential: { id: apiKey.id, name: apiKey.name, ...(apiKey.expiresAt && { expiresAt: apiKey.expiresAt }) },
    scopes: apiKey.scopes,
    apiVersion: apiKey.apiVersion,
    settings: settingsOf(tenant),
  };
}

async function lookUp(secret: string, now: Date): Promise<Credential> {
  const hash = secretHash(secret);
  const known = remembered.get(hash);
  if (known && known.until > now.getTime()) return known.credential;
  const table = openTable(platformTenantId, () => now);
  const found = await loadCredential(table, secret, now);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value as string);
  remembered.delete(hash);
  remembered.set(hash, { credential: found, until: now.getTime() + deployment().authCacheSeconds * 1000 });
  if (found && minuteOf(found.lastUsedAt) !== minuteOf(now.toISOString()))
    // Not awaited: nobody's request waits for it, and a lost update is made good by the next look-up.
    table.commit([overwrite(keyUseKey(found.tenant.id, found.apiKey.id), { lastUsedAt: `${minuteOf(now.toISOString())}:00.000Z` })], () => []).catch(() => {});
  return found;
}
const minuteOf = (instant: string | undefined) => instant?.slice(0, 16);

function isWithin(cidrs: readonly string[], address: string): boolean {
  const family = (text: string) => (isIP(text) === 6 ? "ipv6" : "ipv4");
  const allowed = new BlockList();
  for (const cidr of cidrs) {
    const [net = "", bits] = cidr.split("/");
    allowed.addSubnet(net, Number(bits), family(net));
  }
  return isIP(address) !== 0 && allowed.check(address, family(address));
}

/** Refuses a caller whose credential does not allow the operation. */
export function authorize(operation: AnyOperation, caller: Caller): void {
  const { permission } = operation;
  if (permission !== "any" && !caller.scopes.includes(permission as Permission))
    throw shellProblem(
      "insufficient_scope",
      { requiredScopes: [permission] },
      { "www-authenticate": `${challenge["www-authenticate"]}, error="insufficient_scope", scope="${permission}"` },
    );
  if (operation.liveOnly && !caller.livemode) throw shellProblem("live_key_required");
}
