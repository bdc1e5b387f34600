import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../kernel/page.ts";
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
    const walk = walkQuery<TenantRecord>(table, { from: "list", pk: tenantListPk, order: "ascending" }, cursor);
    const { found, last } = await fillPage(limit, walk);
    return plan(
      page(
        found.map((row) => toTenant(row.document)),
        last?.position,
      ),
    );
  },
});
