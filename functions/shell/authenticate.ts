/** From the Authorization header to a caller, or a problem. */
import { BlockList, isIP } from "node:net";
import { newestApiVersion } from "../../domain/api-versions.ts";
import type { Caller } from "../../domain/kernel/caller.ts";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import type { Permission } from "../../domain/kernel/permission.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { overwrite } from "../../domain/kernel/table.ts";
import { keyUseKey } from "../../domain/tenants/keys.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import { rateLimitsDefault } from "../../domain/tenants/rate-limits.ts";
import { isWellFormedSecret, secretHash } from "../../domain/tenants/secret-format.ts";
import { type Credential, isUsable, loadCredential, settingsOf } from "../../domain/tenants/store.ts";
import { deployment } from "./config.ts";
import { openTable } from "./table.ts";

/** A credential, and what every request would else make of it again. */
type Known = Credential & { caller: Caller; allows: (address: string) => boolean };
const remembered = new Map<string, { known: Promise<Known | undefined>; until: number }>();
/** Bounds the memory that a flood of well-formed but unknown secrets can take. */
const rememberedMax = 10_000;

const challenge = { "www-authenticate": 'Bearer realm="clientele"' };

/** Who sends `Authorization: Bearer <API key or JWT>` from `sourceIp`. Reads nothing for garbage or a remembered key. */
export async function authenticate(authorization: string | undefined, sourceIp: string, now: Date): Promise<Caller> {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (!token) throw shellProblem("unauthenticated", { detail: "Send `Authorization: Bearer <API key>`." }, challenge);
  const { oidc } = deployment();
  // Where nobody sends tokens, nobody's cold start reads what checks them.
  if (oidc && token.split(".").length === 3) return (await import("./jwt.ts")).callerOfJwt(token, oidc);
  const known = isWellFormedSecret(token) ? await lookUp(token, now) : undefined;
  if (!known || !isUsable(known, now)) throw shellProblem("unauthenticated", { detail: "The credential is unknown, expired or revoked." }, challenge);
  if (!known.allows(sourceIp)) throw shellProblem("address_not_allowed");
  if (known.tenant.status === "suspended") throw shellProblem("tenant_suspended");
  noteUse(known, now);
  return known.caller;
}

function lookUp(secret: string, now: Date): Promise<Known | undefined> {
  const hash = secretHash(secret);
  const entry = remembered.get(hash);
  if (entry && entry.until > now.getTime()) return entry.known;
  const table = openTable(platformTenantId, () => now);
  // The promise is remembered: requests that arrive together wait for one read. A read that failed is forgotten.
  const known = loadCredential(table, secret, now).then((found) => found && toKnown(found));
  known.catch(() => remembered.delete(hash));
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value as string);
  remembered.delete(hash);
  remembered.set(hash, { known, until: now.getTime() + deployment().authCacheSeconds * 1000 });
  return known;
}

function toKnown(credential: Credential): Known {
  const { apiKey, tenant } = credential;
  const { id, name, expiresAt, livemode, scopes, apiVersion, allowedCidrs, rateLimits } = apiKey;
  const caller: Caller = {
    tenantId: tenant.id,
    livemode,
    actor: { type: "api_key", id },
    credential: { id, name, ...(expiresAt && { expiresAt }) },
    scopes,
    apiVersion,
    settings: settingsOf(tenant),
    ...(rateLimits && { rateLimits }),
  };
  return { ...credential, caller, allows: allowed(allowedCidrs) };
}

/** Keeps the minute of a use, once a minute. Not awaited: nobody's request waits for it, and the next minute makes good a lost one. */
function noteUse(credential: Credential, now: Date): void {
  const minute = `${now.toISOString().slice(0, 16)}:00.000Z`;
  if (credential.lastUsedAt === minute) return;
  credential.lastUsedAt = minute;
  const at = keyUseKey(credential.tenant.id, credential.apiKey.id);
  openTable(platformTenantId)
    .commit([overwrite(at, { lastUsedAt: minute })], () => [])
    .catch(() => {});
}

/** Who calls an operation that needs no credential. */
export const anonymous: Caller = {
  tenantId: platformTenantId,
  livemode: true,
  actor: { type: "system", id: "anonymous" },
  credential: { id: "anonymous", name: "Anonymous" },
  scopes: [],
  apiVersion: newestApiVersion,
  settings: {
    name: "",
    timeZone: "UTC",
    currency: "USD",
    locale: "en-US",
    listShards: { count: 1, writtenCount: 1, since: "" },
    rateLimits: rateLimitsDefault,
    secret: "",
  },
};

/** Whether an address is in one of the ranges; none means any. */
function allowed(cidrs: readonly string[]): (address: string) => boolean {
  if (cidrs.length === 0) return () => true;
  const family = (text: string) => (isIP(text) === 6 ? "ipv6" : "ipv4");
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [net = "", bits] = cidr.split("/");
    ranges.addSubnet(net, Number(bits), family(net));
  }
  return (address) => isIP(address) !== 0 && ranges.check(address, family(address));
}

/** Refuses a caller whose credential does not allow the operation. */
export function authorize(operation: AnyOperation, caller: Caller): void {
  const { permission } = operation;
  if (permission !== "any" && permission !== "public" && !caller.scopes.includes(permission as Permission))
    throw shellProblem(
      "insufficient_scope",
      { requiredScopes: [permission] },
      { "www-authenticate": `${challenge["www-authenticate"]}, error="insufficient_scope", scope="${permission}"` },
    );
  if (operation.liveOnly && !caller.livemode) throw shellProblem("live_key_required");
}
