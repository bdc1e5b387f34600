import { patched } from "../kernel/merge-patch.ts";
import { operation, plan } from "../kernel/operation.ts";
import { tenantNotFound } from "./get-tenant.ts";
import { Tenant, TenantPatch, TenantSettingsInput, tenantExample } from "./model.ts";
import { loadTenant, toTenant } from "./store.ts";
import { planTenantUpdate } from "./update-tenant.ts";

export const getCurrentTenant = operation({
  id: "getCurrentTenant",
  summary: "Get your tenant",
  description: "The caller's own tenant and its settings; live and test keys share it.",
  method: "get",
  path: "/v1/tenant",
  permission: "tenant:read",
  partition: "platform",
  success: { status: 200, output: Tenant, example: tenantExample },
  problems: tenantNotFound,
  async run({ table, caller, fail }) {
    return plan(toTenant((await loadTenant(table, caller.tenantId)) ?? fail("tenant_not_found")));
  },
});

export const updateCurrentTenant = operation({
  id: "updateCurrentTenant",
  summary: "Change your tenant's settings",
  description: "JSON merge patch. A change reaches all requests within 30 seconds.",
  method: "patch",
  path: "/v1/tenant",
  permission: "tenant:write",
  partition: "platform",
  liveOnly: true,
  body: TenantPatch,
  example: { timeZone: "Asia/Shanghai", identityPolicies: { defaultPhoneRegion: "CN" } },
  success: {
    status: 200,
    output: Tenant,
    example: { ...tenantExample, timeZone: "Asia/Shanghai", identityPolicies: { defaultPhoneRegion: "CN" }, version: 2 },
  },
  problems: tenantNotFound,
  async run({ table, caller, now, fail }, { body }) {
    const tenant = (await loadTenant(table, caller.tenantId)) ?? fail("tenant_not_found");
    return planTenantUpdate(tenant, patched(TenantSettingsInput, tenant, body), now);
  },
});
