/** A sum spread over counters is the same sum: nothing is lost in between, and no counter is asked for more than it has. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addUnits, counterShards, leftIn, shardKeys, shardsFrom, takeUnits } from "./sharded-counter.ts";
import { type Change, type Counter, key } from "./table.ts";

const counter = (shard: number) => key<Counter>(`STOCK#${shard}`, "LEFT");
const after = (before: readonly Counter[], changes: readonly Change[]): Counter[] => {
  const added = new Map(changes.map((change) => [change.key.pk, change.kind === "count" ? change.add : Number.NaN]));
  return shardKeys(counter).map(({ pk }, shard) => ({ amount: (before[shard]?.amount ?? 0) + (added.get(pk) ?? 0) }));
};
const heldAmounts = fc.array(
  fc.nat({ max: 50 }).map((amount) => ({ amount })),
  { minLength: counterShards, maxLength: counterShards },
);
const seeds = fc.option(fc.string(), { nil: undefined });

test("units are added in full, to counters that differ by one at most", () => {
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), (units) => {
      const shards = after([], addUnits(counter, units));
      const amounts = shards.map(({ amount }) => amount);
      expect(leftIn(shards)).toBe(units);
      expect(Math.max(...amounts) - Math.min(...amounts)).toBeLessThanOrEqual(1);
    }),
  );
});

test("units are taken in full, of each counter no more than it has, and on condition that it still has them", () => {
  fc.assert(
    fc.property(heldAmounts, fc.double({ min: 0, max: 1, noNaN: true }), seeds, (before, part, seed) => {
      const units = Math.floor(leftIn(before) * part);
      const changes = takeUnits(counter, units, before, seed === undefined ? undefined : shardsFrom(seed));
      const shards = after(before, changes);
      expect(leftIn(shards)).toBe(leftIn(before) - units);
      expect(shards.every(({ amount }) => amount >= 0)).toBe(true);
      expect(changes.every((change) => change.kind === "count" && change.add < 0 && change.atLeast === 0)).toBe(true);
    }),
  );
});

test("a seed leads through all shards, and seeds begin at different ones", () => {
  const walks = Array.from({ length: 200 }, (_, index) => shardsFrom(`wal_${index}`));
  for (const walk of walks) expect(new Set(walk).size).toBe(counterShards);
  expect(new Set(walks.map(([own]) => own)).size).toBe(counterShards);
});
