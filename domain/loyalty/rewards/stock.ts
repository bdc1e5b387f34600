/** What is left of a reward. Of counted stock no more is ever taken than there is; of codes it only tells the sum. */
import { type Amounts, counterShards, type ShardedCounter, shardsFrom } from "../../kernel/sharded-counter.ts";
import { type Change, type Counter, count, type Key, type Reader } from "../../kernel/table.ts";
import { stockKey } from "./reward-keys.ts";

export const stockOf =
  (rewardId: string): ShardedCounter =>
  (shard) =>
    stockKey(rewardId, shard);

/** A claim looks at its own shard and two others before it looks at all. */
const nearShards = 3;
const keysOf = (rewardId: string, shards: readonly number[]): Key<Counter>[] => shards.map(stockOf(rewardId));
type Near = [Key<Counter>, Key<Counter>, Key<Counter>];
export const nearStockKeys = (rewardId: string, walletId: string): Near => keysOf(rewardId, shardsFrom(walletId).slice(0, nearShards)) as Near;

/** One unit, from the first shard that has one: `near` as read, then all others; undefined when there is none. */
export async function takeUnit(table: Reader, rewardId: string, walletId: string, near: Amounts): Promise<Change | undefined> {
  const shards = shardsFrom(walletId);
  const isFilled = (shard: Counter | undefined) => (shard?.amount ?? 0) > 0;
  const found = near.findIndex(isFilled);
  if (found >= 0) return takeFrom(rewardId, shards[found] as number);
  const far = shards.slice(nearShards, counterShards);
  const filled = (await table.getMany(keysOf(rewardId, far))).findIndex(isFilled);
  return filled >= 0 ? takeFrom(rewardId, far[filled] as number) : undefined;
}
const takeFrom = (rewardId: string, shard: number): Change => count(stockKey(rewardId, shard), -1, { atLeast: 0 });

/** One more, or one less of what is not bounded by its counters, in the wallet's own shard. */
export const countInOwnShard = (rewardId: string, walletId: string, add: number): Change => count(stockKey(rewardId, shardsFrom(walletId)[0] as number), add);
