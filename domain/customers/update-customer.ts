import type { Caller } from "../kernel/caller.ts";
import { tell } from "../kernel/event.ts";
import { patched } from "../kernel/merge-patch.ts";
import { operation, type Plan, plan } from "../kernel/operation.ts";
import { changesNothing, revise } from "../kernel/revision.ts";
import { identityTaken } from "./create-customer.ts";
import { customerUpdated, identityLinked, identityUnlinked } from "./events.ts";
import { customerDeleted, customerNotFound, customerParams } from "./get-customer.ts";
import { type Identity, type IdentityInput, identitiesFrom, isSameIdentity } from "./identity.ts";
import { Customer, CustomerPatch, type CustomerRecord, customerExample, Profile } from "./model.ts";
import { customerChanges, identitiesGained, identitiesLost, loadCustomer, toCustomer } from "./store.ts";

export const updateCustomer = operation({
  id: "updateCustomer",
  summary: "Change a customer",
  description:
    "JSON merge patch: null clears a field, arrays are replaced whole, `identities` too. A patch that changes nothing makes no new version and no event.",
  method: "patch",
  path: "/v1/customers/{customerId}",
  permission: "customers:write",
  params: customerParams,
  body: CustomerPatch,
  example: { tags: ["vip", "newsletter"], birthDate: "1990-12-10" },
  success: { status: 200, output: Customer, example: { ...customerExample, tags: ["vip", "newsletter"], birthDate: "1990-12-10", version: 2 } },
  problems: { ...customerNotFound, ...customerDeleted, ...identityTaken },
  async run({ table, caller, now, fail }, { params, body }) {
    const customer = (await loadCustomer(table, params.customerId, now)) ?? fail("customer_not_found");
    if (customer.status !== "active") return fail("customer_not_active", { customerStatus: customer.status });
    const { identities, ...patch } = body;
    const changes = { ...patched(Profile, customer, patch), ...(identities && { identities: replacedIdentities(customer, identities, caller, now) }) };
    return planUpdate(customer, changes, caller, now, (identity, customerId) => fail("identity_taken", { identityType: identity.type, customerId }));
  },
});

/** What is known of an identity that stays, such as when it was verified, outlives a list that does not mention it. */
function replacedIdentities(customer: CustomerRecord, given: readonly IdentityInput[], caller: Caller, now: Date): Identity[] {
  return identitiesFrom(given, caller.settings, now).map((identity) => {
    const before = customer.identities.find((one) => isSameIdentity(one, identity));
    return before?.verified && identity.verified ? { ...identity, verifiedAt: before.verifiedAt } : identity;
  });
}

/** Writes nothing when nothing changes. Tells of the profile, and of each identity that came or went. */
export function planUpdate(
  before: CustomerRecord,
  changes: Partial<CustomerRecord>,
  caller: Caller,
  now: Date,
  whenTaken?: (identity: Identity, holderId: string) => void,
): Plan<Customer> {
  if (changesNothing(before, changes)) return plan(toCustomer(before), [], { replaces: before.version });
  const after = revise(before, changes, now);
  const events = [
    tell(customerUpdated),
    ...identitiesGained(before, after).map(({ type, value }) => tell(identityLinked, { type, value })),
    ...identitiesLost(before, after).map(({ type, value }) => tell(identityUnlinked, { type, value })),
  ];
  return plan(toCustomer(after), customerChanges(before, after, { tenantSecret: caller.settings.secret, events, whenTaken }), { replaces: before.version });
}
