/**
 * The budget of a rule: what it may still give to all members together, as a sharded counter. It is looked at when a rule
 * with a budget may give points, and taken from in the transaction of the earning, so that never more is given.
 */
import { type Amounts, addUnits, counterShards, leftIn, type ShardedCounter, shardKeys, shardsFrom, takeUnits } from "../../kernel/sharded-counter.ts";
import { type Change, type Counter, count, type Reader } from "../../kernel/table.ts";
import { budgetExcessKey, budgetShardKey } from "../keys.ts";
import type { EarningRule } from "./earning-rule.ts";
import type { BudgetSpent } from "./rule-usage.ts";

const budgetOf =
  (ruleId: string): ShardedCounter =>
  (shard) =>
    budgetShardKey(ruleId, shard);

export type BudgetsLeft = ReadonlyMap<string, Amounts>;
/** DynamoDB's limit for one round trip. */
const keysMax = 100;
/** So many shards an earning takes from at most, of all its budgets together: they fit in its transaction. */
const shardsTakenMax = 64;

/**
 * What is left for the wallet of the budgets of those rules that have one: all of it, or where there are more than four such
 * rules, what is in the first few of its shards that have anything. Round trips beside each other, six rules in each.
 */
export async function loadBudgets(table: Reader, rules: readonly EarningRule[], walletId: string): Promise<BudgetsLeft> {
  const budgeted = rules.filter(({ caps, status }) => caps.budget !== undefined && status === "active");
  const keys = budgeted.flatMap(({ id }) => shardKeys(budgetOf(id)));
  const rounds = Array.from({ length: Math.ceil(keys.length / keysMax) }, (_, round) => table.getMany(keys.slice(round * keysMax, (round + 1) * keysMax)));
  const counters: (Counter | undefined)[] = (await Promise.all(rounds)).flat();
  const shardsEach = Math.max(1, Math.floor(shardsTakenMax / budgeted.length));
  return new Map(budgeted.map(({ id }, index) => [id, within(counters.slice(index * counterShards, (index + 1) * counterShards), walletId, shardsEach)]));
}

function within(amounts: Amounts, walletId: string, shardsEach: number): Amounts {
  const filled = shardsFrom(walletId).filter((shard) => (amounts[shard]?.amount ?? 0) > 0);
  const taken = new Set(filled.slice(0, shardsEach));
  return amounts.map((amount, shard) => (taken.has(shard) ? amount : undefined));
}

export const spentOf = (rules: readonly EarningRule[], left: BudgetsLeft): BudgetSpent =>
  Object.fromEntries(rules.flatMap(({ id, caps }) => (left.has(id) && caps.budget !== undefined ? [[id, caps.budget - leftIn(left.get(id) ?? [])]] : [])));

/** Takes what an earning of the wallet spends, from the wallet's own shards first. */
export const spendChanges = (spends: readonly { ruleId: string; points: number }[], left: BudgetsLeft, walletId: string): Change[] =>
  spends.flatMap(({ ruleId, points }) => takeUnits(budgetOf(ruleId), points, left.get(ruleId) ?? [], shardsFrom(walletId)));

/** Gives back what a reversal took back. */
export const giveBack = (ruleId: string, points: number, walletId: string): Change => count(budgetShardKey(ruleId, shardsFrom(walletId)[0] as number), points);

/**
 * From one budget to another: what was given stays given. A lower one takes away what is left at most, and remembers what was
 * given beyond it, so that a raise does not give that again; one that ends forgets it.
 */
export async function budgetChanges(table: Reader, ruleId: string, before: number | undefined, after: number | undefined): Promise<Change[]> {
  if (before === after) return [];
  const [excess, ...amounts] = await table.getMany([budgetExcessKey(ruleId), ...shardKeys(budgetOf(ruleId))]);
  const [left, exceeded] = [leftIn(amounts), excess?.amount ?? 0];
  if (after === undefined) return [...takeUnits(budgetOf(ruleId), left, amounts), ...changeExcess(ruleId, -exceeded)];
  const added = after - (before ?? left);
  if (added > 0) {
    const made = Math.min(added, exceeded);
    return [...addUnits(budgetOf(ruleId), added - made), ...changeExcess(ruleId, -made)];
  }
  const taken = Math.min(-added, left);
  return [...takeUnits(budgetOf(ruleId), taken, amounts), ...changeExcess(ruleId, -added - taken)];
}
const changeExcess = (ruleId: string, points: number): Change[] =>
  points === 0 ? [] : [count(budgetExcessKey(ruleId), points, points < 0 ? { atLeast: 0 } : {})];
