/** What other contexts and webhook consumers may see of customers. */
import * as z from "zod";
import { eventType } from "../kernel/event.ts";
import { idOf } from "../kernel/id.ts";
import { CustomerEvent, customerEventExample, TouchpointSummary } from "./customer-event.ts";
import { Identity, identityExample, isSameIdentity } from "./identity.ts";
import { Customer, type CustomerRecord, customerExample } from "./model.ts";
import { toCustomer } from "./store.ts";

export { customerEventExample, TouchpointSummary };

const ofCustomer = (type: `customer.${string}`, description: string, tellsPrevious = false) =>
  eventType<CustomerRecord>()({
    type,
    description,
    object: Customer,
    example: customerExample,
    tellsPrevious,
    render: ({ after }) => toCustomer(after),
    customerId: (customer) => customer.id,
  });

export const customerCreated = ofCustomer("customer.created", "A customer was created.");
export const customerUpdated = ofCustomer("customer.updated", "A customer's profile changed; previousAttributes has the former values of what changed.", true);
export const customerDeleted = ofCustomer("customer.deleted", "A customer was deleted; it can be restored until purgeAt.", true);
export const customerRestored = ofCustomer("customer.restored", "A deleted customer was restored.", true);

const CustomerIdentity = Identity.extend({ object: z.literal("identity"), customerId: idOf("cus") }).meta({ id: "CustomerIdentity" });
const customerIdentityExample = { ...identityExample, object: "identity" as const, customerId: customerExample.id };

/** The customer's document tells of one of its identities: the one that the change named. */
const ofIdentity = (type: `identity.${string}`, description: string) =>
  eventType<CustomerRecord, { type: string; value: string }>()({
    type,
    description,
    object: CustomerIdentity,
    example: customerIdentityExample,
    render({ after, before, subject }) {
      const all = [...after.identities, ...(before?.identities ?? [])];
      const identity = all.find((one) => isSameIdentity(one, subject)) ?? { ...subject, verified: false, primary: false };
      return { object: "identity" as const, customerId: after.id, ...identity };
    },
    customerId: (identity) => identity.customerId,
  });

export const identityLinked = ofIdentity("identity.linked", "An identity was linked to a customer.");
export const identityUnlinked = ofIdentity("identity.unlinked", "An identity was taken from a customer.");
export const identityVerified = ofIdentity("identity.verified", "An identity was verified.");

export const customerEventRecorded = eventType<CustomerEvent>()({
  type: "customer_event.recorded",
  description: "A touchpoint was recorded.",
  object: CustomerEvent,
  example: customerEventExample,
  render: ({ after }) => after,
  customerId: (event) => event.customerId,
  happenedAt: (event) => event.occurredAt,
});

export const customerEventTypes = [
  customerCreated,
  customerUpdated,
  customerDeleted,
  customerRestored,
  identityLinked,
  identityUnlinked,
  identityVerified,
  customerEventRecorded,
];
