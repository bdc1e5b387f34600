/**
 * | question                            | where                                                 | order      |
 * |-------------------------------------|-------------------------------------------------------|------------|
 * | the end of the log                  | EL#<lane> / LANE                                      |            |
 * | events from a sequence on           | EL#<lane>#<bucket> / <sequence>                       | sequence   |
 * | one event; is it in the log already | EV#<eventId> / META (a pointer)                       |            |
 * | the timeline of a customer          | list index TIMELINE#<customerId>, of the log's items  | happenedAt |
 * | changes of a customer's fields      | list index CHANGES#<customerId>, of the pointers      | createdAt  |
 *
 * | an endpoint, the endpoints          | WH / <endpointId>                                     | createdAt  |
 * | a deleted endpoint, for a day       | WH#<endpointId> / DELETED                             |            |
 * | a test of an endpoint, for a day    | WT#<testId> / META                                    |            |
 * | how an endpoint is doing            | WH#<endpointId> / HEALTH                              |            |
 * | a delivery, those to an endpoint    | WD#<endpointId>#<shard> / <the event's ULID>          | event      |
 * | its former attempts                 | WA#<deliveryId> / <number>                            | number     |
 * | a replay, the replays of an endpoint| WH#<endpointId> / REPLAY#<replayId>                   | createdAt  |
 * | the deployment's signing keys       | WEBHOOK_KEYS / META, in the platform's partition      |            |
 *
 * A bucket holds `bucketSize` events: where a sequence stands is computed, and no partition grows without end.
 */
import { type Key, key } from "../kernel/table.ts";
import type { Attempt, DeliveryRecord } from "./delivery.ts";
import type { EndpointRecord } from "./endpoint.ts";
import type { Health } from "./health.ts";
import type { Event } from "./model.ts";
import type { WebhookReplay } from "./replay.ts";
import type { SigningKeysRecord } from "./signing-keys.ts";
import type { WebhookTest } from "./webhook-test.ts";

/** The last sequence, and the first of each of the last days that had events: where a look back of days begins. */
export type LaneHead = { version: number; lastSequence: number; firstSequenceByDay: Record<string, number> };
export type EventPointer = { lane: number; sequence: number };

const bucketSize = 10_000;
const sequenceDigits = 12;
export const bucketOf = (sequence: number): number => Math.floor(sequence / bucketSize);
export const sequenceSk = (sequence: number): string => String(sequence).padStart(sequenceDigits, "0");

export const laneHeadKey = (lane: number) => key<LaneHead>(`EL#${lane}`, "LANE");
export const logBucketPk = (lane: number, bucket: number) => `EL#${lane}#${bucket}`;
export const logKey = ({ lane, sequence }: EventPointer): Key<Event> => key<Event>(logBucketPk(lane, bucketOf(sequence)), sequenceSk(sequence));
export const eventPointerKey = (eventId: string) => key<EventPointer>(`EV#${eventId}`, "META");
export const timelinePk = (customerId: string) => `TIMELINE#${customerId}`;
export const changesPk = (customerId: string) => `CHANGES#${customerId}`;

/** All endpoints of a tenant stand together: a batch of events is matched against them with one query. */
export const endpointsPk = "WH";
export const endpointKey = (endpointId: string) => key<EndpointRecord>(endpointsPk, endpointId);
export const deletedEndpointKey = (endpointId: string) => key<EndpointRecord>(`WH#${endpointId}`, "DELETED");
export const webhookTestKey = (testId: string) => key<WebhookTest>(`WT#${testId}`, "META");
export const healthKey = (endpointId: string) => key<Health>(`WH#${endpointId}`, "HEALTH");
export const replaysOf = (endpointId: string) => ({ pk: `WH#${endpointId}`, skPrefix: "REPLAY#" });
export const replayKey = (endpointId: string, replayId: string) => key<WebhookReplay>(replaysOf(endpointId).pk, `${replaysOf(endpointId).skPrefix}${replayId}`);
/** Deliveries to an endpoint are spread over so many partitions: every event that it wants writes there. */
export const deliveryShards = 8;
export const deliveriesPk = (endpointId: string, shard: number) => `WD#${endpointId}#${shard}`;
const ulidCharacters = 26;
/** An id is `wd_`, the event's ULID, and the endpoint's (see delivery.ts). */
export function deliveryKey(deliveryId: string): Key<DeliveryRecord> {
  const ulids = deliveryId.slice("wd_".length);
  const [ofEvent, ofEndpoint] = [ulids.slice(0, ulidCharacters), ulids.slice(ulidCharacters)];
  return key<DeliveryRecord>(deliveriesPk(`we_${ofEndpoint}`, ofEvent.charCodeAt(ulidCharacters - 1) % deliveryShards), ofEvent);
}
export const attemptsPk = (deliveryId: string) => `WA#${deliveryId}`;
export const attemptKey = (deliveryId: string, number: number) => key<Attempt>(attemptsPk(deliveryId), String(number).padStart(5, "0"));
export const signingKeysKey = key<SigningKeysRecord>("WEBHOOK_KEYS", "META");
