/**
 * How a document is kept as a DynamoDB item: keys, version, outbox and TTL as native attributes, the rest as one JSON
 * string, deflated where that is cheaper. Unmarshalling attribute by attribute was the larger part of a query's time;
 * parsing one string is not.
 */
import type { OutboxEntry } from "../../domain/kernel/event.ts";
import { inPartition, splitPartition } from "../../domain/kernel/partition.ts";
import type { Change, Key } from "../../domain/kernel/table.ts";
import { documentText, withPackedDocument } from "./packed-document.ts";

export type Item = {
  pk: string;
  sk: string;
  version: number;
  document?: string;
  packed?: Uint8Array;
  /** Of a counter, which has neither version nor document. */
  amount?: number;
  outbox?: string;
  listPk?: string;
  listSk?: string;
  duePk?: string;
  dueSk?: string;
  expiresAtSeconds?: number;
};

/** Undefined for what belongs to no partition, such as rate buckets. */
export const partitionIn = (storedPk: string): string | undefined => (storedPk.startsWith("T#") ? splitPartition(storedPk).partition : undefined);

export const itemKey = (partition: string, { pk, sk }: Key) => ({ pk: inPartition(partition, pk), sk });

/** The due index has few partitions for all tenants: enough to spread a sweep, few enough to ask each of them. */
export const dueShards = 4;
const dueShard = (pk: string): number => [...pk].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) >>> 0, 7) % dueShards;

export type DuePlace = { at: string; kind: string; pk: string };
export const dueSortKey = ({ at, kind, pk }: DuePlace): string => `${at}#${kind}#${pk}`;
export function parseDueSortKey(dueSk: string): DuePlace {
  const [at = "", kind = "", ...pk] = dueSk.split("#");
  return { at, kind, pk: pk.join("#") };
}

export function toItem(partition: string, change: Extract<Change, { kind: "put" }>, outbox: readonly OutboxEntry[]): Item {
  const { document, placement } = change;
  const keys = itemKey(partition, change.key);
  const item: Item = { ...keys, version: (document as { version?: number }).version ?? 1, document: JSON.stringify(document) };
  if (outbox.length > 0) item.outbox = JSON.stringify(outbox);
  if (placement.list) {
    item.listPk = inPartition(partition, placement.list.pk);
    item.listSk = placement.list.sk;
  }
  if (placement.due) {
    item.duePk = `DUE#${dueShard(keys.pk)}`;
    item.dueSk = dueSortKey({ ...placement.due, pk: keys.pk });
  }
  if (placement.expiresAt) item.expiresAtSeconds = Math.ceil(Date.parse(placement.expiresAt) / 1000);
  return withPackedDocument(item);
}

/** DynamoDB removes expired items hours or days late, so every read treats them as absent. */
export const isExpired = (item: Item, now: Date): boolean => item.expiresAtSeconds !== undefined && item.expiresAtSeconds * 1000 <= now.getTime();

export const documentOf = ({ amount, ...item }: Item): object => (amount === undefined ? JSON.parse(documentText(item) ?? "null") : { amount });
