/** Events to deliver, and endpoints that came after them: nothing is delivered there unless a test asks for it. */
import { instantAfter } from "../domain/kernel/time.ts";
import { type DeliveryRecord, deliveryIdOf } from "../domain/webhooks/delivery.ts";
import { deliveryChanges, newDelivery } from "../domain/webhooks/delivery-round.ts";
import { deliveryKey, endpointKey } from "../domain/webhooks/keys.ts";
import type { Event } from "../domain/webhooks/model.ts";
import { openTable } from "../functions/shell/table.ts";
import { call, eventually, type TenantKeys } from "./clientele.ts";

/** Creates customers; answers their events, in the order of the log. */
export async function customersCreated({ live }: TenantKeys, count: number): Promise<Event[]> {
  const ids = new Set<string>();
  for (let made = 0; made < count; made += 20) {
    const some = Array.from({ length: Math.min(20, count - made) }, () => call(live, "post", "/v1/customers", { body: {} }));
    for (const { body } of await Promise.all(some)) ids.add(body.id);
  }
  return eventually(async () => {
    const events: Event[] = [];
    for (let after = 0; ; after = events.at(-1)?.sequence ?? 0) {
      const { data, hasMore } = (await call(live, "get", `/v1/events?limit=100&afterSequence=${after}`)).body;
      events.push(...data);
      if (!hasMore) break;
    }
    const created = events.filter(({ type, data }) => type === "customer.created" && ids.has(data.object["id"] as string));
    return created.length === count && created;
  }, 20_000);
}

/** The id of a new endpoint that wants customers only. */
export async function endpointAt({ live }: TenantKeys, url: string, settings: object = {}): Promise<string> {
  const { status, body } = await call(live, "post", "/v1/webhook-endpoints", { body: { url, eventTypes: ["customer.created"], ...settings } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.id;
}
export const endpointRecord = async ({ tenantId }: TenantKeys, id: string) => {
  const endpoint = await openTable(tenantId).get(endpointKey(id));
  if (!endpoint) throw new Error(`There is no ${id}.`);
  return endpoint;
};

/** A delivery as it stands after some fate, written without sending anything. */
export async function deliveryWas({ tenantId }: TenantKeys, endpointId: string, event: Event, changes: Partial<DeliveryRecord>): Promise<DeliveryRecord> {
  const now = new Date();
  const waits = changes.status === "pending" ? instantAfter(now, 3_600_000) : undefined;
  const delivery: DeliveryRecord = { ...newDelivery(endpointId, event, now), nextAttemptAt: waits, ...changes };
  await openTable(tenantId).commit(deliveryChanges(undefined, delivery, now), () => []);
  return delivery;
}
export const deliveriesOf = async ({ tenantId }: TenantKeys, endpointId: string, events: readonly Event[]): Promise<(DeliveryRecord | undefined)[]> => {
  const keys = events.map(({ id }) => deliveryKey(deliveryIdOf(id, endpointId)));
  const pages = Array.from({ length: Math.ceil(keys.length / 100) }, (_, page) => openTable(tenantId).getMany(keys.slice(page * 100, page * 100 + 100)));
  return (await Promise.all(pages)).flat();
};
