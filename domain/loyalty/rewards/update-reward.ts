import { patched } from "../../kernel/merge-patch.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { changesNothing, revise } from "../../kernel/revision.ts";
import { addUnits, leftIn, takeUnits } from "../../kernel/sharded-counter.ts";
import { replace } from "../../kernel/table.ts";
import { loadStockedReward, rewardNotFound, rewardParams, toReward } from "./get-reward.ts";
import { Reward, RewardPatch, RewardSettings, rewardExample } from "./reward.ts";
import { rewardKey } from "./reward-keys.ts";
import { stockOf } from "./stock.ts";

export const updateReward = operation({
  id: "updateReward",
  summary: "Change a reward",
  description:
    "JSON merge patch: null clears a field or brings back its default. Holds for what is redeemed from now on. A new `stock.quantity` changes what is left by the difference; it cannot go below what was redeemed. The programme and the kind of stock do not change.",
  method: "patch",
  path: "/v1/rewards/{rewardId}",
  permission: "loyalty:write",
  params: rewardParams,
  body: RewardPatch,
  example: { pricePoints: 25, description: "Any film, any seat." },
  success: {
    status: 200,
    output: Reward,
    example: { ...rewardExample, pricePoints: 25, description: "Any film, any seat.", version: 2 },
  },
  problems: {
    ...rewardNotFound,
    stock_not_counted: { status: 409, title: "The reward's stock has no quantity: it is unlimited, or made of codes." },
    stock_already_redeemed: { status: 409, title: "Fewer units are left than the new quantity would take away." },
  },
  async run({ table, now, fail }, { params, body: { stock: stockPatch, ...patch } }) {
    const { reward, shards } = (await loadStockedReward(table, params.rewardId)) ?? fail("reward_not_found");
    if (stockPatch && reward.stock.kind !== "counted") return fail("stock_not_counted");
    const quantity = reward.stock.kind === "counted" ? reward.stock.quantity : 0;
    const added = stockPatch ? stockPatch.quantity - quantity : 0;
    const left = leftIn(shards);
    if (added < 0 && left + added < 0) return fail("stock_already_redeemed", { left, redeemed: quantity - left });
    const stock = stockPatch ? { kind: "counted" as const, quantity: stockPatch.quantity } : reward.stock;
    const changes = { ...patched(RewardSettings, reward, patch), stock };
    if (changesNothing(reward, changes)) return plan(toReward({ reward, shards }), [], { replaces: reward.version });
    const updated = revise(reward, changes, now);
    const counts = added > 0 ? addUnits(stockOf(reward.id), added) : takeUnits(stockOf(reward.id), -added, shards);
    return plan({ ...updated, ...(stock.kind !== "unlimited" && { left: left + added }) }, [replace(rewardKey(reward.id), reward, updated), ...counts], {
      replaces: reward.version,
    });
  },
});
