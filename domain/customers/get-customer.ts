import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { Customer, customerExample } from "./model.ts";
import { loadCustomer, toCustomer } from "./store.ts";

export const customerNotFound = { customer_not_found: { status: 404, title: "There is no such customer." } } as const;
export const customerDeleted = { customer_not_active: { status: 409, title: "The customer is deleted; restore it first." } } as const;
export const customerParams = z.object({ customerId: idOf("cus") });

export const getCustomer = operation({
  id: "getCustomer",
  summary: "Get a customer",
  description: "Strongly consistent. A deleted customer is answered, with its status, until it is purged.",
  method: "get",
  path: "/v1/customers/{customerId}",
  permission: "customers:read",
  params: customerParams,
  success: { status: 200, output: Customer, example: customerExample },
  problems: customerNotFound,
  async run({ table, now, fail }, { params }) {
    return plan(toCustomer((await loadCustomer(table, params.customerId, now)) ?? fail("customer_not_found")));
  },
});
