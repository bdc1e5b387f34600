import * as z from "zod";
import { patched } from "../kernel/merge-patch.ts";
import { operation, plan } from "../kernel/operation.ts";
import { changesNothing, revise } from "../kernel/revision.ts";
import { growShards } from "../kernel/shards.ts";
import { tenantNotFound, tenantParams } from "./get-tenant.ts";
import { PlatformSettingsInput, PlatformTenantPatch, Tenant, type TenantRecord, tenantExample } from "./model.ts";
import { loadTenant, tenantChange, toTenant } from "./store.ts";

const listShards = z.int().min(1).max(256).meta({
  description:
    "Over how many partitions lists are spread: 1 up to a million customers, 4 at ten million, 32 at a hundred million. It only grows; new documents use it a minute later.",
});

export const updateTenant = operation({
  id: "updateTenant",
  summary: "Change a tenant",
  description: "JSON merge patch. A change reaches all requests within 30 seconds.",
  method: "patch",
  path: "/v1/tenants/{tenantId}",
  permission: "tenants:manage",
  partition: "platform",
  params: tenantParams,
  body: PlatformTenantPatch.extend({ listShards: listShards.optional() }),
  example: { listShards: 4 },
  success: { status: 200, output: Tenant, example: { ...tenantExample, listShards: 4, version: 2 } },
  problems: { ...tenantNotFound, shards_cannot_shrink: { status: 409, title: "The number of list shards only grows." } },
  async run({ table, now, fail }, { params, body: { listShards: count, ...patch } }) {
    const tenant = (await loadTenant(table, params.tenantId)) ?? fail("tenant_not_found");
    if (count !== undefined && count < tenant.listShards.count) return fail("shards_cannot_shrink", { listShards: tenant.listShards.count });
    const grown = count === undefined || count === tenant.listShards.count ? {} : { listShards: growShards(tenant.listShards, count, now) };
    return planTenantUpdate(tenant, { ...patched(PlatformSettingsInput, tenant, patch), ...grown }, now);
  },
});

/** Writes nothing when nothing changes. */
export function planTenantUpdate(tenant: TenantRecord, changes: Partial<TenantRecord>, now: Date) {
  if (changesNothing(tenant, changes)) return plan(toTenant(tenant), [], { replaces: tenant.version });
  const next = revise(tenant, changes, now);
  return plan(toTenant(next), [tenantChange(tenant, next)], { replaces: tenant.version });
}
