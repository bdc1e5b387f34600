/**
 * A sum that many take from at once, kept as several counters: at a single one they would wait for each other. Every counter
 * that is taken from with `atLeast: 0` stays at or above 0, so that never more is taken than there is.
 */
import { createHash } from "node:crypto";
import { type Change, type Counter, count, type Key } from "./table.ts";

export const counterShards = 16;
/** Where the counter of a shard stands. */
export type ShardedCounter = (shard: number) => Key<Counter>;
export type Amounts = readonly (Counter | undefined)[];

/** All shards, from the seed's own one on, so that different seeds begin at different ones. */
export function shardsFrom(seed: string): number[] {
  const own = createHash("sha256").update(seed).digest().readUInt32BE(0) % counterShards;
  return Array.from({ length: counterShards }, (_, index) => (own + index) % counterShards);
}
export const shardKeys = (counter: ShardedCounter): Key<Counter>[] => Array.from({ length: counterShards }, (_, shard) => counter(shard));
export const leftIn = (amounts: Amounts): number => amounts.reduce((sum, shard) => sum + (shard?.amount ?? 0), 0);

/** So many more, spread over the shards. */
export function addUnits(counter: ShardedCounter, units: number): Change[] {
  const shares = shardKeys(counter).map((key, shard) => ({ key, share: Math.floor((units + counterShards - 1 - shard) / counterShards) }));
  return shares.filter(({ share }) => share > 0).map(({ key, share }) => count(key, share));
}

/** So many less, from one shard after the other: those of `order`, or the fullest first. `amounts` are all shards as read, with enough in them. */
export function takeUnits(counter: ShardedCounter, units: number, amounts: Amounts, order?: readonly number[]): Change[] {
  const amountIn = (shard: number) => amounts[shard]?.amount ?? 0;
  const shards = order ?? amounts.map((_, shard) => shard).toSorted((one, other) => amountIn(other) - amountIn(one));
  const changes: Change[] = [];
  let missing = units;
  for (const shard of shards) {
    const taken = Math.min(amountIn(shard), missing);
    if (taken > 0) changes.push(count(counter(shard), -taken, { atLeast: 0 }));
    missing -= taken;
  }
  return changes;
}
