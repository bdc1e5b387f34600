import type * as z from "zod";
import type { Caller } from "../kernel/caller.ts";
import { tell } from "../kernel/event.ts";
import { operation, type Plan, plan } from "../kernel/operation.ts";
import { create, type Reader, replace } from "../kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../kernel/time.ts";
import {
  CustomerEvent,
  customerEventExample,
  NewCustomerEvent,
  newCustomerEventExample,
  noTouchpoints,
  type Touchpoints,
  withTouchpoint,
} from "./customer-event.ts";
import { customerEventRecorded } from "./events.ts";
import { customerDeleted, customerNotFound, customerParams } from "./get-customer.ts";
import { customerEventKey, customerKey, touchpointsKey } from "./keys.ts";
import type { CustomerRecord } from "./model.ts";
import { isPurged } from "./store.ts";

/** As long as the event log keeps what the touchpoint told. */
const keptMilliseconds = 4 * 365.25 * dayMilliseconds;

export const recordCustomerEvent = operation({
  id: "recordCustomerEvent",
  summary: "Record a touchpoint",
  description:
    "A visit, purchase, call, message or login on some channel. 201 when it was recorded; 200 with the first one when its `dedupeId` was recorded before for this customer.",
  method: "post",
  path: "/v1/customers/{customerId}/events",
  permission: "customers:write",
  params: customerParams,
  body: NewCustomerEvent,
  example: newCustomerEventExample,
  success: { status: 201, alternatives: [200], output: CustomerEvent, example: customerEventExample },
  problems: { ...customerNotFound, ...customerDeleted },
  async run({ table, caller, now, newId, fail }, { params, body }) {
    return planCustomerEvent(table, params.customerId, body, newId("cev"), caller, now, fail);
  },
});

type Refuse = (code: "customer_not_found" | "customer_not_active", members?: Record<string, unknown>) => never;

/** One read for all that it needs; the touchpoint and the customer's summary of touchpoints in one transaction. */
export async function planCustomerEvent(
  table: Reader,
  customerId: string,
  { dedupeId, ...fact }: z.output<typeof NewCustomerEvent>,
  id: string,
  caller: Caller,
  now: Date,
  fail: Refuse,
): Promise<Plan<CustomerEvent>> {
  const at = customerEventKey(customerId, dedupeId === undefined ? { id } : { dedupeId });
  const [customer, summary, known] = (await table.getMany<object>([customerKey(customerId), touchpointsKey(customerId), at])) as [
    CustomerRecord?,
    Touchpoints?,
    CustomerEvent?,
  ];
  if (!customer || isPurged(customer, now)) return fail("customer_not_found");
  if (known) return plan(known, [], { status: 200 });
  if (customer.status !== "active") return fail("customer_not_active", { customerStatus: customer.status });
  const time = { createdAt: now.toISOString(), updatedAt: now.toISOString() };
  const event: CustomerEvent = { id, object: "customer_event", customerId, ...fact, dedupeId, ...time, version: 1, livemode: caller.livemode };
  const next = { ...withTouchpoint(summary ?? noTouchpoints, event), version: (summary?.version ?? 0) + 1, updatedAt: now.toISOString() };
  return plan(event, [
    create(at, event, { events: [tell(customerEventRecorded)], placement: { expiresAt: instantAfter(now, keptMilliseconds) } }),
    summary ? replace(touchpointsKey(customerId), summary, next) : create(touchpointsKey(customerId), next),
  ]);
}
