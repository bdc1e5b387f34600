/**
 * A list of a large tenant is spread over shards, so that no partition is written by every request.
 * The shard count only grows. A document keeps the shard it was created in, so nobody moves, is lost or is listed twice.
 *
 * Every process knows the count from a cache that is at most 30 seconds old. Readers walk a new count as soon as they
 * know it; writers use it only once every reader must know it. So no list ends before a shard that already holds somebody.
 */
import { createHash } from "node:crypto";
import type { ListShards } from "./caller.ts";

/** Twice the longest time a process may hold old settings. */
export const shardGrowthDelaySeconds = 60;

/** The shard for a new document, 0 to count - 1. */
export function shardForNew(id: string, shards: ListShards, now: Date): number {
  const settled = now.getTime() - Date.parse(shards.since) >= shardGrowthDelaySeconds * 1000;
  const count = settled ? shards.count : shards.writtenCount;
  return createHash("sha256").update(id).digest().readUInt32BE(0) % count;
}

/** The settings after the count was raised to `count`. */
export function growShards(shards: ListShards, count: number, now: Date): ListShards {
  const settled = now.getTime() - Date.parse(shards.since) >= shardGrowthDelaySeconds * 1000;
  return { count, writtenCount: settled ? shards.count : shards.writtenCount, since: now.toISOString() };
}
