import * as z from "zod";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery } from "../kernel/page.ts";
import { Event, EventTypeFilter, eventExample, isOfType } from "../webhooks/model.ts";
import { timelineWalk } from "../webhooks/store.ts";
import { customerEventExample } from "./customer-event.ts";
import { customerNotFound, customerParams } from "./get-customer.ts";
import { Channel } from "./model.ts";
import { loadCustomer } from "./store.ts";

export const getCustomerTimeline = operation({
  id: "getCustomerTimeline",
  summary: "Get the timeline of a customer",
  description:
    "Everything that happened with the customer, newest first: touchpoints (at the time they occurred), profile and identity changes. Eventually consistent, within a second. With a filter, a page may hold fewer entries than `limit` while `hasMore` is true.",
  method: "get",
  path: "/v1/customers/{customerId}/timeline",
  permission: "customers:read",
  params: customerParams,
  query: z.strictObject({
    ...pageQuery,
    type: EventTypeFilter.optional(),
    channel: Channel.optional().meta({ description: "Only touchpoints on this channel." }),
  }),
  success: {
    status: 200,
    output: pageOf(Event, "TimelineEvent"),
    example: { object: "list", data: [{ ...eventExample, type: "customer_event.recorded", data: { object: customerEventExample } }], hasMore: false },
  },
  problems: customerNotFound,
  async run({ table, now, cursor, page, fail }, { params: { customerId }, query: { limit, type, channel } }) {
    if (!(await loadCustomer(table, customerId, now))) return fail("customer_not_found");
    const matches = ({ document: event }: { document: Event }) => isOfType(type, event) && (!channel || event.data.object["channel"] === channel);
    const { found, last } = await fillPage(limit, timelineWalk(table, customerId, cursor), matches);
    return plan(
      page(
        found.map(({ document }) => document),
        last?.position,
      ),
    );
  },
});
