/** Reads of the event log for this and other contexts. */
import type { Reader, Row } from "../kernel/table.ts";
import { bucketOf, changesPk, type EventPointer, eventPointerKey, logBucketPk, logKey, sequenceSk, timelinePk } from "./keys.ts";
import type { Event } from "./model.ts";

export async function loadEvent(table: Reader, eventId: string): Promise<Event | undefined> {
  const pointer = await table.get(eventPointerKey(eventId));
  return pointer && (await table.get(logKey(pointer)));
}

/** A walk of a customer's events for `fillPage`, newest first, from a cursor on. Eventually consistent. */
export function timelineWalk(table: Reader, customerId: string, cursor: unknown) {
  let after = cursor as string | undefined;
  return async (limit: number): Promise<{ rows: Row<Event>[]; end: boolean }> => {
    const rows = await table.query<Event>({ from: "list", pk: timelinePk(customerId), order: "descending", limit, after });
    after = rows.at(-1)?.position;
    return { rows, end: rows.length < limit };
  };
}

/** The events that changed a customer's fields, newest first. Eventually consistent; two round trips. */
export async function changeEvents(table: Reader, customerId: string, limit: number, after: string | undefined) {
  const rows = await table.query<EventPointer>({ from: "list", pk: changesPk(customerId), order: "descending", limit, after });
  const events = await table.getMany(rows.map((row) => logKey(row.document)));
  return { events: events.filter((event) => event !== undefined), next: rows.length === limit ? rows.at(-1)?.position : undefined };
}

/** Up to `limit` events of a lane after `afterSequence`, oldest first, ending at `lastSequence`. Strongly consistent. */
export async function eventsAfter(table: Reader, lane: number, afterSequence: number, lastSequence: number, limit: number): Promise<Event[]> {
  const events: Event[] = [];
  for (let from = afterSequence; from < lastSequence && events.length < limit; ) {
    const bucket = bucketOf(from + 1);
    const rows = await table.query<Event>({
      from: "items",
      pk: logBucketPk(lane, bucket),
      beyondSk: sequenceSk(from),
      order: "ascending",
      limit: limit - events.length,
    });
    events.push(...rows.map((row) => row.document));
    from = rows.at(-1)?.document.sequence ?? lastSequence;
  }
  return events.filter(({ sequence }) => sequence <= lastSequence);
}
