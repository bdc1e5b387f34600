import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { pageOf, pageQuery } from "../kernel/page.ts";
import { tenantListPk } from "./keys.ts";
import { Tenant, type TenantRecord, tenantExample } from "./model.ts";
import { toTenant } from "./store.ts";

export const listTenants = operation({
  id: "listTenants",
  summary: "List tenants",
  description: "Oldest first. Eventually consistent: a new tenant shows within a second.",
  method: "get",
  path: "/v1/tenants",
  permission: "tenants:manage",
  partition: "platform",
  query: z.strictObject(pageQuery),
  success: { status: 200, output: pageOf(Tenant, "Tenant"), example: { object: "list", data: [tenantExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit } }) {
    const rows = await table.query<TenantRecord>({ from: "list", pk: tenantListPk, order: "ascending", limit, after: cursor as string | undefined });
    return plan(
      page(
        rows.map((row) => toTenant(row.document)),
        rows.length === limit ? rows.at(-1)?.position : undefined,
      ),
    );
  },
});
