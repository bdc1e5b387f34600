import { getEvent } from "./get-event.ts";
import { listEventTypes } from "./list-event-types.ts";
import { listEvents } from "./list-events.ts";

export const webhookOperations = [listEvents, getEvent, listEventTypes];
