/** Which endpoints an event goes to. Its deliveries are written in the transaction that appends it: it has them, or is not in the log. */
import { inApiVersion } from "../api-versions.ts";
import type { DeliveryRecord } from "./delivery.ts";
import { newDelivery } from "./delivery-round.ts";
import type { EndpointRecord } from "./endpoint.ts";
import { changesPerEvent, type EventToAppend } from "./event-log.ts";
import type { EventPointer } from "./keys.ts";
import type { Event } from "./model.ts";
import { isWanted } from "./subscription.ts";

/** An event, and the endpoints that it goes to. */
export type Addressed<Rendered extends EventToAppend = EventToAppend> = { readonly rendered: Rendered; readonly endpointIds: readonly string[] };

/** A transaction holds 100 changes, one of which is the lane's head, and 4 MB; an event has up to 64 KB. */
const changesMax = 99;

export function address<Rendered extends EventToAppend>(rendered: Rendered, endpoints: readonly EndpointRecord[]): Addressed<Rendered> {
  const { event } = rendered;
  const enabled = endpoints.filter(({ status }) => status === "enabled");
  const wanting = enabled.filter((endpoint) => isWanted(endpoint, inApiVersion(endpoint.apiVersion, event)) || isTestOf(endpoint, event));
  return { rendered, endpointIds: wanting.map(({ id }) => id) };
}

/** A test goes to its endpoint whatever that subscribes to. */
const isTestOf = ({ id }: EndpointRecord, { type, data }: EventToAppend["event"]): boolean =>
  type === "webhook_endpoint.tested" && data.object["endpointId"] === id;

/** Cuts `events` into runs of which each fits one transaction, with what it brings about. */
export function runsOf<Rendered extends EventToAppend>(events: readonly Addressed<Rendered>[]): Addressed<Rendered>[][] {
  const runs: Addressed<Rendered>[][] = [];
  let room = 0;
  for (const event of events) {
    const weight = changesPerEvent + event.endpointIds.length;
    if (weight > room) {
      runs.push([]);
      room = changesMax;
    }
    runs.at(-1)?.push(event);
    room -= weight;
  }
  return runs;
}

/** The first deliveries of an event that stands at `place`. */
export const deliveriesOf = ({ rendered, endpointIds }: Addressed, place: EventPointer, now: Date): DeliveryRecord[] =>
  endpointIds.map((endpointId) => newDelivery(endpointId, { ...rendered.event, ...place } as Event, now));
