import { expect, test } from "vitest";
import { growShards, shardForNew, shardGrowthDelaySeconds } from "./shards.ts";

const start = new Date("2026-11-21T09:00:00.000Z");
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const ids = Array.from({ length: 4000 }, (_, index) => `cus_${index}`);
const used = (shards: Parameters<typeof shardForNew>[1], now: Date) => new Set(ids.map((id) => shardForNew(id, shards, now)));

test("new customers use a raised count only once every process must know it", () => {
  const one = { count: 1, writtenCount: 1, since: start.toISOString() };
  const four = growShards(one, 4, after(1000));
  expect(used(four, after(1000 + shardGrowthDelaySeconds - 1))).toEqual(new Set([0]));
  expect(used(four, after(1000 + shardGrowthDelaySeconds))).toEqual(new Set([0, 1, 2, 3]));
});

test("raised twice within the delay, writers still use what all readers walk", () => {
  const four = growShards({ count: 1, writtenCount: 1, since: start.toISOString() }, 4, after(1000));
  const eight = growShards(four, 8, after(1010));
  expect(used(eight, after(1069))).toEqual(new Set([0]));
  expect(used(eight, after(1070)).size).toBe(8);
});

test("a shard gets its share", () => {
  const counts = Map.groupBy(ids, (id) => shardForNew(id, { count: 8, writtenCount: 8, since: start.toISOString() }, after(100)));
  for (const shard of counts.values()) expect(shard.length).toBeGreaterThan((4000 / 8) * 0.8);
});
