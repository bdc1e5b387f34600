import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery } from "../kernel/page.ts";
import type { Reader, Row } from "../kernel/table.ts";
import { text } from "../kernel/text.ts";
import { InstantInput } from "../kernel/time.ts";
import { customerListPk } from "./keys.ts";
import { Customer, type CustomerRecord, customerExample } from "./model.ts";
import { isPurged, toCustomer } from "./store.ts";

type Position = { shard: number; after?: string };

export const listCustomers = operation({
  id: "listCustomers",
  summary: "List customers",
  description:
    "Every customer exactly once, in a stable order (by partition, then by creation); eventually consistent. With a filter, a page may hold fewer customers than `limit`, or none, while `hasMore` is true: go on with `nextCursor`. To follow changes, `GET /v1/events` costs less than `updatedSince`.",
  method: "get",
  path: "/v1/customers",
  permission: "customers:read",
  query: z.strictObject({
    ...pageQuery,
    status: z.enum(["active", "deleted"]).default("active").meta({ description: "Deleted customers are listed on request, until they are purged." }),
    tag: text(50).optional().meta({ description: "Only customers with this tag." }),
    updatedSince: InstantInput.optional().meta({ description: "Only customers changed at or after this instant." }),
  }),
  success: { status: 200, output: pageOf(Customer, "Customer"), example: { object: "list", data: [customerExample], hasMore: false } },
  problems: {},
  async run({ table, caller, now, cursor, page }, { query: { limit, status, tag, updatedSince } }) {
    const start = (cursor as Position | undefined) ?? { shard: 0 };
    const walk = walkShards(table, start, caller.settings.listShards.count);
    const matches = ({ row: { document: customer } }: Found) =>
      customer.status === status && !isPurged(customer, now) && (!tag || customer.tags.includes(tag)) && (!updatedSince || customer.updatedAt >= updatedSince);
    const { found, last } = await fillPage(limit, walk, matches);
    const next: Position | undefined = last && { shard: last.shard, after: last.row.position };
    return plan(
      page(
        found.map(({ row }) => toCustomer(row.document)),
        next,
      ),
    );
  },
});

type Found = { row: Row<CustomerRecord>; shard: number };

/** Rows of shard after shard. A customer stays in its shard, so a count that grows on the way repeats and loses nobody. */
function walkShards(table: Reader, { shard, after }: Position, count: number) {
  return async (limit: number): Promise<{ rows: Found[]; end: boolean }> => {
    const rows = await table.query<CustomerRecord>({ from: "list", pk: customerListPk(shard), order: "ascending", limit, after });
    const found = rows.map((row) => ({ row, shard }));
    if (rows.length === limit) {
      after = rows.at(-1)?.position;
      return { rows: found, end: false };
    }
    shard += 1;
    after = undefined;
    return { rows: found, end: shard >= count };
  };
}
