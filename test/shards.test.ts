/** A list whose shard count grows while somebody walks it. */
import { expect, test } from "vitest";
import { platformTenantId } from "../domain/tenants/model.ts";
import { loadTenant, tenantChange } from "../domain/tenants/store.ts";
import { openTable } from "../functions/shell/table.ts";

// Settings are read at every request, so that the test need not wait for the cache.
process.env["AUTH_CACHE_SECONDS"] = "0";
const { call, demo, newTenant } = await import("./clientele.ts");
type Tenant = Awaited<ReturnType<typeof newTenant>>;

/** Raises the count through the API, and then lets the minute pass that writers wait before they use it. */
async function growTo(count: number, { tenantId }: Tenant) {
  const { status } = await call(demo.platformKey, "PATCH", `/v1/tenants/${tenantId}`, { body: { listShards: count } });
  expect(status).toBe(200);
  const table = openTable(platformTenantId);
  const tenant = await loadTenant(table, tenantId);
  if (!tenant) throw new Error("no tenant");
  const aged = { ...tenant, version: tenant.version + 1, listShards: { ...tenant.listShards, since: new Date(Date.now() - 61_000).toISOString() } };
  await table.commit([tenantChange(tenant, aged)], () => []);
}

const create = async (tenant: Tenant) => (await call(tenant.test, "POST", "/v1/customers", { body: { tags: ["walked"] } })).body.id as string;
const createMany = (tenant: Tenant, count: number) => Promise.all(Array.from({ length: count }, () => create(tenant)));

async function* pages(tenant: Tenant, query: string) {
  for (let cursor = ""; ; ) {
    const { body } = await call(tenant.test, "GET", `/v1/customers?limit=10${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    yield body.data.map(({ id }: { id: string }) => id) as string[];
    if (!body.hasMore) return;
    cursor = body.nextCursor;
  }
}

test("a listing on whose way the shards grow from 1 to 8, and customers come and change, loses and repeats nobody", async () => {
  const tenant = await newTenant();
  const before = await createMany(tenant, 80);
  const seen: string[] = [];
  let page = 0;
  for await (const ids of pages(tenant, "")) {
    seen.push(...ids);
    page += 1;
    if (page === 2) await growTo(4, tenant);
    if (page === 5) await growTo(8, tenant);
    if (page <= 12) await createMany(tenant, 8);
    // A change must not move anybody to another shard, whatever the count is now.
    if (page <= 12) await call(tenant.test, "PATCH", `/v1/customers/${before[page * 5]}`, { body: { displayName: `Changed on page ${page}` } });
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(before.filter((id) => !seen.includes(id))).toEqual([]);
});

test("after growth a whole listing has everybody exactly once, with and without a filter", async () => {
  const tenant = await newTenant();
  const all = await createMany(tenant, 30);
  await growTo(4, tenant);
  all.push(...(await createMany(tenant, 60)));
  for (const query of ["", "&tag=walked", "&updatedSince=2020-01-01T00:00:00Z"]) {
    const seen: string[] = [];
    for await (const ids of pages(tenant, query)) seen.push(...ids);
    expect(seen.toSorted(), query).toEqual(all.toSorted());
  }
});
