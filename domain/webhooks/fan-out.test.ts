import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { creationOf } from "./delivery-round.ts";
import { type EndpointRecord, endpointExample, endpointsMax } from "./endpoint.ts";
import { appendChanges, type EventToAppend, placesOf } from "./event-log.ts";
import { type Addressed, address, deliveriesOf, runsOf } from "./fan-out.ts";
import { type Event, eventExample } from "./model.ts";

const now = new Date("2026-01-01T00:00:00.000Z");
const ulid = (number: number) => String(number).padStart(26, "0");
const endpoint = (number: number, settings: Partial<EndpointRecord> = {}): EndpointRecord => ({
  ...endpointExample,
  eventTypes: ["*"],
  secrets: [],
  id: `we_${ulid(number)}`,
  ...settings,
});
function eventToAppend(number: number, changes: Partial<Event> = {}): EventToAppend {
  const { sequence: _, lane: _1, ...event } = eventExample;
  return { event: { ...event, ...changes, id: `evt_${ulid(number)}` }, happenedAt: event.createdAt, tellsChange: true };
}
const addressees = (event: EventToAppend, endpoints: EndpointRecord[]) => address(event, endpoints).endpointIds;

describe("an event goes to", () => {
  const customer = eventToAppend(1, { type: "customer.updated", data: { object: { id: "cus_1", channel: "store" } } });
  const store = { pointer: "/data/object/channel", anyOf: ["store"] };

  test.each<[string, Partial<EndpointRecord>, boolean]>([
    ["everybody who wants everything", {}, true],
    ["who wants its type", { eventTypes: ["customer.updated"] }, true],
    ["who wants its noun", { eventTypes: ["identity.created", "customer.*"] }, true],
    ["nobody who wants other types", { eventTypes: ["customer.created", "identity.*"] }, false],
    ["who wants what it says", { filter: [store] }, true],
    ["nobody who wants it only when it says something else", { filter: [{ ...store, anyOf: ["web"] }] }, false],
    ["nobody who is disabled", { status: "disabled", disabledReason: "failing" }, false],
  ])("%s", (_, settings, isAddressed) => {
    expect(addressees(customer, [endpoint(1, settings)])).toEqual(isAddressed ? [endpoint(1).id] : []);
  });

  test("each of its endpoints once, in their order", () => {
    const endpoints = [endpoint(3), endpoint(1, { eventTypes: ["identity.*"] }), endpoint(2, { eventTypes: ["customer.*", "*"] })];
    expect(addressees(customer, endpoints)).toEqual([endpoint(3).id, endpoint(2).id]);
  });

  test("the endpoint under test, whatever that subscribes to, unless it is disabled", () => {
    const tested = eventToAppend(1, { type: "webhook_endpoint.tested", data: { object: { id: "wt_1", endpointId: endpoint(1).id } } });
    const picky = { eventTypes: ["customer.created"], filter: [store] };
    expect(addressees(tested, [endpoint(1, picky), endpoint(2, picky)])).toEqual([endpoint(1).id]);
    expect(addressees(tested, [endpoint(1, { ...picky, status: "disabled" })])).toEqual([]);
    // Naming an endpoint is not testing it.
    const other = eventToAppend(1, { type: "customer.updated", data: { object: { id: "cus_1", endpointId: endpoint(1).id } } });
    expect(addressees(other, [endpoint(1, picky)])).toEqual([]);
  });
});

describe("runs", () => {
  const changesMax = 100;
  /** What the appender commits at once. */
  function changesOf(run: readonly Addressed[]) {
    const places = placesOf(0, undefined, run.length);
    const deliveries = run.flatMap((one, index) => deliveriesOf(one, places[index] as (typeof places)[number], now));
    const events = run.map(({ rendered }) => rendered);
    return [...appendChanges(0, undefined, events, now), ...deliveries.map(creationOf)];
  }
  const addressed = (number: number, endpoints: number): Addressed => ({
    rendered: eventToAppend(number),
    endpointIds: Array.from({ length: endpoints }, (_, index) => endpoint(index).id),
  });

  test("fit one transaction each, keep the order and lose nothing, whatever the events and up to 50 endpoints", () => {
    const counts = fc.array(fc.oneof(fc.nat(endpointsMax), fc.constantFrom(0, 1, endpointsMax)), { maxLength: 120 });
    fc.assert(
      fc.property(counts, (endpointCounts) => {
        const events = endpointCounts.map((count, number) => addressed(number, count));
        const runs = runsOf(events);
        expect(runs.flat()).toEqual(events);
        for (const [index, run] of runs.entries()) {
          const changes = changesOf(run);
          expect(changes.length).toBeLessThanOrEqual(changesMax);
          expect(new Set(changes.map(({ key }) => `${key.pk} ${key.sk}`)).size).toBe(changes.length);
          const next = runs[index + 1]?.[0];
          // None is cut short: the next event would not have fitted.
          if (next) expect(changesOf([...run, next]).length).toBeGreaterThan(changesMax);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of nothing are none", () => {
    expect(runsOf([])).toEqual([]);
  });

  test("of large events stay below the 4 MB of a transaction", () => {
    const large = Array.from({ length: 120 }, (_, number) => ({
      rendered: eventToAppend(number, { data: { object: { text: "x".repeat(64 * 1024) } } }),
      endpointIds: [],
    }));
    for (const run of runsOf(large)) expect(Buffer.byteLength(JSON.stringify(changesOf(run)))).toBeLessThan(4 * 1024 * 1024);
  });
});

test("a delivery tells where its event stands, and is the same delivery however often it is made", () => {
  const one = { rendered: eventToAppend(7), endpointIds: [endpoint(1).id, endpoint(2).id] };
  const deliveries = deliveriesOf(one, { lane: 0, sequence: 42 }, now);
  expect(deliveries.map(({ endpointId }) => endpointId)).toEqual(one.endpointIds);
  for (const delivery of deliveries)
    expect(delivery).toMatchObject({ event: { id: one.rendered.event.id, type: "customer.created", lane: 0, sequence: 42 }, status: "pending" });
  const again = deliveriesOf(one, { lane: 0, sequence: 42 }, new Date(now.getTime() + 60_000));
  expect(again.map(({ id }) => id)).toEqual(deliveries.map(({ id }) => id));
  expect(new Set(deliveries.map(({ id }) => id)).size).toBe(2);
});
