/** The consumer of the stream, given batches as Lambda gives them: late, twice, in other pieces, and while the database fails. */
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { customerKey } from "../domain/customers/keys.ts";
import { type CustomerRecord, customerExample } from "../domain/customers/model.ts";
import type { EventTypeName, OutboxEntry } from "../domain/kernel/event.ts";
import { type Change, create } from "../domain/kernel/table.ts";
import { laneHeadKey } from "../domain/webhooks/keys.ts";
import { eventsAfter } from "../domain/webhooks/store.ts";
import { inject, refused, unreachable } from "../test/fault-injection.ts";

// The product runs beside: its engine keeps what is written here, and its own consumer finds nothing in it to tell.
await import("../test/clientele.ts");
const { handler } = await import("./append-events.ts");
const { toItem } = await import("./shell/item.ts");
const { newId } = await import("./shell/random.ts");
const { openTable } = await import("./shell/table.ts");

type Written = { after: CustomerRecord; outbox: OutboxEntry[]; before?: { document: CustomerRecord; outbox: OutboxEntry[] } };

const newPartition = () => newId("tn");
const entry = (type: EventTypeName = "customer.created"): OutboxEntry => ({
  id: newId("evt"),
  type,
  at: new Date().toISOString(),
  actor: { type: "system", id: "test" },
});
const customer = (more: Partial<CustomerRecord> = {}): CustomerRecord => ({ ...customerExample, id: newId("cus"), listShard: 0, ...more });
const image = (partition: string, document: CustomerRecord, outbox: OutboxEntry[]) =>
  marshall(toItem(partition, create(customerKey(document.id), document) as Extract<Change, { kind: "put" }>, outbox), { removeUndefinedValues: true });

let sequenceNumber = 100;
const recordOf = (partition: string, { after, outbox, before }: Written): DynamoDBRecord => ({
  eventName: before ? "MODIFY" : "INSERT",
  dynamodb: {
    SequenceNumber: String((sequenceNumber += 1)),
    NewImage: image(partition, after, outbox) as never,
    ...(before && { OldImage: image(partition, before.document, before.outbox) as never }),
  },
});
const creation = (partition: string, more: Partial<CustomerRecord> = {}) => recordOf(partition, { after: customer(more), outbox: [entry()] });
const creations = (partition: string, count: number) => Array.from({ length: count }, () => creation(partition));
const failuresOf = async (records: DynamoDBRecord[]) => (await handler({ Records: records })).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
const numberOf = (record: DynamoDBRecord | undefined) => record?.dynamodb?.SequenceNumber;
const idsOf = (records: readonly DynamoDBRecord[]) =>
  records.flatMap((record) => JSON.parse(record.dynamodb?.NewImage?.["outbox"]?.S ?? "[]") as OutboxEntry[]).map(({ id }) => id);

async function logOf(partition: string) {
  const table = openTable(partition);
  const head = await table.get(laneHeadKey(0));
  const events = await eventsAfter(table, 0, 0, head?.lastSequence ?? 0, 1000);
  expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: head?.lastSequence ?? 0 }, (_, index) => index + 1));
  return events;
}
const idsInLog = async (partition: string) => (await logOf(partition)).map(({ id }) => id);

describe.concurrent("each event stands in the log once, in order and without a gap, when", () => {
  test("a batch comes twice", async () => {
    const partition = newPartition();
    const records = creations(partition, 60);
    expect(await failuresOf(records)).toEqual([]);
    expect(await failuresOf(records)).toEqual([]);
    expect(await idsInLog(partition)).toEqual(idsOf(records));
  });

  test("batches come again in other pieces", async () => {
    const partition = newPartition();
    const records = creations(partition, 30);
    for (const [from, to] of [
      [0, 10],
      [5, 12],
      [0, 30],
      [29, 30],
    ] as const)
      expect(await failuresOf(records.slice(from, to))).toEqual([]);
    expect(await idsInLog(partition)).toEqual(idsOf(records));
  });

  test("two consumers are given the same batch at once", async () => {
    const partition = newPartition();
    const records = creations(partition, 120);
    const failures = await Promise.all([failuresOf(records), failuresOf(records)]);
    expect(failures).toEqual([[], []]);
    expect(await idsInLog(partition)).toEqual(idsOf(records));
  });

  test("consumers of different shards tell of one tenant at once", async () => {
    const partition = newPartition();
    const shards = Array.from({ length: 3 }, () => creations(partition, 20));
    await Promise.all(shards.map(failuresOf));
    const told = await idsInLog(partition);
    expect(told.toSorted()).toEqual(shards.flatMap(idsOf).toSorted());
    for (const shard of shards) expect(told.filter((id) => idsOf(shard).includes(id))).toEqual(idsOf(shard));
  });

  test("one write tells more than a transaction holds", async () => {
    const partition = newPartition();
    const record = recordOf(partition, { after: customer(), outbox: Array.from({ length: 130 }, () => entry()) });
    expect(await failuresOf([record])).toEqual([]);
    expect(await idsInLog(partition)).toEqual(idsOf([record]));
  });

  test("its events are as large as events may be", async () => {
    const partition = newPartition();
    const records = Array.from({ length: 80 }, () => creation(partition, { properties: { text: "x".repeat(64_000) } }));
    expect(await failuresOf(records)).toEqual([]);
    expect(await idsInLog(partition)).toEqual(idsOf(records));
  });
});

test.concurrent("an event above 64 KB is told with the id of its object only", async () => {
  const partition = newPartition();
  const large = creation(partition, { id: newId("cus"), properties: { text: "x".repeat(70_000) } });
  await failuresOf([large, creation(partition)]);
  const [thin, whole] = await logOf(partition);
  expect(thin?.data).toEqual({ object: { id: expect.stringMatching(/^cus_/), object: "customer" }, thin: true });
  expect(whole?.data.object).toMatchObject({ object: "customer", status: "active" });
});

test.concurrent("a write without news tells nothing: no outbox, the outbox of the write before it, or a removal", async () => {
  const partition = newPartition();
  const document = customer();
  const outbox = [entry()];
  const told = recordOf(partition, { after: document, outbox });
  const silent = [
    recordOf(partition, { after: customer(), outbox: [] }),
    recordOf(partition, { after: { ...document, version: 2 }, outbox, before: { document, outbox } }),
    { eventName: "REMOVE" as const, dynamodb: { SequenceNumber: "99", OldImage: told.dynamodb?.NewImage as never } },
  ];
  expect(await failuresOf([...silent, told, ...silent])).toEqual([]);
  expect(await idsInLog(partition)).toEqual(idsOf([told]));
});

test.concurrent("an update tells the former values, and live and test data have logs of their own", async () => {
  const partition = newPartition();
  const document = customer();
  const update = { after: { ...document, version: 2, displayName: "Ada Byron" }, outbox: [entry("customer.updated")], before: { document, outbox: [] } };
  await failuresOf([recordOf(partition, update), recordOf(`${partition}.test`, update)]);
  for (const [name, livemode] of [
    [partition, true],
    [`${partition}.test`, false],
  ] as const) {
    const [event, ...more] = await logOf(name);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ sequence: 1, livemode, data: { previousAttributes: { displayName: "Ada Lovelace" } } });
  }
});

describe.concurrent("what cannot be told", () => {
  test("is answered as the first failure of its tenant; what comes after it waits, and other tenants do not", async () => {
    const [one, other] = [newPartition(), newPartition()];
    const [first, unknown, later] = [creation(one), recordOf(one, { after: customer(), outbox: [entry("customer.abducted")] }), creation(one)];
    const others = creations(other, 2);
    expect(await failuresOf([first, unknown, others[0], later, others[1]] as DynamoDBRecord[])).toEqual([numberOf(unknown)]);
    expect([await idsInLog(one), await idsInLog(other)]).toEqual([idsOf([first]), idsOf(others)]);
  });

  test.each([
    ["an error", refused("AccessDeniedException")],
    ["no connection", unreachable],
  ])("because of %s of the database: it goes on from there when it comes again", async (_, fault) => {
    const [one, other] = [newPartition(), newPartition()];
    const records = creations(one, 60);
    const others = creations(other, 1);
    // The first 49 fit one transaction; the fault hits the second.
    using injected = inject({ request: "TransactWriteItems", about: idsOf(records)[49] as string }, fault);
    const failures = await failuresOf([...records, ...others]);
    expect(failures).toEqual([numberOf(records[49])]);
    expect([await idsInLog(one), await idsInLog(other)]).toEqual([idsOf(records.slice(0, 49)), idsOf(others)]);
    injected.stop();
    expect(await failuresOf(records.slice(49))).toEqual([]);
    expect(await idsInLog(one)).toEqual(idsOf(records));
  });

  test.each(["Query", "GetItem"])("because %s of its tenant fails: other tenants do not wait for it", async (request) => {
    const [one, other] = [newPartition(), newPartition()];
    const [others, records] = [creations(other, 2), creations(one, 2)];
    using injected = inject({ request, about: one }, refused("AccessDeniedException"));
    expect(await failuresOf([...others, ...records])).toEqual([numberOf(records[0])]);
    expect([await idsInLog(other), injected.hits > 0]).toEqual([idsOf(others), true]);
    injected.stop();
    expect(await failuresOf(records)).toEqual([]);
    expect(await idsInLog(one)).toEqual(idsOf(records));
  });

  test("and comes first in a batch fails all of it, which Lambda then halves until it stands alone", async () => {
    const partition = newPartition();
    const unknown = recordOf(partition, { after: customer(), outbox: [entry("customer.abducted")] });
    const later = creations(partition, 2);
    await expect(failuresOf([unknown, ...later])).rejects.toThrow(`first record, ${numberOf(unknown)}`);
    expect(await failuresOf([unknown])).toEqual([numberOf(unknown)]);
    expect(await failuresOf(later)).toEqual([]);
    expect(await idsInLog(partition)).toEqual(idsOf(later));
  });
});
