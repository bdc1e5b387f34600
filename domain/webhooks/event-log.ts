/** Appending to a tenant's log: a gap-free sequence, each event once. Pure; `functions/append-events.ts` commits it. */
import { type AnyEventType, changedAttributes, type OutboxEntry } from "../kernel/event.ts";
import { type Change, create, type Placement, replace } from "../kernel/table.ts";
import { dayMilliseconds, instantAfter } from "../kernel/time.ts";
import { changesPk, type EventPointer, eventPointerKey, type LaneHead, laneHeadKey, logKey, timelinePk } from "./keys.ts";
import { type Event, keptMonths, readableDays } from "./model.ts";

/** An event without its place in the log. */
export type EventToAppend = { event: Omit<Event, "sequence" | "lane">; customerId?: string; happenedAt: string; tellsChange: boolean };

/** The event itself and its pointer. */
export const changesPerEvent = 2;
const thinAboveBytes = 64 * 1024;

/** Renders what an outbox entry tells from the images of the item that carried it. */
export function renderEvent(
  type: AnyEventType,
  entry: OutboxEntry,
  images: { after: object; before: object | undefined },
  context: Pick<Event, "tenantId" | "apiVersion" | "livemode">,
): EventToAppend {
  const render = type.render as (images: { after: object; before: object | undefined; subject: object | undefined }) => Record<string, unknown>;
  const object = render({ ...images, subject: entry.subject });
  const previous =
    type.tellsPrevious && images.before ? changedAttributes(render({ after: images.before, before: undefined, subject: entry.subject }), object) : undefined;
  const event = {
    id: entry.id,
    object: "event" as const,
    type: type.type,
    ...context,
    createdAt: entry.at,
    actor: entry.actor,
    request: entry.request,
    data: { object, previousAttributes: previous },
  };
  const isLarge = Buffer.byteLength(JSON.stringify(event)) > thinAboveBytes;
  return {
    event: isLarge ? { ...event, data: { object: { id: object["id"], object: object["object"] }, thin: true } } : event,
    customerId: type.customerId?.(object as never),
    happenedAt: type.happenedAt?.(object as never) ?? entry.at,
    tellsChange: type.happenedAt === undefined,
  };
}

/** Where the next events of a lane stand. */
export const placesOf = (lane: number, head: LaneHead | undefined, count: number): EventPointer[] =>
  Array.from({ length: count }, (_, index) => ({ lane, sequence: (head?.lastSequence ?? 0) + 1 + index }));

/** The head once `count` more events stand in its lane. */
export function headAfter(head: LaneHead | undefined, count: number, now: Date): LaneHead {
  const before = head ?? { version: 0, lastSequence: 0, firstSequenceByDay: {} };
  return {
    version: before.version + 1,
    lastSequence: before.lastSequence + count,
    firstSequenceByDay: recentDays({ [dayOf(now)]: before.lastSequence + 1, ...before.firstSequenceByDay }, now),
  };
}

/** The changes that put `events` at the end of the lane; guarded by the head, and by each event's pointer. */
export function appendChanges(lane: number, head: LaneHead | undefined, events: readonly EventToAppend[], now: Date): Change[] {
  const places = placesOf(lane, head, events.length);
  const after = headAfter(head, events.length, now);
  // Four years and not 48 calendar months: a day more or less does not matter here.
  const expiresAt = instantAfter(now, keptMonths * (365.25 / 12) * dayMilliseconds);
  return [
    head ? replace(laneHeadKey(lane), head, after) : create(laneHeadKey(lane), after),
    ...events.flatMap(({ event, customerId, happenedAt, tellsChange }, index) => {
      const place = places[index] as EventPointer;
      const timeline: Placement = customerId ? { list: { pk: timelinePk(customerId), sk: `${happenedAt}#${event.id}` } } : {};
      const changes: Placement = customerId && tellsChange ? { list: { pk: changesPk(customerId), sk: `${event.createdAt}#${event.id}` } } : {};
      return [
        create(logKey(place), { ...event, ...place } as Event, { placement: { ...timeline, expiresAt } }),
        create(eventPointerKey(event.id), place, { placement: { ...changes, expiresAt } }),
      ];
    }),
  ];
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);
function recentDays(firstSequenceByDay: Record<string, number>, now: Date): Record<string, number> {
  const oldest = dayOf(new Date(now.getTime() - (readableDays + 1) * dayMilliseconds));
  return Object.fromEntries(Object.entries(firstSequenceByDay).filter(([day]) => day >= oldest));
}

export const isReadable = ({ createdAt }: Event, now: Date): boolean => Date.parse(createdAt) >= now.getTime() - readableDays * dayMilliseconds;

/** Where the events since an instant begin, to the day: no later than the first of them. Undefined when there is none. */
export function firstSequenceSince(head: LaneHead | undefined, since: Date): number | undefined {
  const oldest = dayOf(since);
  const sequences = Object.entries(head?.firstSequenceByDay ?? {})
    .filter(([day]) => day >= oldest)
    .map(([, sequence]) => sequence);
  return sequences.length > 0 ? Math.min(...sequences) : undefined;
}

/** Where the readable events begin, likewise. */
export const firstReadableSequence = (head: LaneHead | undefined, now: Date): number | undefined =>
  firstSequenceSince(head, new Date(now.getTime() - readableDays * dayMilliseconds));
