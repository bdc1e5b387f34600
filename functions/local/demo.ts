/** The tenant that a local Clientele starts with, and the keys of it and of the platform. */
import { readFileSync } from "node:fs";
import { newestApiVersion } from "../../domain/api-versions.ts";
import { tenantScopes } from "../../domain/kernel/permission.ts";
import { revise } from "../../domain/kernel/revision.ts";
import type { Change, Reader } from "../../domain/kernel/table.ts";
import { platformTenantId } from "../../domain/tenants/model.ts";
import { newPlatformKey } from "../../domain/tenants/platform-key.ts";
import { formatSecret, secretTraceOf } from "../../domain/tenants/secret-format.ts";
import { apiKeyStatus, loadCredential, loadTenant, newApiKey, newTenant, newTenantChange, tenantChange } from "../../domain/tenants/store.ts";
import { newId, newSecret } from "../shell/random.ts";
import { openTable } from "../shell/table.ts";
import { writeAtomically } from "./data-folder.ts";

/** What `demo.json` holds, for people and scripts. */
export type Demo = { readonly baseUrl: string; readonly tenantId: string; readonly liveKey: string; readonly testKey: string; readonly platformKey: string };

/** Far above what a laptop can do: an import or a benchmark should meet the laptop's limits, not these. */
const rateLimits = { readsPerSecond: 100_000, writesPerSecond: 100_000 };
const demoStore = { name: "Demo Store", timeZone: "Europe/Paris", currency: "EUR", locale: "fr-FR", identityPolicies: {}, metadata: {}, rateLimits };

/** Keeps what `file` names as far as it exists in the table and works, makes the rest anew, and writes the file. */
export async function prepareDemo(baseUrl: string, file: string): Promise<Demo> {
  const table = openTable(platformTenantId);
  const now = new Date();
  const known = readDemo(file);
  const changes: Change[] = [];
  const knownTenant = known.tenantId && (await loadTenant(table, known.tenantId));
  const tenant = knownTenant || newTenant(demoStore, newId("tn", now), newSecret(43), now);
  if (!knownTenant) changes.push(newTenantChange(tenant));
  else if (!knownTenant.rateLimits) changes.push(tenantChange(knownTenant, revise(knownTenant, { rateLimits }, now)));

  const keyFor = async (secret: string | undefined, name: string, livemode: boolean): Promise<string> => {
    if (secret && (await works(table, secret, tenant.id, now))) return secret;
    const made = formatSecret(livemode, newSecret(26));
    const granted = { scopes: [...tenantScopes], allowedCidrs: [], livemode, apiVersion: newestApiVersion };
    changes.push(...newApiKey({ id: newId("key", now), tenantId: tenant.id, name, ...granted }, secretTraceOf(made), now).changes);
    return made;
  };
  const platformKey = async (): Promise<string> => {
    if (known.platformKey && (await works(table, known.platformKey, platformTenantId, now))) return known.platformKey;
    const made = formatSecret(true, newSecret(26));
    const platform = await loadTenant(table, platformTenantId);
    const by = { keyId: newId("key", now), tenantSecret: newSecret(43), now };
    changes.push(...newPlatformKey(platform, { ...secretTraceOf(made), name: "Local platform key" }, by).changes);
    return made;
  };
  const demo: Demo = {
    baseUrl,
    tenantId: tenant.id,
    liveKey: await keyFor(known.liveKey, "Demo live key", true),
    testKey: await keyFor(known.testKey, "Demo test key", false),
    platformKey: await platformKey(),
  };
  await table.commit(changes, () => []);
  writeAtomically(file, `${JSON.stringify(demo, undefined, 2)}\n`);
  return demo;
}

function readDemo(file: string): Partial<Demo> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Partial<Demo>;
  } catch {
    return {};
  }
}

async function works(table: Reader, secret: string, tenantId: string, now: Date): Promise<boolean> {
  const found = await loadCredential(table, secret, now);
  return found !== undefined && found.tenant.id === tenantId && apiKeyStatus(found.apiKey, now) === "active";
}
