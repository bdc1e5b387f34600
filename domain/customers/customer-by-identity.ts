import * as z from "zod";
import { mergePatch, patched } from "../kernel/merge-patch.ts";
import { operation, plan } from "../kernel/operation.ts";
import { identityTaken, newCustomer, planCreation } from "./create-customer.ts";
import { customerNotFound } from "./get-customer.ts";
import {
  IdentityInput,
  IdentityType,
  IdentityValue,
  identitiesFrom,
  identitiesMax,
  isSameIdentity,
  normalized,
  tooManyIdentities,
  withOnePrimaryPerType,
} from "./identity.ts";
import { Customer, CustomerPatch, customerExample, NewCustomer, newCustomerExample, Profile } from "./model.ts";
import { loadCustomerByIdentity, toCustomer } from "./store.ts";
import { planUpdate } from "./update-customer.ts";

export const identityParams = z.object({ identityType: IdentityType, identityValue: IdentityValue });

export const getCustomerByIdentity = operation({
  id: "getCustomerByIdentity",
  summary: "Find a customer by an identity",
  description: "Strongly consistent: an identity that was just linked is found at once. The value is normalised as when it was linked.",
  method: "get",
  path: "/v1/customers/by/{identityType}/{identityValue}",
  permission: "customers:read",
  params: identityParams,
  success: { status: 200, output: Customer, example: customerExample },
  problems: customerNotFound,
  async run({ table, caller, fail }, { params }) {
    const identity = normalized({ type: params.identityType, value: params.identityValue }, caller.settings, "path", "/identityValue");
    return plan(toCustomer((await loadCustomerByIdentity(table, identity, caller.settings.secret)) ?? fail("customer_not_found")));
  },
});

export const upsertCustomerByIdentity = operation({
  id: "upsertCustomerByIdentity",
  summary: "Create or change the customer with an identity",
  description:
    "201 when nobody held the identity: the body creates the customer. 200 when somebody does: the body is a JSON merge patch. Identities in the body are added, never taken away. Concurrent upserts of one new identity give exactly one customer. Safe to repeat: an upsert that changes nothing writes nothing.",
  method: "put",
  path: "/v1/customers/by/{identityType}/{identityValue}",
  permission: "customers:write",
  params: identityParams,
  body: CustomerPatch,
  example: { displayName: newCustomerExample.displayName, tags: newCustomerExample.tags },
  success: { status: 200, alternatives: [201], output: Customer, example: customerExample },
  problems: { ...identityTaken, ...tooManyIdentities },
  async run({ table, caller, now, newId, fail }, { params, body }) {
    const identity = normalized({ type: params.identityType, value: params.identityValue }, caller.settings, "path", "/identityValue");
    const customer = await loadCustomerByIdentity(table, identity, caller.settings.secret);
    const { identities: given = [], ...patch } = body;
    const added = identitiesFrom(given, caller.settings, now);
    const refuse = (taken: { type: string; value: string }, customerId: string) => {
      // The identity of the path is taken by a concurrent upsert: that is contention, and the next try changes its customer.
      if (!isSameIdentity(taken, identity)) fail("identity_taken", { identityType: taken.type, customerId });
    };
    if (!customer) {
      const own = added.some((one) => isSameIdentity(one, identity)) ? [] : [IdentityInput.parse(identity)];
      if (own.length + given.length > identitiesMax) return fail("too_many_identities");
      const profile = NewCustomer.parse(mergePatch({}, patch));
      return planCreation(newCustomer({ ...profile, identities: [...own, ...given] }, newId("cus"), caller, now), caller, refuse);
    }
    const gained = added.filter((one) => !customer.identities.some((other) => isSameIdentity(one, other))).map((one) => ({ ...one, primary: false }));
    if (gained.length > 0 && customer.identities.length + gained.length > identitiesMax) return fail("too_many_identities");
    const identities = gained.length > 0 ? withOnePrimaryPerType([...customer.identities, ...gained]) : customer.identities;
    return planUpdate(customer, { ...patched(Profile, customer, patch), identities }, caller, now, refuse);
  },
});
