/**
 * What is left of a reward, as a sum of counters: claims of many members at once would wait for each other at one.
 * Of counted stock every counter is at least 0, so no more is ever taken than there is. Of codes it only tells the sum.
 */
import { createHash } from "node:crypto";
import { type Change, type Counter, count, type Key, type Reader } from "../../kernel/table.ts";
import { stockKey } from "./reward-keys.ts";

export const stockShards = 16;
/** A claim looks at its own shard and two others before it looks at all. */
const nearShards = 3;

/** All shards, from the wallet's own one on, so that wallets begin at different ones. */
export function shardsFor(walletId: string): number[] {
  const own = createHash("sha256").update(walletId).digest().readUInt32BE(0) % stockShards;
  return Array.from({ length: stockShards }, (_, index) => (own + index) % stockShards);
}
const stockKeys = (rewardId: string, shards: readonly number[]): Key<Counter>[] => shards.map((shard) => stockKey(rewardId, shard));
export const allStockKeys = (rewardId: string): Key<Counter>[] =>
  stockKeys(
    rewardId,
    Array.from({ length: stockShards }, (_, shard) => shard),
  );
type Near = [Key<Counter>, Key<Counter>, Key<Counter>];
export const nearStockKeys = (rewardId: string, walletId: string): Near => stockKeys(rewardId, shardsFor(walletId).slice(0, nearShards)) as Near;

type Shards = readonly (Counter | undefined)[];
export const leftIn = (shards: Shards): number => shards.reduce((sum, shard) => sum + (shard?.amount ?? 0), 0);

/** One unit, from the first shard that has one: `near` as read, then all others; undefined when there is none. */
export async function takeUnit(table: Reader, rewardId: string, walletId: string, near: Shards): Promise<Change | undefined> {
  const shards = shardsFor(walletId);
  const isFilled = (shard: Counter | undefined) => (shard?.amount ?? 0) > 0;
  const found = near.findIndex(isFilled);
  if (found >= 0) return takeFrom(rewardId, shards[found] as number);
  const far = shards.slice(nearShards);
  const filled = (await table.getMany(stockKeys(rewardId, far))).findIndex(isFilled);
  return filled >= 0 ? takeFrom(rewardId, far[filled] as number) : undefined;
}
const takeFrom = (rewardId: string, shard: number): Change => count(stockKey(rewardId, shard), -1, { atLeast: 0 });

/** One more, or one less of what is not bounded by its counters, in the wallet's own shard. */
export const countInOwnShard = (rewardId: string, walletId: string, add: number): Change => count(stockKey(rewardId, shardsFor(walletId)[0] as number), add);

/** So many more units, spread over the shards. */
export function addUnits(rewardId: string, units: number): Change[] {
  const shares = allStockKeys(rewardId).map((key, shard) => ({ key, share: Math.floor((units + stockShards - 1 - shard) / stockShards) }));
  return shares.filter(({ share }) => share > 0).map(({ key, share }) => count(key, share));
}

/** So many units less, from the fullest shards first; `shards` as read, which hold at least as many. */
export function withdrawUnits(rewardId: string, units: number, shards: Shards): Change[] {
  const fullestFirst = shards.map((shard, index) => ({ index, amount: shard?.amount ?? 0 })).toSorted((a, b) => b.amount - a.amount);
  const changes: Change[] = [];
  let missing = units;
  for (const { index, amount } of fullestFirst) {
    const taken = Math.min(amount, missing);
    if (taken > 0) changes.push(count(stockKey(rewardId, index), -taken, { atLeast: 0 }));
    missing -= taken;
  }
  return changes;
}
