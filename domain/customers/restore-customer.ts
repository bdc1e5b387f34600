import * as z from "zod";
import { tell } from "../kernel/event.ts";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { customerRestored } from "./events.ts";
import { customerNotFound, customerParams } from "./get-customer.ts";
import { withOnePrimaryPerType } from "./identity.ts";
import { identityKey } from "./keys.ts";
import { Customer, customerExample } from "./model.ts";
import { customerChanges, loadCustomer, toCustomer } from "./store.ts";

const Restored = z
  .object({
    object: z.literal("restored_customer"),
    customer: Customer,
    identitiesTaken: z
      .array(z.object({ type: z.string(), value: z.string(), customerId: idOf("cus") }))
      .meta({ description: "Identities that another customer has taken in the meantime, and which; the restored customer has lost them." }),
  })
  .meta({ id: "RestoredCustomer" });

export const restoreCustomer = operation({
  id: "restoreCustomer",
  summary: "Restore a deleted customer",
  description:
    "Within 90 days of the deletion. Identities that are still free are taken back, the others are reported. Restoring an active customer changes nothing.",
  method: "post",
  path: "/v1/customers/{customerId}/restore",
  permission: "customers:write",
  params: customerParams,
  success: { status: 200, output: Restored, example: { object: "restored_customer", customer: { ...customerExample, version: 3 }, identitiesTaken: [] } },
  problems: customerNotFound,
  async run({ table, caller, now, fail }, { params }) {
    const customer = (await loadCustomer(table, params.customerId, now)) ?? fail("customer_not_found");
    if (customer.status !== "deleted")
      return plan({ object: "restored_customer", customer: toCustomer(customer), identitiesTaken: [] }, [], { replaces: customer.version });
    const { secret } = caller.settings;
    const holders = await table.getMany(customer.identities.map((identity) => identityKey(identity, secret)));
    const identities = withOnePrimaryPerType(customer.identities.filter((_, index) => !holders[index]));
    const identitiesTaken = customer.identities.flatMap(({ type, value }, index) =>
      holders[index] ? [{ type, value, customerId: holders[index].customerId }] : [],
    );
    const restored = revise(customer, { status: "active", deletedAt: undefined, purgeAt: undefined, identities }, now);
    const changes = customerChanges(customer, restored, { tenantSecret: secret, events: [tell(customerRestored)] });
    return plan({ object: "restored_customer", customer: toCustomer(restored), identitiesTaken }, changes, { replaces: customer.version });
  },
});
