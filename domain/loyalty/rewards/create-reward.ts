import { operation, plan } from "../../kernel/operation.ts";
import { addUnits } from "../../kernel/sharded-counter.ts";
import { create } from "../../kernel/table.ts";
import { programNotFound } from "../programs/get-program.ts";
import { loadProgram } from "../store.ts";
import { NewReward, newRewardExample, Reward, type RewardRecord, rewardExample } from "./reward.ts";
import { rewardKey } from "./reward-keys.ts";
import { stockOf } from "./stock.ts";

export const createReward = operation({
  id: "createReward",
  summary: "Create a reward",
  description:
    "Something that members of a programme buy with points. Counted stock is never oversold, however many claim at once. There is no deletion, because redemptions name their rewards: pause a reward instead.",
  method: "post",
  path: "/v1/rewards",
  permission: "loyalty:write",
  body: NewReward,
  example: newRewardExample,
  success: { status: 201, output: Reward, example: { ...rewardExample, left: 0 } },
  problems: programNotFound,
  async run({ table, caller, now, newId, fail }, { body }) {
    if (!(await loadProgram(table, body.programId))) return fail("program_not_found");
    const at = now.toISOString();
    const reward: RewardRecord = {
      id: newId("rwd"),
      object: "reward",
      ...body,
      createdAt: at,
      updatedAt: at,
      version: 1,
      livemode: caller.livemode,
    };
    const units = reward.stock.kind === "counted" ? reward.stock.quantity : 0;
    return plan({ ...reward, ...(reward.stock.kind !== "unlimited" && { left: units }) }, [
      create(rewardKey(reward.id), reward),
      ...addUnits(stockOf(reward.id), units),
    ]);
  },
});
