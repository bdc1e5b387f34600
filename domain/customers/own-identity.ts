/** Operations on one identity that a customer has: take it away, or confirm that it is the customer's. */
import * as z from "zod";
import { tell } from "../kernel/event.ts";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { revise } from "../kernel/revision.ts";
import { identityUnlinked, identityVerified } from "./events.ts";
import { customerDeleted, customerNotFound } from "./get-customer.ts";
import { IdentityType, IdentityValue, isSameIdentity, normalized, withOnePrimaryPerType } from "./identity.ts";
import { Customer, customerExample } from "./model.ts";
import { customerChanges, loadCustomer, toCustomer } from "./store.ts";

const params = z.object({ customerId: idOf("cus"), identityType: IdentityType, identityValue: IdentityValue });
const problems = { ...customerNotFound, ...customerDeleted, identity_not_found: { status: 404, title: "The customer does not have this identity." } } as const;

export const unlinkIdentity = operation({
  id: "unlinkIdentity",
  summary: "Take an identity from a customer",
  description: "The identity is free at once.",
  method: "delete",
  path: "/v1/customers/{customerId}/identities/{identityType}/{identityValue}",
  permission: "customers:write",
  params,
  success: { status: 200, output: Customer, example: { ...customerExample, identities: [], version: 2 } },
  problems,
  async run({ table, caller, now, fail }, { params: { customerId, identityType, identityValue } }) {
    const customer = (await loadCustomer(table, customerId, now)) ?? fail("customer_not_found");
    if (customer.status !== "active") return fail("customer_not_active", { customerStatus: customer.status });
    const identity = normalized({ type: identityType, value: identityValue }, caller.settings, "path", "/identityValue");
    const left = customer.identities.filter((one) => !isSameIdentity(one, identity));
    if (left.length === customer.identities.length) return fail("identity_not_found");
    const after = revise(customer, { identities: withOnePrimaryPerType(left) }, now);
    const changes = customerChanges(customer, after, { tenantSecret: caller.settings.secret, events: [tell(identityUnlinked, identity)] });
    return plan(toCustomer(after), changes, { replaces: customer.version });
  },
});

export const verifyIdentity = operation({
  id: "verifyIdentity",
  summary: "Mark an identity as verified",
  description: "Say so once the customer has proved that the identity is theirs, by a code or a link. Verifying a verified identity changes nothing.",
  method: "post",
  path: "/v1/customers/{customerId}/identities/{identityType}/{identityValue}/verify",
  permission: "customers:write",
  params,
  success: {
    status: 200,
    output: Customer,
    example: {
      ...customerExample,
      identities: [{ type: "email", value: "ada@example.com", verified: true, verifiedAt: "2026-11-21T09:31:00.000Z", primary: true }],
      version: 2,
    },
  },
  problems,
  async run({ table, caller, now, fail }, { params: { customerId, identityType, identityValue } }) {
    const customer = (await loadCustomer(table, customerId, now)) ?? fail("customer_not_found");
    if (customer.status !== "active") return fail("customer_not_active", { customerStatus: customer.status });
    const identity = normalized({ type: identityType, value: identityValue }, caller.settings, "path", "/identityValue");
    const known = customer.identities.find((one) => isSameIdentity(one, identity)) ?? fail("identity_not_found");
    if (known.verified) return plan(toCustomer(customer), [], { replaces: customer.version });
    const verified = { ...known, verified: true, verifiedAt: now.toISOString() };
    const after = revise(customer, { identities: customer.identities.map((one) => (one === known ? verified : one)) }, now);
    const changes = customerChanges(customer, after, { tenantSecret: caller.settings.secret, events: [tell(identityVerified, identity)] });
    return plan(toCustomer(after), changes, { replaces: customer.version });
  },
});
