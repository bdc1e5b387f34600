/**
 * | question                            | where                                                 | order      |
 * |-------------------------------------|-------------------------------------------------------|------------|
 * | the end of the log                  | EL#<lane> / HEAD                                      |            |
 * | events from a sequence on           | EL#<lane>#<bucket> / <sequence>                       | sequence   |
 * | one event; is it in the log already | EV#<eventId> / META (a pointer)                       |            |
 * | the timeline of a customer          | list index TIMELINE#<customerId>, of the log's items  | happenedAt |
 * | changes of a customer's fields      | list index CHANGES#<customerId>, of the pointers      | createdAt  |
 *
 * A bucket holds `bucketSize` events: where a sequence stands is computed, and no partition grows without end.
 */
import { type Key, key } from "../kernel/table.ts";
import type { Event } from "./model.ts";

/** The last sequence, and the first of each of the last days that had events: where a look back of days begins. */
export type LaneHead = { version: number; lastSequence: number; firstSequenceByDay: Record<string, number> };
export type EventPointer = { lane: number; sequence: number };

const bucketSize = 10_000;
const sequenceDigits = 12;
export const bucketOf = (sequence: number): number => Math.floor(sequence / bucketSize);
export const sequenceSk = (sequence: number): string => String(sequence).padStart(sequenceDigits, "0");

export const laneHeadKey = (lane: number) => key<LaneHead>(`EL#${lane}`, "HEAD");
export const logBucketPk = (lane: number, bucket: number) => `EL#${lane}#${bucket}`;
export const logKey = ({ lane, sequence }: EventPointer): Key<Event> => key<Event>(logBucketPk(lane, bucketOf(sequence)), sequenceSk(sequence));
export const eventPointerKey = (eventId: string) => key<EventPointer>(`EV#${eventId}`, "META");
export const timelinePk = (customerId: string) => `TIMELINE#${customerId}`;
export const changesPk = (customerId: string) => `CHANGES#${customerId}`;
