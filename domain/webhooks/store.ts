/** Reads of the event log for this and other contexts. */
import { fillPage, walkQuery } from "../kernel/page.ts";
import type { Reader } from "../kernel/table.ts";
import { type EndpointRecord, endpointsMax } from "./endpoint.ts";
import {
  bucketOf,
  changesPk,
  type EventPointer,
  endpointKey,
  endpointsPk,
  eventPointerKey,
  laneHeadKey,
  logBucketPk,
  logKey,
  sequenceSk,
  timelinePk,
} from "./keys.ts";
import type { Event } from "./model.ts";

export async function loadEvent(table: Reader, eventId: string): Promise<Event | undefined> {
  const pointer = await table.get(eventPointerKey(eventId));
  return pointer && (await table.get(logKey(pointer)));
}

/** A walk of a customer's events for `fillPage`, newest first. Eventually consistent. */
export const timelineWalk = (table: Reader, customerId: string, cursor: unknown) =>
  walkQuery<Event>(table, { from: "list", pk: timelinePk(customerId), order: "descending" }, cursor);

/** The events that changed a customer's fields, newest first. Eventually consistent; two round trips. */
export async function changeEvents(table: Reader, customerId: string, limit: number, cursor: unknown): Promise<{ events: Event[]; next: string | undefined }> {
  const walk = walkQuery<EventPointer>(table, { from: "list", pk: changesPk(customerId), order: "descending" }, cursor);
  const { found, last } = await fillPage(limit, walk);
  const events = await table.getMany(found.map((row) => logKey(row.document)));
  return { events: events.filter((event) => event !== undefined), next: last?.position };
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

/** A tenant has one lane until it needs more. */
const lane = 0;
const eventsPerPage = 500;

/** The events since an instant, newest first: the log is read backwards, page by page, as far as they are asked for. Strongly consistent; a round trip a page. */
export async function* newestEvents(table: Reader, since: Date): AsyncGenerator<Event[], undefined> {
  const head = await table.get(laneHeadKey(lane));
  for (let last = head?.lastSequence ?? 0; last > 0; last -= eventsPerPage) {
    const page = await eventsAfter(table, lane, Math.max(0, last - eventsPerPage), last, eventsPerPage);
    const recent = page.filter(({ createdAt }) => createdAt >= since.toISOString());
    // Events stand in the log about in the order of their times: one that is too old does not mean that all before it are.
    if (recent.length === 0) return;
    yield recent.toReversed();
  }
}

export const loadEndpoint = (table: Reader, endpointId: string) => table.get(endpointKey(endpointId));

/** All endpoints of the partition, oldest first, in one strongly consistent query. Two creations at once may exceed the limit a little. */
export async function loadEndpoints(table: Reader): Promise<EndpointRecord[]> {
  const rows = await table.query<EndpointRecord>({ from: "items", pk: endpointsPk, order: "ascending", limit: 2 * endpointsMax });
  return rows.map(({ document }) => document);
}
