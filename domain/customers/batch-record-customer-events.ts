import * as z from "zod";
import { batchOperation } from "../kernel/batch.ts";
import { idOf } from "../kernel/id.ts";
import { operation } from "../kernel/operation.ts";
import { CustomerEvent, customerEventExample, NewCustomerEvent, newCustomerEventExample } from "./customer-event.ts";
import { customerDeleted, customerNotFound } from "./get-customer.ts";
import { IdentityLookup } from "./model.ts";
import { planCustomerEvent } from "./record-customer-event.ts";
import { holderOf } from "./store.ts";

const itemShape = {
  customerId: idOf("cus").optional(),
  identity: IdentityLookup.optional(),
  event: NewCustomerEvent,
};
const Item = z
  .strictObject(itemShape)
  .refine(({ customerId, identity }) => (customerId === undefined) !== (identity === undefined), "Either customerId or identity.")
  .meta({ id: "CustomerEventItem", description: "Whose touchpoint it is: customerId or identity, one of them." });

/** One item: as recordCustomerEvent, for a customer named by id or by identity. */
const recordItem = operation({
  id: "recordCustomerEventItem",
  summary: "Record a touchpoint of a batch",
  method: "post",
  path: "/v1/customer-events/batch",
  permission: "customers:write",
  body: Item,
  success: { status: 201, alternatives: [200], output: CustomerEvent, example: customerEventExample },
  problems: { ...customerNotFound, ...customerDeleted },
  async run({ table, caller, now, newId, fail }, { body: { customerId, identity, event } }) {
    const holderId = identity && (await holderOf(table, identity, caller.settings, "/identity/value"));
    return planCustomerEvent(table, customerId ?? holderId ?? fail("customer_not_found"), event, newId("cev"), caller, now, fail);
  },
});

export const batchRecordCustomerEvents = batchOperation({
  id: "batchRecordCustomerEvents",
  summary: "Record up to 100 touchpoints",
  description:
    "Each item is atomic by itself; items of one customer are done in request order. Give each a `dedupeId`, and the batch may be repeated whole after a time-out.",
  method: "post",
  path: "/v1/customer-events/batch",
  permission: "customers:write",
  problems: {},
  item: recordItem,
  itemSchema: Item,
  itemExample: { customerId: customerEventExample.customerId, event: newCustomerEventExample },
  itemOutput: "customerEvent",
  outputExample: customerEventExample,
  itemInput: (item) => ({ params: {}, query: {}, body: item, lane: item.customerId ?? `${item.identity?.type} ${item.identity?.value.toLowerCase()}` }),
});
