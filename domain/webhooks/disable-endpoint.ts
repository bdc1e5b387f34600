/** The end of deliveries to an endpoint, on request or because nobody is there. What still waits is canceled when its turn comes. */
import { tell } from "../kernel/event.ts";
import { revise } from "../kernel/revision.ts";
import { type Change, replace } from "../kernel/table.ts";
import type { EndpointRecord } from "./endpoint.ts";
import { endpointDisabled } from "./events.ts";
import { endpointKey } from "./keys.ts";

type Reason = NonNullable<EndpointRecord["disabledReason"]>;

export const disabled = (endpoint: EndpointRecord, disabledReason: Reason, now: Date): EndpointRecord =>
  revise(endpoint, { status: "disabled", disabledReason, disabledAt: now.toISOString() }, now);

/** Guarded by the endpoint's version, and none when it is disabled already: the first reason stays. */
export function disableChanges(endpoint: EndpointRecord, reason: Reason, now: Date): Change[] {
  if (endpoint.status === "disabled") return [];
  return [replace(endpointKey(endpoint.id), endpoint, disabled(endpoint, reason, now), { events: [tell(endpointDisabled)] })];
}
