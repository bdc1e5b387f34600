import { operation } from "../kernel/operation.ts";
import { tenantNotFound, tenantParams } from "./get-tenant.ts";
import { Tenant, tenantExample } from "./model.ts";
import { loadTenant } from "./store.ts";
import { planTenantUpdate } from "./update-tenant.ts";

const shared = {
  method: "post",
  permission: "tenants:manage",
  partition: "platform",
  params: tenantParams,
  problems: tenantNotFound,
} as const;

export const suspendTenant = operation({
  ...shared,
  id: "suspendTenant",
  summary: "Suspend a tenant",
  description:
    "Within 30 seconds all of the tenant's requests are refused with 403 `tenant_suspended`. Its data stays. Suspending a suspended tenant changes nothing.",
  path: "/v1/tenants/{tenantId}/suspend",
  success: { status: 200, output: Tenant, example: { ...tenantExample, status: "suspended", version: 2 } },
  async run({ table, now, fail }, { params }) {
    return planTenantUpdate((await loadTenant(table, params.tenantId)) ?? fail("tenant_not_found"), { status: "suspended" }, now);
  },
});

export const reactivateTenant = operation({
  ...shared,
  id: "reactivateTenant",
  summary: "Reactivate a suspended tenant",
  description: "Within 30 seconds the tenant's requests are served again.",
  path: "/v1/tenants/{tenantId}/reactivate",
  success: { status: 200, output: Tenant, example: { ...tenantExample, version: 3 } },
  async run({ table, now, fail }, { params }) {
    return planTenantUpdate((await loadTenant(table, params.tenantId)) ?? fail("tenant_not_found"), { status: "active" }, now);
  },
});
