/** Loads rows through the batch API: several batches at once, each customer's rows in their order. */

import { type Loaded, nothingLoaded } from "./checkpoint.ts";
import { type Client, isDone, type Problem, type Result, sendBatch } from "./client.ts";
import type { Item, Refusal } from "./items.ts";
import { columnsAt, type Mapping } from "./mapping.ts";
import type { Fault } from "./rows.ts";

export type Uploaded = { readonly loaded: Loaded; readonly refusals: readonly Refusal[] };

const batchItemsMax = 100;
/** A request holds 256 KB; an event's item names the customer by an id, which can be longer than the identity. */
const batchBytesMax = 200_000;

/** `concurrency` is the number of requests under way at once; `onLoaded` hears of the rows of each batch that is done. */
export async function upload(
  client: Client,
  mapping: Mapping,
  items: readonly Item[],
  concurrency: number,
  onLoaded: (rows: number) => void,
): Promise<Uploaded> {
  const lanes = Array.from({ length: concurrency }, (): Item[] => []);
  for (const ofCustomer of Map.groupBy(items, customerOf).values()) lanes.reduce((a, b) => (b.length < a.length ? b : a)).push(...ofCustomer);
  const loaded: Loaded = { ...nothingLoaded };
  const refusals: Refusal[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (const batch of batchesOf(lane)) {
        refusals.push(...(await uploadBatch(client, mapping, batch, loaded)));
        onLoaded(batch.length);
      }
    }),
  );
  return { loaded, refusals };
}

/** Rows that may be of one customer have one text, however they write the identity: `+33 6 12 34 56 78` and `0612345678`. */
const customerOf = ({ identity: { type, value } }: Item): string =>
  type === "phone" ? `phone ${value.replaceAll(/\D/g, "").slice(-6)}` : `${type} ${value.trim().toLowerCase()}`;

function* batchesOf(items: readonly Item[]): Generator<Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const { row: _, ...sent } = item;
    const size = Buffer.byteLength(JSON.stringify(sent));
    if (batch.length === batchItemsMax || (batch.length > 0 && bytes + size > batchBytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** A row whose customer is there. */
type Known = { readonly item: Item; readonly customerId: string };

/** The customers first, then what happened with them, then what they earn by it: what is refused goes no further. */
async function uploadBatch(client: Client, mapping: Mapping, items: readonly Item[], loaded: Loaded): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  const refuse = ({ row }: Item, { problem }: Result, under: Places) => {
    refusals.push({ row, faults: faultsOf(problem as Problem, under, mapping) });
  };
  const send = async (path: string, rows: readonly Known[], bodyOf: (row: Known) => object, under: Places, onDone: (result: Result) => void) => {
    if (rows.length === 0) return;
    const results = await sendBatch(
      client,
      path,
      rows.map((row) => ({ lane: row.customerId, body: bodyOf(row) })),
    );
    for (const [index, result] of results.entries()) {
      if (isDone(result)) onDone(result);
      else refuse((rows[index] as Known).item, result, under);
    }
  };

  const known: Known[] = [];
  for (const [index, result] of (await upsertCustomers(client, items, loaded)).entries()) {
    const item = items[index] as Item;
    if (isDone(result)) known.push({ item, customerId: (result["customer"] as { id: string }).id });
    else refuse(item, result, { item: "", body: "/customer" });
  }
  const withEvent = known.filter(({ item }) => item.event);
  const eventOf = ({ customerId, item: { event } }: Known) => ({ customerId, event });
  await send("/v1/customer-events/batch", withEvent, eventOf, { item: "", body: "" }, ({ status }) => {
    loaded[status === 201 ? "eventsRecorded" : "eventsKnown"] += 1;
  });
  const refused = new Set(refusals.map(({ row }) => row));
  const withEarning = known.filter(({ item }) => item.earning && !refused.has(item.row));
  const earningOf = ({ customerId, item: { earning } }: Known) => ({ customerId, ...earning });
  await send("/v1/earnings/batch", withEarning, earningOf, { item: "/earning", body: "/earning" }, ({ status, earning }) => {
    loaded[status === 201 ? "earningsRecorded" : "earningsKnown"] += 1;
    if (status === 201) loaded.points += sumOfPoints((earning as { entries: readonly { points: number }[] }).entries);
  });
  return refusals;
}

const sumOfPoints = (entries: readonly { points: number }[]): number => entries.reduce((sum, { points }) => sum + points, 0);

/** The result for each item. Neighbouring rows that say the same of one customer are one upsert. */
async function upsertCustomers(client: Client, items: readonly Item[], loaded: Loaded): Promise<Result[]> {
  const texts = items.map(({ identity, customer }) => JSON.stringify({ identity, customer }));
  const isFirst = (index: number) => texts[index] !== texts[index - 1];
  const sent = items
    .filter((_, index) => isFirst(index))
    .map((item) => ({ lane: customerOf(item), body: { identity: item.identity, customer: item.customer } }));
  const results = await sendBatch(client, "/v1/customers/batch", sent);
  loaded.customersCreated += results.filter(({ status }) => status === 201).length;
  loaded.customersKnown += results.filter(({ status }) => status === 200).length;
  let place = -1;
  return items.map((_, index) => {
    if (isFirst(index)) place += 1;
    return results[place] as Result;
  });
}

/** Where in the mapping stands what is sent as an item of a batch, and as the body of the call that the item is. */
type Places = { readonly item: string; readonly body: string };

/** A pointer of the API leads into the request, the path or the item's body; in the report it leads into the mapping. */
function faultsOf(problem: Problem, under: Places, mapping: Mapping): Fault[] {
  const errors = problem.errors ?? [{ in: "body", pointer: "", code: problem.code, detail: problem.detail ?? problem.title }];
  return errors.map(({ in: place, pointer, code, detail }) => {
    const inItem = /^\/items\/\d+(\/.*)$/.exec(pointer)?.[1];
    const at = inItem ? `${under.item}${inItem}` : place === "path" ? "/identity/value" : pointer === "" ? "" : `${under.body}${pointer}`;
    return { column: columnsAt(mapping, at).join(", "), pointer: at, code, detail };
  });
}
