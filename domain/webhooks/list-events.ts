import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { fillPage, pageOf, pageQuery } from "../kernel/page.ts";
import { firstReadableSequence, isReadable } from "./event-log.ts";
import { laneHeadKey } from "./keys.ts";
import { Event, EventTypeFilter, eventExample, isOfType } from "./model.ts";
import { eventsAfter, timelineWalk } from "./store.ts";

/** A tenant has one lane until it needs more. */
const lane = 0;

export const listEvents = operation({
  id: "listEvents",
  summary: "List events",
  description:
    "The last 30 days of the tenant's log, oldest first and strongly consistent; the same bytes as webhooks deliver. A consumer that has seen a gap in `sequence` asks with `afterSequence` for what it missed; when that is longer ago than 30 days, the list starts at the oldest readable event. With `customerId`: that customer's events, newest first, eventually consistent. With a filter, a page may hold fewer events than `limit` while `hasMore` is true.",
  method: "get",
  path: "/v1/events",
  permission: "events:read",
  query: z.strictObject({
    ...pageQuery,
    type: EventTypeFilter.optional(),
    afterSequence: z.coerce.number().int().min(0).optional().meta({ description: "Only events after this sequence; 0 for all." }),
    customerId: idOf("cus").optional(),
  }),
  success: { status: 200, output: pageOf(Event, "Event"), example: { object: "list", data: [eventExample], hasMore: false } },
  problems: {},
  async run({ table, now, cursor, page }, { query: { limit, type, afterSequence = 0, customerId } }) {
    const matches = (event: Event) => isReadable(event, now) && isOfType(type, event);
    if (customerId) {
      const { found, last } = await fillPage(limit, timelineWalk(table, customerId, cursor), ({ document }) => matches(document));
      return plan(
        page(
          found.map(({ document }) => document),
          last?.position,
        ),
      );
    }
    const head = await table.get(laneHeadKey(lane));
    const first = firstReadableSequence(head, now);
    if (!head || first === undefined) return plan(page<Event>([], undefined));
    let from = Math.max((cursor as number | undefined) ?? afterSequence, first - 1);
    const walk = async (count: number) => {
      const rows = await eventsAfter(table, lane, from, head.lastSequence, count);
      from = rows.at(-1)?.sequence ?? head.lastSequence;
      return { rows, end: from >= head.lastSequence };
    };
    const { found, last } = await fillPage(limit, walk, matches);
    return plan(page(found, last?.sequence));
  },
});
