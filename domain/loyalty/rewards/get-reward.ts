import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { leftIn, shardKeys } from "../../kernel/sharded-counter.ts";
import type { Counter, Reader } from "../../kernel/table.ts";
import { claimProblems } from "./claim-reward.ts";
import { Reward, type RewardRecord, rewardExample } from "./reward.ts";
import { rewardKey } from "./reward-keys.ts";
import { stockOf } from "./stock.ts";

export const rewardNotFound = { reward_not_found: claimProblems.reward_not_found } as const;
export const rewardParams = z.object({ rewardId: idOf("rwd") });

export type StockedReward = { readonly reward: RewardRecord; readonly shards: readonly (Counter | undefined)[] };
/** The reward and what is left of it, in one round trip. */
export async function loadStockedReward(table: Reader, rewardId: string): Promise<StockedReward | undefined> {
  const [reward, ...shards] = (await table.getMany<object>([rewardKey(rewardId), ...shardKeys(stockOf(rewardId))])) as [
    RewardRecord?,
    ...(Counter | undefined)[],
  ];
  return reward && { reward, shards };
}
export const toReward = ({ reward, shards }: StockedReward) => ({ ...reward, ...(reward.stock.kind !== "unlimited" && { left: leftIn(shards) }) });

export const getReward = operation({
  id: "getReward",
  summary: "Get a reward",
  description: "With what is left of it. Strongly consistent; while others claim, `left` may be some claims behind.",
  method: "get",
  path: "/v1/rewards/{rewardId}",
  permission: "loyalty:read",
  params: rewardParams,
  success: { status: 200, output: Reward, example: rewardExample },
  problems: rewardNotFound,
  async run({ table, fail }, { params }) {
    return plan(toReward((await loadStockedReward(table, params.rewardId)) ?? fail("reward_not_found")));
  },
});
