import type * as z from "zod";
import type { Caller } from "../kernel/caller.ts";
import { tell } from "../kernel/event.ts";
import { operation, type Plan, plan } from "../kernel/operation.ts";
import { shardForNew } from "../kernel/shards.ts";
import { customerCreated } from "./events.ts";
import { type Identity, identitiesFrom } from "./identity.ts";
import { Customer, type CustomerRecord, customerExample, NewCustomer, newCustomerExample } from "./model.ts";
import { customerChanges, toCustomer } from "./store.ts";

export const identityTaken = {
  identity_taken: { status: 409, title: "Another customer holds this identity; identityType and customerId tell which." },
} as const;

export const createCustomer = operation({
  id: "createCustomer",
  summary: "Create a customer",
  description:
    "Makes a customer with up to 20 identities, in one transaction: of any number of concurrent requests that claim one identity, exactly one succeeds. Without an Idempotency-Key, a retry after a time-out may find its own customer as `identity_taken`.",
  method: "post",
  path: "/v1/customers",
  permission: "customers:write",
  body: NewCustomer,
  example: newCustomerExample,
  success: { status: 201, output: Customer, example: customerExample },
  problems: identityTaken,
  async run({ caller, now, newId, fail }, { body }) {
    const customer = newCustomer(body, newId("cus"), caller, now);
    return planCreation(customer, caller, (identity, customerId) => fail("identity_taken", { identityType: identity.type, customerId }));
  },
});

/** Errors: 400 for an identity that cannot be normalised, or that stands twice in the list. */
export function newCustomer({ identities, ...profile }: z.output<typeof NewCustomer>, id: string, caller: Caller, now: Date): CustomerRecord {
  const at = now.toISOString();
  return {
    id,
    object: "customer",
    ...profile,
    identities: identitiesFrom(identities, caller.settings, now),
    status: "active",
    createdAt: at,
    updatedAt: at,
    version: 1,
    livemode: caller.livemode,
    listShard: shardForNew(id, caller.settings.listShards, now),
  };
}

export const planCreation = (customer: CustomerRecord, caller: Caller, whenTaken?: (identity: Identity, holderId: string) => void): Plan<Customer> =>
  plan(toCustomer(customer), customerChanges(undefined, customer, { tenantSecret: caller.settings.secret, events: [tell(customerCreated)], whenTaken }), {
    status: 201,
  });
