import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { pageOf, pageQuery } from "../kernel/page.ts";
import { Instant } from "../kernel/time.ts";
import { Event } from "../webhooks/model.ts";
import { changeEvents } from "../webhooks/store.ts";
import { customerNotFound, customerParams } from "./get-customer.ts";
import { loadCustomer } from "./store.ts";

const CustomerChange = z
  .object({
    object: z.literal("customer_change"),
    eventId: z.string(),
    type: z.string(),
    at: Instant,
    actor: Event.shape.actor.meta({ description: "Who changed it." }),
    request: Event.shape.request,
    fields: z.array(z.object({ field: z.string(), from: z.unknown(), to: z.unknown() })).meta({ description: "null: the field was absent." }),
  })
  .meta({ id: "CustomerChange" });

export const listCustomerChanges = operation({
  id: "listCustomerChanges",
  summary: "List the changes of a customer",
  description: "Field history: who changed what, when, from which value to which, newest first. Eventually consistent, within a second.",
  method: "get",
  path: "/v1/customers/{customerId}/changes",
  permission: "customers:read",
  params: customerParams,
  query: z.strictObject(pageQuery),
  success: {
    status: 200,
    output: pageOf(CustomerChange, "CustomerChange"),
    example: {
      object: "list",
      data: [
        {
          object: "customer_change",
          eventId: "evt_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
          type: "customer.updated",
          at: "2026-11-21T09:31:00.000Z",
          actor: { type: "api_key", id: "key_01JD3S8K9ZQ4T7N2V5X8B1C6F0" },
          fields: [{ field: "displayName", from: "Ada Byron", to: "Ada Lovelace" }],
        },
      ],
      hasMore: false,
    },
  },
  problems: customerNotFound,
  async run({ table, now, cursor, page, fail }, { params: { customerId }, query: { limit } }) {
    if (!(await loadCustomer(table, customerId, now))) return fail("customer_not_found");
    const { events, next } = await changeEvents(table, customerId, limit, cursor);
    const changes = events.map((event) => ({
      object: "customer_change" as const,
      eventId: event.id,
      type: event.type,
      at: event.createdAt,
      actor: event.actor,
      request: event.request,
      fields: fieldsOf(event),
    }));
    return plan(page(changes, next));
  },
});

const bookkeeping = new Set(["id", "object", "createdAt", "updatedAt", "version", "livemode"]);

/** An update names what it changed; a creation set everything it has; an identity event came or went as a whole. */
function fieldsOf({ type, data: { object, previousAttributes } }: Event): { field: string; from: unknown; to: unknown }[] {
  if (type === "identity.unlinked") return [{ field: "identity", from: object, to: null }];
  if (type.startsWith("identity.")) return [{ field: "identity", from: null, to: object }];
  const names = previousAttributes ? Object.keys(previousAttributes) : Object.keys(object).filter((name) => !bookkeeping.has(name));
  return names.map((field) => ({ field, from: previousAttributes?.[field] ?? null, to: object[field] ?? null }));
}
