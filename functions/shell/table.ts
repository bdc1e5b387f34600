/** A table bound to one partition: what operations read through, and what the shell commits plans with. */
import type { OutboxEntry } from "../../domain/kernel/event.ts";
import { inPartition, splitPartition } from "../../domain/kernel/partition.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";
import { type Change, Contention, type Key, type Query, type Reader, type Row } from "../../domain/kernel/table.ts";
import { getItem, getItems, type QueryInput, queryItems, type Refusal, type Write, writeItems } from "./dynamodb.ts";
import { documentOf, type Item, isExpired, itemKey, toItem } from "./item.ts";
import { documentText } from "./packed-document.ts";

/** DynamoDB's limit for one transaction. */
export const changesMax = 100;

export type Table = Reader & {
  /** All changes, or none. Throws Contention, what a change's `whenRefused` throws, or a Problem about sizes and load. */
  commit(changes: readonly Change[], outboxOf: (change: Change) => readonly OutboxEntry[]): Promise<void>;
  /** What `commit` would throw, by reading: for dry runs. */
  verify(changes: readonly Change[]): Promise<void>;
};

export function openTable(partition: string, now: () => Date = () => new Date()): Table {
  const present = (item: Item | undefined) => (item && !isExpired(item, now()) ? item : undefined);
  const documentIn = <Document>(item: Item | undefined) => (present(item) && documentOf(item as Item)) as Document | undefined;
  return {
    async get<Document extends object>(key: Key<Document>) {
      return documentIn<Document>(await getItem(itemKey(partition, key)));
    },
    async getMany<Document extends object>(keys: readonly Key<Document>[]) {
      const found = await itemsByKey(partition, keys);
      return keys.map((key) => documentIn<Document>(found(key)));
    },
    async query<Document extends object>(query: Query) {
      const { items, lastKey } = await queryItems(queryInput(partition, query));
      const rows = items.filter((item) => present(item)).map((item): Row<Document> => toRow(query, item));
      // A page cut short by DynamoDB's 1 MB limit, or by expired items, is filled up: a short answer means the end.
      if (rows.length >= query.limit || !lastKey || items.length === 0) return rows;
      const last = toRow(query, items.at(-1) as Item);
      return [...rows, ...(await this.query<Document>({ ...query, after: last.position, limit: query.limit - rows.length }))];
    },
    async commit(changes, outboxOf) {
      if (changes.length === 0) return;
      assertSound(changes);
      const writes = changes.map((change) => toWrite(partition, change, outboxOf(change), now()));
      const refusals = await writeItems(writes);
      if (refusals && !isOwnCommit(writes, refusals)) throw refusalError(changes, refusals);
    },
    async verify(changes) {
      assertSound(changes);
      const guarded = changes.filter(isGuarded);
      if (guarded.length === 0) return;
      const found = await itemsByKey(
        partition,
        guarded.map((change) => change.key),
      );
      const refusals = guarded.map((change): Refusal | undefined => {
        const existing = present(found(change.key));
        return isMet(change, existing) ? undefined : { code: "ConditionalCheckFailed", ...(existing && { existing }) };
      });
      if (refusals.some(Boolean)) throw refusalError(guarded, refusals);
    },
  };
}

const isGuarded = (change: Change): boolean => (change.kind === "count" ? change.atLeast !== undefined : change.expects !== "anything");

function isMet(change: Change, existing: Item | undefined): boolean {
  if (change.kind === "count") return existing?.amount !== undefined && existing.amount + change.add >= (change.atLeast ?? Number.NEGATIVE_INFINITY);
  return change.expects === "absent" ? !existing : existing?.version === change.expects;
}

/** An addition leaves nothing behind that says whose it was: the SDK's repeat of it can only be refused by what stands beside it. */
function assertSound(changes: readonly Change[]): void {
  if (changes.length > changesMax) throw new RangeError(`A plan has ${changes.length} changes; one transaction holds ${changesMax}.`);
  const counts = changes.some(({ kind }) => kind === "count");
  if (counts && !changes.some((change) => change.kind === "put" && isGuarded(change))) throw new RangeError("A plan counts without a guarded put.");
}

async function itemsByKey(partition: string, keys: readonly Key[]): Promise<(key: Key) => Item | undefined> {
  const text = ({ pk, sk }: { pk: string; sk: string }) => JSON.stringify([pk, sk]);
  const different = new Map(keys.map((key) => itemKey(partition, key)).map((key) => [text(key), key]));
  const items = new Map((await getItems([...different.values()])).map((item) => [text(item), item]));
  return (key) => items.get(text(itemKey(partition, key)));
}

function queryInput(partition: string, query: Query): QueryInput {
  const [pkName, skName] = query.from === "list" ? ["listPk", "listSk"] : ["pk", "sk"];
  const pk = inPartition(partition, query.pk);
  const sortKey =
    query.skPrefix !== undefined
      ? { term: ` AND begins_with(${skName}, :sk)`, value: query.skPrefix }
      : query.beyondSk !== undefined
        ? { term: ` AND ${skName} ${query.order === "ascending" ? ">" : "<"} :sk`, value: query.beyondSk }
        : undefined;
  return {
    ...(query.from === "list" ? { IndexName: "list" } : { ConsistentRead: true }),
    KeyConditionExpression: `${pkName} = :pk${sortKey?.term ?? ""}`,
    pk,
    ...(sortKey && { ExpressionAttributeValues: { ":sk": sortKey.value } }),
    ScanIndexForward: query.order === "ascending",
    Limit: query.limit,
    // What a row is made of. The rest, the outbox above all, is a third of the answer.
    ProjectionExpression: query.from === "list" ? "pk, sk, listSk, document, packed, expiresAtSeconds" : "pk, sk, document, packed, amount, expiresAtSeconds",
    ...(query.after !== undefined && { ExclusiveStartKey: startKey(partition, query, pk) }),
  };
}

/** A position names the row without its partition, so that a cursor tells nothing of keys outside the list. No key has a line break. */
const toRow = <Document>(query: Query, item: Item): Row<Document> => ({
  document: documentOf(item) as Document,
  sk: query.from === "list" ? (item.listSk as string) : item.sk,
  position: query.from === "list" ? `${item.listSk}\n${splitPartition(item.pk).pk}\n${item.sk}` : item.sk,
});

function startKey(partition: string, query: Query, pk: string) {
  if (query.from === "items") return { pk, sk: query.after };
  const [listSk = "", itemPk = "", sk = ""] = (query.after as string).split("\n");
  return { listPk: pk, listSk, pk: inPartition(partition, itemPk), sk };
}

function toWrite(partition: string, change: Change, outbox: readonly OutboxEntry[], now: Date): Write {
  if (change.kind === "count") return toCount(partition, change);
  const guard: Pick<Write, "condition" | "values"> =
    change.expects === "absent"
      ? { condition: "attribute_not_exists(pk) OR expiresAtSeconds <= :now", values: { ":now": Math.floor(now.getTime() / 1000) } }
      : typeof change.expects === "number"
        ? { condition: "version = :version", values: { ":version": change.expects } }
        : {};
  if (change.kind === "put") return { ...guard, put: toItem(partition, change, outbox) };
  if (change.kind === "delete") return { ...guard, remove: itemKey(partition, change.key) };
  return { ...guard, check: itemKey(partition, change.key) };
}

function toCount(partition: string, { key, add, atLeast }: Extract<Change, { kind: "count" }>): Write {
  const at = itemKey(partition, key);
  if (atLeast === undefined) return { count: at, values: { ":add": add } };
  return { count: at, condition: "amount >= :floor", values: { ":add": add, ":floor": atLeast - add } };
}

/**
 * The SDK repeats a commit whose answer was lost; the repeat is refused by what the first try wrote. When every guarded
 * put finds exactly its own document and outbox (whose event ids are new at each commit), the commit has happened. So it
 * has when any of them finds its own events, though others have gone on from what it wrote beside.
 * Without a guarded put there is nothing to recognise it by: deciding again finds out.
 */
function isOwnCommit(writes: readonly Write[], refusals: readonly (Refusal | undefined)[]): boolean {
  const guarded = writes.flatMap((write, index) => ("put" in write && write.condition ? [{ ...write, existing: refusals[index]?.existing }] : []));
  const isOwn = ({ put, existing }: (typeof guarded)[number]) =>
    existing !== undefined && documentText(existing) === documentText(put) && existing.outbox === put.outbox && existing.version === put.version;
  return guarded.length > 0 && (guarded.every(isOwn) || guarded.some((write) => write.put.outbox !== undefined && isOwn(write)));
}

function refusalError(changes: readonly Change[], refusals: readonly (Refusal | undefined)[]): Error {
  const codes = new Set(refusals.map((refusal) => refusal?.code));
  if (codes.has("ItemSizeLimitExceeded")) return shellProblem("payload_too_large", { detail: "The stored object would be larger than 400 KB." });
  if (codes.has("ThrottlingError") || codes.has("ProvisionedThroughputExceeded")) return shellProblem("service_unavailable", {}, { "retry-after": "1" });
  try {
    for (const [index, change] of changes.entries()) {
      const refusal = refusals[index];
      if (refusal?.code !== "ConditionalCheckFailed" || change.kind !== "put" || !change.whenRefused || !refusal.existing) continue;
      change.whenRefused(documentOf(refusal.existing) as never);
    }
  } catch (refused) {
    return refused as Error;
  }
  return new Contention(`Somebody else wrote first: ${[...codes].join(", ")}`);
}
