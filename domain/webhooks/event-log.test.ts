import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { customerCreated, customerUpdated } from "../customers/events.ts";
import { type CustomerRecord, customerExample } from "../customers/model.ts";
import type { AnyEventType, OutboxEntry } from "../kernel/event.ts";
import type { Change, Key } from "../kernel/table.ts";
import { dayMilliseconds } from "../kernel/time.ts";
import { appendChanges, type EventToAppend, firstReadableSequence, renderEvent } from "./event-log.ts";
import { eventPointerKey, type LaneHead, laneHeadKey, logKey } from "./keys.ts";
import type { Event } from "./model.ts";

const lane = 0;
const eventsAtOnce = 49;
const start = new Date("2026-01-01T00:00:00.000Z");
const eventId = (number: number) => `evt_${String(number).padStart(26, "0")}`;
const entry = (number: number): OutboxEntry => ({
  id: eventId(number),
  type: "customer.created",
  at: start.toISOString(),
  actor: { type: "system", id: "test" },
});
const customer: CustomerRecord = { ...customerExample, listShard: 0 };
const context = { tenantId: "tn_1", apiVersion: "2026-11-01", livemode: true };
const render = (after: CustomerRecord, before?: CustomerRecord, type = customerCreated) =>
  renderEvent(type as AnyEventType, entry(1), { after, before }, context);
const toAppend = (number: number): EventToAppend =>
  renderEvent(customerCreated as AnyEventType, entry(number), { after: customer, before: undefined }, context);

/** What a log would be if storage were a map: a set of changes is written whole, or refused whole. */
function emptyStore() {
  const documents = new Map<string, { version?: number }>();
  const address = ({ pk, sk }: Key) => `${pk} / ${sk}`;
  return {
    size: () => documents.size,
    get: <Document extends object>(key: Key<Document>) => documents.get(address(key)) as Document | undefined,
    commit(changes: readonly Change[]): boolean {
      const met = changes.every((change) => {
        // A log counts nothing.
        if (change.kind === "count") return false;
        const { expects } = change;
        const there = documents.get(address(change.key));
        return expects === "absent" ? !there : expects === "anything" || there?.version === expects;
      });
      if (met) for (const change of changes) if (change.kind === "put") documents.set(address(change.key), change.document);
      return met;
    },
  };
}
type Store = ReturnType<typeof emptyStore>;

/** What the consumer does: tries, and on a refusal tries again without what is in the log already. */
function append(store: Store, events: readonly EventToAppend[], headRead: LaneHead | undefined, now = start): void {
  if (events.length === 0 || store.commit(appendChanges(lane, headRead, events, now))) return;
  const unknown = events.filter(({ event }) => !store.get(eventPointerKey(event.id)));
  append(store, unknown, store.get(laneHeadKey(lane)), now);
}

function sequenceOfIds(store: Store): string[] {
  const { lastSequence = 0 } = store.get(laneHeadKey(lane)) ?? {};
  return Array.from({ length: lastSequence }, (_, index) => (store.get(logKey({ lane, sequence: index + 1 })) as Event).id);
}

describe("appending", () => {
  test("gives 1..N without a gap and each event once, however deliveries are cut, repeated and overtaken by others", () => {
    const deliveries = fc.array(fc.record({ from: fc.nat(40), count: fc.integer({ min: 1, max: eventsAtOnce }), isStale: fc.boolean() }), {
      minLength: 1,
      maxLength: 25,
    });
    fc.assert(
      fc.property(deliveries, (all) => {
        const store = emptyStore();
        const delivered: string[] = [];
        let headBefore: LaneHead | undefined;
        for (const { from, count, isStale } of all) {
          const numbers = Array.from({ length: count }, (_, index) => from + index);
          const head = store.get(laneHeadKey(lane));
          // A consumer that read the head before another one moved it.
          append(store, numbers.map(toAppend), isStale ? headBefore : head);
          headBefore = head;
          for (const id of numbers.map(eventId)) if (!delivered.includes(id)) delivered.push(id);
        }
        expect(sequenceOfIds(store)).toEqual(delivered);
        expect(store.size()).toBe(2 * delivered.length + 1);
        for (const [index, id] of delivered.entries()) expect(store.get(eventPointerKey(id))).toEqual({ lane, sequence: index + 1 });
      }),
      { numRuns: 200 },
    );
  });
});

test("the readable events begin with the first of the last 30 days, whatever days had events", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 * 24 }), { minLength: 1, maxLength: 30 }), fc.nat(50 * 24), (gapsInHours, laterHours) => {
      const store = emptyStore();
      let now = start.getTime();
      const days: string[] = [];
      for (const [number, hours] of gapsInHours.entries()) {
        now += hours * 3_600_000;
        append(store, [toAppend(number)], store.get(laneHeadKey(lane)), new Date(now));
        days.push(new Date(now).toISOString().slice(0, 10));
      }
      const asked = new Date(now + laterHours * 3_600_000);
      const oldest = new Date(asked.getTime() - 30 * dayMilliseconds).toISOString().slice(0, 10);
      const first = days.findIndex((day) => day >= oldest);
      const head = store.get(laneHeadKey(lane)) as LaneHead;
      expect(firstReadableSequence(head, asked)).toBe(first < 0 ? undefined : first + 1);
      expect(Object.keys(head.firstSequenceByDay).length).toBeLessThanOrEqual(32);
    }),
  );
});

describe("rendering", () => {
  test("tells the former values of what changed, null for what was absent, and not that the version moved", () => {
    const after = { ...customer, version: 2, updatedAt: "2026-11-22T00:00:00.000Z", displayName: "Ada Byron", tags: [], birthDate: "1815-12-10" };
    expect(render(after, customer, customerUpdated).event.data.previousAttributes).toEqual({
      displayName: customer.displayName,
      tags: customer.tags,
      birthDate: null,
    });
    expect(render(after, customer).event.data.previousAttributes).toBeUndefined();
  });

  test("above 64 KB leaves the id, so that no delivery is larger", () => {
    const sized = (characters: number) => render({ ...customer, properties: { text: "x".repeat(characters) } });
    const small = sized(60_000);
    expect(small.event.data).toMatchObject({ object: { id: customer.id, properties: {} } });
    expect(small.event.data.thin).toBeUndefined();
    const large = sized(66_000);
    expect(large.event.data).toEqual({ object: { id: customer.id, object: "customer" }, thin: true });
    expect(large.customerId).toBe(customer.id);
    // Bytes are counted, not characters.
    expect(render({ ...customer, properties: { text: "€".repeat(22_000) } }).event.data.thin).toBe(true);
  });

  test("says who did it, for which request, in which mode", () => {
    const request = { id: "req_1", idempotencyKey: "k-1" };
    const { event } = renderEvent(
      customerCreated as AnyEventType,
      { ...entry(7), request },
      { after: customer, before: undefined },
      { ...context, livemode: false },
    );
    expect(event).toMatchObject({
      id: eventId(7),
      type: "customer.created",
      actor: { type: "system", id: "test" },
      request,
      livemode: false,
      createdAt: start.toISOString(),
    });
  });
});
