/**
 * The port to storage, as operations see it: documents under keys, inside one partition.
 * The table an operation receives is bound to its caller's partition, so no key here can name another tenant's item.
 */
import type { EventDraft } from "./event.ts";

/** The address of one document. `Document` is its type only: it carries no value at run time. */
export type Key<Document extends object = object> = { readonly pk: string; readonly sk: string; readonly holds?: Document };
export const key = <Document extends object>(pk: string, sk: string): Key<Document> => ({ pk, sk });

/** The keys of several documents that are read together, and what stands there, in the same order. */
export type KeysOf<Documents extends object[]> = { [Index in keyof Documents]: Key<Documents[Index]> };
export type DocumentsFound<Documents extends object[]> = { [Index in keyof Documents]: Documents[Index] | undefined };

/** Where a document shows besides its key. Every write states it anew: what is left out is taken away. */
export type Placement = {
  /** Its place in the `list` index. */
  readonly list?: { readonly pk: string; readonly sk: string };
  /** When it needs attention, and which kind of due work gives it (see `due-work.ts`). */
  readonly due?: { readonly at: string; readonly kind: string };
  /** RFC 3339 instant after which the document counts as absent; storage removes it some time later. */
  readonly expiresAt?: string;
};

type Put = {
  readonly kind: "put";
  readonly document: object;
  /** `absent`: nothing may stand there yet. A number: the version that must stand there. */
  readonly expects: "absent" | number | "anything";
  readonly placement: Placement;
  readonly events: readonly EventDraft[];
  /** Called with what stands there when `expects` failed; may end the operation with a problem instead of a new try. */
  readonly whenRefused?: (existing: never) => void;
};

/** A write as data. The shell commits all changes of a plan, or none. */
export type Change = { readonly key: Key } & (
  | Put
  | { readonly kind: "delete"; readonly expects: number | "anything" }
  | { readonly kind: "check"; readonly expects: number }
  | { readonly kind: "count"; readonly add: number; readonly atLeast: number | undefined }
);

type PutOptions<Document> = {
  placement?: Placement;
  events?: readonly EventDraft[];
  whenRefused?: (existing: Document) => void;
};

const put =
  (expects: Put["expects"]) =>
  <Document extends object>(to: Key<Document>, document: NoInfer<Document>, options: PutOptions<Document> = {}): Change => ({
    kind: "put",
    key: to,
    document,
    expects,
    placement: options.placement ?? {},
    events: options.events ?? [],
    ...(options.whenRefused && { whenRefused: options.whenRefused as (existing: never) => void }),
  });

/** Writes a document where none stands. */
export const create = put("absent");
/** Writes a document whatever stands there: for records that are the same whoever writes them. */
export const overwrite = put("anything");
/** Replaces the whole document that was read as `before`; contention if it has changed since. */
export const replace = <Document extends { readonly version: number }>(
  to: Key<Document>,
  before: { readonly version: number },
  document: NoInfer<Document>,
  options?: PutOptions<Document>,
): Change => put(before.version)(to, document, options);
/** Removes the document that was read as `before`, or whatever stands there. */
export const remove = (from: Key, before?: { readonly version: number }): Change => ({ kind: "delete", key: from, expects: before?.version ?? "anything" });
/** Writes nothing, but refuses the whole plan when the document has changed since it was read as `before`. */
export const check = (at: Key, before: { readonly version: number }): Change => ({ kind: "check", key: at, expects: before.version });

/** A number that many add to at once, since nobody's addition needs to know another's. It begins with the first addition. */
export type Counter = { readonly amount: number };
/**
 * Adds to a counter; less than nothing takes away. With `atLeast` it is contention when the sum would be less, or when
 * nothing was counted there yet. A plan that counts also has a guarded put of a document that no other plan writes: by it
 * a repeated commit is recognised.
 */
export const count = (at: Key<Counter>, add: number, { atLeast }: { atLeast?: number } = {}): Change => ({ kind: "count", key: at, add, atLeast });

/** One row of a query: the document and where to continue after it. */
export type Row<Document> = { readonly document: Document; readonly sk: string; readonly position: string };
export type Query = {
  /** `items`: one pk of the table, strongly consistent. `list`: one pk of the list index, eventually consistent. */
  readonly from: "items" | "list";
  readonly pk: string;
  readonly skPrefix?: string;
  /** Only sort keys greater than (ascending) or less than (descending) this one. */
  readonly beyondSk?: string;
  readonly order: "ascending" | "descending";
  readonly limit: number;
  /** A position from an earlier row: the query goes on after it. */
  readonly after?: string | undefined;
};

/** What an operation may see: one partition, read only. Expired documents are absent. */
export interface Reader {
  get<Document extends object>(key: Key<Document>): Promise<Document | undefined>;
  /** Up to 100 documents in one strongly consistent round trip, in the order asked for. */
  getMany<Document extends object>(keys: readonly Key<Document>[]): Promise<(Document | undefined)[]>;
  query<Document extends object>(query: Query): Promise<Row<Document>[]>;
}

/** A condition of a plan failed because somebody else wrote first: read and decide again. */
export class Contention extends Error {}
