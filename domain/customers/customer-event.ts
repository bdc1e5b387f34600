/**
 * Touchpoint (customer event): something that happened between a customer and the tenant on some channel. It is a fact:
 * it is recorded once and never changed. `Touchpoints` sums up a customer's: one small document, whatever the history.
 */
import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { Money } from "../kernel/money.ts";
import { recordFields } from "../kernel/revision.ts";
import { text } from "../kernel/text.ts";
import { Instant, InstantInput } from "../kernel/time.ts";
import { Channel, Code, Properties } from "./model.ts";

export const CustomerEventType = z
  .string()
  .regex(/^(?:visit|purchase|call|message|login|custom_[a-z0-9_]{1,40})$/, "One of visit, purchase, call, message, login, or custom_<name>.")
  .meta({ description: "visit, purchase, call, message, login, or your own custom_<name>.", example: "purchase" });

const factShape = {
  type: CustomerEventType,
  channel: Channel,
  direction: z.enum(["inbound", "outbound"]).optional(),
  storeCode: Code.optional(),
  staffCode: Code.optional(),
  reference: text(200).optional().meta({ description: "Your own number for it, such as an order id." }),
  amount: Money.optional(),
};
export const NewCustomerEvent = z
  .strictObject({
    ...factShape,
    occurredAt: InstantInput,
    properties: Properties.default({}),
    dedupeId: text(200).optional().meta({ description: "A repeat with the same dedupeId for the same customer answers the first and records nothing." }),
  })
  .meta({ id: "NewCustomerEvent" });
export type NewCustomerEvent = z.output<typeof NewCustomerEvent>;

export const CustomerEvent = z
  .object({
    id: idOf("cev"),
    object: z.literal("customer_event"),
    customerId: idOf("cus"),
    ...factShape,
    occurredAt: Instant,
    properties: Properties,
    dedupeId: z.string().optional(),
    ...recordFields,
  })
  .meta({ id: "CustomerEvent" });
export type CustomerEvent = z.infer<typeof CustomerEvent>;

export const LastTouchpoint = CustomerEvent.pick({ id: true, type: true, occurredAt: true, storeCode: true, reference: true, amount: true }).meta({
  id: "LastTouchpoint",
});
export const TouchpointSummary = z
  .object({
    count: z.int(),
    countByType: z.record(z.string(), z.int()).meta({ description: "Beyond 50 types, further ones count as `other`." }),
    lastByChannel: z.partialRecord(Channel, LastTouchpoint).meta({ description: "The latest by occurredAt on each channel." }),
    purchaseTotals: z.array(Money).meta({ description: "The sum of the amounts of all purchases, per currency." }),
  })
  .meta({ id: "TouchpointSummary" });
export type TouchpointSummary = z.infer<typeof TouchpointSummary>;
export type Touchpoints = TouchpointSummary & { version: number; updatedAt: string };

export const noTouchpoints: TouchpointSummary = { count: 0, countByType: {}, lastByChannel: {}, purchaseTotals: [] };
const typesMax = 50;

/** The summary with one more touchpoint; the order in which touchpoints arrive does not matter. */
export function withTouchpoint(summary: TouchpointSummary, event: CustomerEvent): TouchpointSummary {
  const counted = event.type in summary.countByType || Object.keys(summary.countByType).length < typesMax ? event.type : "other";
  const last = summary.lastByChannel[event.channel];
  const { id, type, occurredAt, storeCode, reference, amount } = event;
  const isLatest = !last || last.occurredAt < occurredAt || (last.occurredAt === occurredAt && last.id < id);
  return {
    count: summary.count + 1,
    countByType: { ...summary.countByType, [counted]: (summary.countByType[counted] ?? 0) + 1 },
    lastByChannel: isLatest ? { ...summary.lastByChannel, [event.channel]: { id, type, occurredAt, storeCode, reference, amount } } : summary.lastByChannel,
    purchaseTotals: type === "purchase" && amount ? withAmount(summary.purchaseTotals, amount) : summary.purchaseTotals,
  };
}

function withAmount(totals: readonly Money[], amount: Money): Money[] {
  const others = totals.filter(({ currency }) => currency !== amount.currency);
  const before = totals.find(({ currency }) => currency === amount.currency)?.amountMinor ?? 0;
  return [...others, { amountMinor: before + amount.amountMinor, currency: amount.currency }].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

export const customerEventExample = {
  id: "cev_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "customer_event" as const,
  customerId: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  type: "purchase",
  channel: "store" as const,
  storeCode: "PAR-07",
  reference: "order-1042",
  amount: { amountMinor: 4990, currency: "EUR" },
  occurredAt: "2026-11-21T09:28:14.000Z",
  properties: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
export const newCustomerEventExample = {
  type: "purchase",
  channel: "store" as const,
  storeCode: "PAR-07",
  reference: "order-1042",
  amount: { amountMinor: 4990, currency: "EUR" },
  occurredAt: "2026-11-21T10:28:14+01:00",
  dedupeId: "till-7-1042",
};
