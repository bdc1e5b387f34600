/** Loads rows through the batch API: several batches at once, each customer's rows in their order. */
import { type Client, isDone, type Problem, type Result, sendBatch } from "./client.ts";
import type { Item, Refusal } from "./items.ts";
import { columnsAt, type Mapping } from "./mapping.ts";
import type { Fault } from "./rows.ts";

export type Loaded = { customersCreated: number; customersKnown: number; eventsRecorded: number; eventsKnown: number };
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
  const loaded: Loaded = { customersCreated: 0, customersKnown: 0, eventsRecorded: 0, eventsKnown: 0 };
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

async function uploadBatch(client: Client, mapping: Mapping, items: readonly Item[], loaded: Loaded): Promise<Refusal[]> {
  const customers = await upsertCustomers(client, items, loaded);
  const refusals: Refusal[] = [];
  const refuse = ({ row }: Item, { problem }: Result, under: string) => {
    refusals.push({ row, faults: faultsOf(problem as Problem, under, mapping) });
  };
  const withEvent: { item: Item; customerId: string }[] = [];
  for (const [index, item] of items.entries()) {
    const result = customers[index] as Result;
    if (!isDone(result)) refuse(item, result, "/customer");
    else if (item.event) withEvent.push({ item, customerId: (result["customer"] as { id: string }).id });
  }
  if (withEvent.length === 0) return refusals;
  const events = await sendBatch(
    client,
    "/v1/customer-events/batch",
    withEvent.map(({ item: { event }, customerId }) => ({ lane: customerId, body: { customerId, event } })),
  );
  for (const [index, result] of events.entries()) {
    if (!isDone(result)) refuse((withEvent[index] as { item: Item }).item, result, "");
    else if (result.status === 201) loaded.eventsRecorded += 1;
    else loaded.eventsKnown += 1;
  }
  return refusals;
}

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

/** A pointer of the API leads into the request, the path or the item's body; in the report it leads into the mapping. */
function faultsOf(problem: Problem, under: string, mapping: Mapping): Fault[] {
  const errors = problem.errors ?? [{ in: "body", pointer: "", code: problem.code, detail: problem.detail ?? problem.title }];
  return errors.map(({ in: place, pointer, code, detail }) => {
    const inItem = /^\/items\/\d+(\/.*)$/.exec(pointer)?.[1];
    const at = inItem ?? (place === "path" ? "/identity/value" : pointer === "" ? "" : `${under}${pointer}`);
    return { column: columnsAt(mapping, at).join(", "), pointer: at, code, detail };
  });
}
