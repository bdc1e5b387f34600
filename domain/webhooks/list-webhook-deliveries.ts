import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery } from "../kernel/page.ts";
import type { Reader, Row } from "../kernel/table.ts";
import { type DeliveryRecord, DeliveryStatus, deliveryExample, deliveryIdOf, toDelivery, WebhookDelivery } from "./delivery.ts";
import { deliveriesPk, deliveryKey, deliveryShards } from "./keys.ts";
import { loadEndpoints } from "./store.ts";

/** `after` is where the deliveries to that endpoint go on. */
type Position = { endpointId: string; after?: string };
type Found = { delivery: DeliveryRecord; position: Position };

export const listWebhookDeliveries = operation({
  id: "listDeliveries",
  summary: "List webhook deliveries",
  description:
    "With `endpointId`: the deliveries to that endpoint, newest event first, also after it is deleted. Without: endpoint after endpoint, the oldest endpoint first. With `eventId`: that event's delivery to each endpoint. Strongly consistent. With `status`, a page may hold fewer deliveries than `limit`, or none, while `hasMore` is true: go on with `nextCursor`.",
  method: "get",
  path: "/v1/webhook-deliveries",
  permission: "webhooks:read",
  query: z.strictObject({
    ...pageQuery,
    endpointId: idOf("we").optional(),
    eventId: idOf("evt").optional(),
    status: DeliveryStatus.optional(),
  }),
  success: { status: 200, output: pageOf(WebhookDelivery, "WebhookDelivery"), example: { object: "list", data: [deliveryExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit, endpointId, eventId, status } }) {
    const start = cursor as Position | undefined;
    const all = endpointId ? [endpointId] : (await loadEndpoints(table)).map(({ id }) => id);
    const ids = all.filter((id) => !start || id >= start.endpointId);
    const walk = eventId ? walkDeliveriesOf(table, eventId, ids, start) : walkEndpoints(table, ids, start);
    const { found, last } = await fillPage(limit, walk, ({ delivery }) => !status || delivery.status === status);
    return plan(
      page(
        found.map(({ delivery }) => toDelivery(delivery)),
        last?.position,
      ),
    );
  },
});

/** Deliveries of endpoint after endpoint. One that is deleted on the way is passed over. */
function walkEndpoints(table: Reader, [...ids]: readonly string[], start: Position | undefined) {
  let after = ids[0] === start?.endpointId ? start?.after : undefined;
  return async (limit: number): Promise<{ rows: Found[]; end: boolean }> => {
    const endpointId = ids[0];
    if (endpointId === undefined) return { rows: [], end: true };
    const rows = await newestOf(table, endpointId, limit, after);
    const found = rows.map(({ document, sk }) => ({ delivery: document, position: { endpointId, after: sk } }));
    after = rows.at(-1)?.sk;
    if (rows.length === limit) return { rows: found, end: false };
    ids.shift();
    after = undefined;
    return { rows: found, end: ids.length === 0 };
  };
}

/** The next `limit` deliveries before the event `after`, of all shards. */
async function newestOf(table: Reader, endpointId: string, limit: number, after: string | undefined): Promise<Row<DeliveryRecord>[]> {
  const shards = await Promise.all(
    Array.from({ length: deliveryShards }, (_, shard) =>
      table.query<DeliveryRecord>({ from: "items", pk: deliveriesPk(endpointId, shard), order: "descending", limit, ...(after && { beyondSk: after }) }),
    ),
  );
  return shards
    .flat()
    .toSorted((one, other) => (one.sk < other.sk ? 1 : -1))
    .slice(0, limit);
}

const readAtOnce = 100;
/** The deliveries of one event: their ids follow from it. */
function walkDeliveriesOf(table: Reader, eventId: string, endpointIds: readonly string[], start: Position | undefined) {
  const ids = endpointIds.filter((id) => id !== start?.endpointId);
  return async (): Promise<{ rows: Found[]; end: boolean }> => {
    const some = ids.splice(0, readAtOnce);
    const deliveries = await table.getMany(some.map((endpointId) => deliveryKey(deliveryIdOf(eventId, endpointId))));
    const rows = deliveries.flatMap((delivery) => (delivery ? [{ delivery, position: { endpointId: delivery.endpointId } }] : []));
    return { rows, end: ids.length === 0 };
  };
}
