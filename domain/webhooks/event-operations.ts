import { getEvent } from "./get-event.ts";
import { listEventTypes } from "./list-event-types.ts";
import { listEvents } from "./list-events.ts";

/** The log, read. Apart, because the catalogue of types needs a generator of JSON Schema that no webhook does. */
export const eventOperations = [listEvents, getEvent, listEventTypes];
