import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { customerEventExample, noTouchpoints, TouchpointSummary, type Touchpoints } from "./customer-event.ts";
import { customerNotFound, customerParams } from "./get-customer.ts";
import { collectionPk, customerKey, touchpointsKey } from "./keys.ts";
import { Customer, type CustomerRecord, customerExample } from "./model.ts";
import { isPurged, toCustomer } from "./store.ts";

const CustomerView = z.object({ object: z.literal("customer_view"), customer: Customer, touchpoints: TouchpointSummary }).meta({ id: "CustomerView" });

/** Far above what one customer collects; the summary documents do not grow with the history. */
const collectionMax = 200;

export const getCustomerView = operation({
  id: "getCustomerView",
  summary: "Get the 360 view of a customer",
  description:
    "The profile with its identities, how often and where the customer was met, the last touchpoint per channel, and what was bought in all. Strongly consistent; one round trip, whatever the length of the history.",
  method: "get",
  path: "/v1/customers/{customerId}/view",
  permission: "customers:read",
  params: customerParams,
  success: {
    status: 200,
    output: CustomerView,
    example: {
      object: "customer_view",
      customer: customerExample,
      touchpoints: {
        count: 1,
        countByType: { purchase: 1 },
        lastByChannel: {
          store: {
            id: customerEventExample.id,
            type: "purchase",
            occurredAt: customerEventExample.occurredAt,
            storeCode: "PAR-07",
            amount: customerEventExample.amount,
          },
        },
        purchaseTotals: [{ amountMinor: 4990, currency: "EUR" }],
      },
    },
  },
  problems: customerNotFound,
  async run({ table, now, fail }, { params: { customerId } }) {
    const rows = await table.query({ from: "items", pk: collectionPk(customerId), order: "ascending", limit: collectionMax });
    const at = (sk: string) => rows.find((row) => row.sk === sk)?.document;
    const customer = at(customerKey(customerId).sk) as CustomerRecord | undefined;
    if (!customer || isPurged(customer, now)) return fail("customer_not_found");
    const {
      version: _,
      updatedAt: _1,
      ...touchpoints
    } = (at(touchpointsKey(customerId).sk) as Touchpoints | undefined) ?? { ...noTouchpoints, version: 0, updatedAt: "" };
    return plan({ object: "customer_view", customer: toCustomer(customer), touchpoints });
  },
});
