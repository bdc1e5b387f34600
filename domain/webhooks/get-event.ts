import * as z from "zod";
import { idOf } from "../kernel/id.ts";
import { operation, plan } from "../kernel/operation.ts";
import { isReadable } from "./event-log.ts";
import { Event, eventExample } from "./model.ts";
import { loadEvent } from "./store.ts";

export const getEvent = operation({
  id: "getEvent",
  summary: "Get an event",
  description: "Any event of the last 30 days, as webhooks deliver it. It shows within a second of the write that it tells.",
  method: "get",
  path: "/v1/events/{eventId}",
  permission: "events:read",
  params: z.object({ eventId: idOf("evt") }),
  success: { status: 200, output: Event, example: eventExample },
  problems: { event_not_found: { status: 404, title: "There is no such event in the last 30 days." } },
  async run({ table, now, fail }, { params }) {
    const event = await loadEvent(table, params.eventId);
    if (!event || !isReadable(event, now)) return fail("event_not_found");
    return plan(event);
  },
});
