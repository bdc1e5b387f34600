/** The customers of the bench, computed from their number, so that every process knows them without being told. */
import { randomUUID } from "node:crypto";
import { ulid } from "ulid";
import { newestApiVersion } from "../domain/api-versions.ts";
import { createCustomer, newCustomer, planCreation } from "../domain/customers/create-customer.ts";
import { NewCustomer } from "../domain/customers/model.ts";
import type { Caller } from "../domain/kernel/caller.ts";
import type { EventDraft, OutboxEntry } from "../domain/kernel/event.ts";
import { tenantScopes } from "../domain/kernel/permission.ts";
import type { Change } from "../domain/kernel/table.ts";
import { platformTenantId } from "../domain/tenants/model.ts";
import { loadTenant, settingsOf } from "../domain/tenants/store.ts";
import { partitionOf } from "../functions/shell/execute.ts";
import { idempotency } from "../functions/shell/idempotency.ts";
import { type Item, toItem } from "../functions/shell/item.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";

/** Long ago, so that what the bench creates stands behind the first population in every list. */
const firstCreatedAt = Date.parse("2020-01-01T00:00:00Z");
const minute = 60_000;
export const createdAtOf = (index: number): Date => new Date(firstCreatedAt + index * minute);

/** An id as the product makes them, but the same one each time it is asked for. */
export function customerIdOf(index: number): string {
  let state = index + 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return `cus_${ulid(createdAtOf(index).getTime(), random)}`;
}
export const emailOf = (index: number): string => `customer-${index}@example.com`;

/** The number of a random customer, out of a share that no other connection touches: contention is not what is measured. */
export const randomIndex = (customers: number, connection: number, connections: number): number =>
  connection + connections * Math.floor(Math.random() * Math.floor(customers / connections));

/** What a client sends to create a customer with one e-mail identity. */
export const customerBody = (email: string) => ({
  displayName: "Ada Lovelace",
  givenName: "Ada",
  familyName: "Lovelace",
  tags: ["newsletter"],
  identities: [{ type: "email" as const, value: email }],
});
export const newBody = () => customerBody(`${randomUUID()}@example.com`);

/** The demo tenant as its live key would be seen by an operation. */
export async function liveCaller(tenantId: string): Promise<Caller> {
  const tenant = await loadTenant(openTable(platformTenantId), tenantId);
  if (!tenant) throw new Error(`There is no tenant ${tenantId}.`);
  const actor = { type: "api_key" as const, id: newId("key") };
  return {
    tenantId,
    livemode: true,
    actor,
    credential: { id: actor.id, name: "Bench" },
    scopes: tenantScopes,
    apiVersion: newestApiVersion,
    settings: settingsOf(tenant),
  };
}

export const outboxOf = (events: readonly EventDraft[], caller: Caller, now: Date): OutboxEntry[] =>
  events.map((event) => ({ ...event, id: newId("evt", now), at: now.toISOString(), actor: caller.actor, request: { id: newId("req", now) } }));

/** The very items that the product's create writes: profile, identity sentinel and, with a key, the idempotency record. */
export function creationItems(caller: Caller, body: ReturnType<typeof customerBody>, id: string, now: Date, idempotencyKey?: string): Item[] {
  const { output, changes } = planCreation(newCustomer(NewCustomer.parse(body), id, caller, now), caller);
  const call = { params: {}, query: {}, body, dryRun: false, idempotencyKey, ifMatch: undefined, ifNoneMatch: undefined };
  const kept = idempotencyKey ? [idempotency(createCustomer, caller, call, idempotencyKey, now).keep({ status: 201, body: output })] : [];
  return [...kept, ...changes].flatMap((change: Change) =>
    change.kind === "put" ? [toItem(partitionOf(caller), change, outboxOf(change.events, caller, now))] : [],
  );
}
