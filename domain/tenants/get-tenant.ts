import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { Tenant, tenantExample } from "./model.ts";
import { loadTenant, toTenant } from "./store.ts";

export const tenantNotFound = { tenant_not_found: { status: 404, title: "There is no such tenant." } } as const;
export const tenantParams = z.object({ tenantId: idOf("tn") });

export const getTenant = operation({
  id: "getTenant",
  summary: "Get a tenant",
  method: "get",
  path: "/v1/tenants/{tenantId}",
  permission: "tenants:manage",
  partition: "platform",
  params: tenantParams,
  success: { status: 200, output: Tenant, example: tenantExample },
  problems: tenantNotFound,
  async run({ table, fail }, { params }) {
    return plan(toTenant((await loadTenant(table, params.tenantId)) ?? fail("tenant_not_found")));
  },
});
