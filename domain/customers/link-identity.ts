import { tell } from "../kernel/event.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { identityTaken } from "./create-customer.ts";
import { identityLinked } from "./events.ts";
import { customerDeleted, customerNotFound, customerParams } from "./get-customer.ts";
import { IdentityInput, identitiesMax, isSameIdentity, normalized, toIdentity, tooManyIdentities, withOnePrimaryPerType } from "./identity.ts";
import { Customer, customerExample } from "./model.ts";
import { customerChanges, loadCustomer, toCustomer } from "./store.ts";

export const linkIdentity = operation({
  id: "linkIdentity",
  summary: "Link an identity to a customer",
  description: "Takes effect at once: the next look-up by it finds the customer. Linking an identity that the customer has changes nothing.",
  method: "post",
  path: "/v1/customers/{customerId}/identities",
  permission: "customers:write",
  params: customerParams,
  body: IdentityInput,
  example: { type: "member_card", value: "A-000123" },
  success: {
    status: 201,
    alternatives: [200],
    output: Customer,
    example: {
      ...customerExample,
      identities: [...customerExample.identities, { type: "member_card", value: "A-000123", verified: false, primary: true }],
      version: 2,
    },
  },
  problems: { ...customerNotFound, ...customerDeleted, ...tooManyIdentities, ...identityTaken },
  async run({ table, caller, now, fail }, { params, body }) {
    const customer = (await loadCustomer(table, params.customerId, now)) ?? fail("customer_not_found");
    if (customer.status !== "active") return fail("customer_not_active", { customerStatus: customer.status });
    const identity = toIdentity(normalized(body, caller.settings, "body", "/value"), now);
    if (customer.identities.some((one) => isSameIdentity(one, identity))) return plan(toCustomer(customer), [], { status: 200, replaces: customer.version });
    if (customer.identities.length >= identitiesMax) return fail("too_many_identities");

    const linked = revise(customer, { identities: withOnePrimaryPerType([...customer.identities, identity]) }, now);
    const changes = customerChanges(customer, linked, {
      tenantSecret: caller.settings.secret,
      events: [tell(identityLinked, { type: identity.type, value: identity.value })],
      whenTaken: ({ type }, holderId) => fail("identity_taken", { identityType: type, customerId: holderId }),
    });
    return plan(toCustomer(linked), changes, { replaces: customer.version });
  },
});
