import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { instantAfter } from "../kernel/time.ts";
import { customerDeleted } from "./events.ts";
import { customerNotFound, customerParams } from "./get-customer.ts";
import { Customer, customerExample, restorableMilliseconds } from "./model.ts";
import { customerChanges, loadCustomer, toCustomer } from "./store.ts";

export const deleteCustomer = operation({
  id: "deleteCustomer",
  summary: "Delete a customer",
  description: "The customer can be restored for 90 days, then it is purged. Its identities are free at once. Deleting a deleted customer changes nothing.",
  method: "delete",
  path: "/v1/customers/{customerId}",
  permission: "customers:write",
  params: customerParams,
  success: {
    status: 200,
    output: Customer,
    example: { ...customerExample, status: "deleted", deletedAt: "2026-11-21T10:00:00.000Z", purgeAt: "2027-02-19T10:00:00.000Z", version: 2 },
  },
  problems: customerNotFound,
  async run({ table, caller, now, fail }, { params }) {
    const customer = (await loadCustomer(table, params.customerId, now)) ?? fail("customer_not_found");
    if (customer.status !== "active") return plan(toCustomer(customer), [], { replaces: customer.version });
    const deleted = revise(customer, { status: "deleted", deletedAt: now.toISOString(), purgeAt: instantAfter(now, restorableMilliseconds) }, now);
    const changes = customerChanges(customer, deleted, { tenantSecret: caller.settings.secret, events: [tell(customerDeleted)] });
    return plan(toCustomer(deleted), changes, { replaces: customer.version });
  },
});
