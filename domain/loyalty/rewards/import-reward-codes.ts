import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { counterShards } from "../../kernel/sharded-counter.ts";
import { count } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { rewardNotFound, rewardParams } from "./get-reward.ts";
import type { RewardRecord } from "./reward.ts";
import { newCode } from "./reward-codes.ts";
import { codeKey, hashOfCode, rewardKey, stockKey } from "./reward-keys.ts";

/** With what stands beside them, these fill one transaction. */
export const codesMax = 95;

const CodeImport = z
  .object({
    object: z.literal("code_import"),
    rewardId: rewardParams.shape.rewardId,
    added: z.int().meta({ description: "Codes that the reward did not have." }),
    known: z.int().meta({ description: "Codes that it had already, redeemed or not, and repetitions in the request." }),
  })
  .meta({ id: "CodeImport" });

export const importRewardCodes = operation({
  id: "importRewardCodes",
  summary: "Import a reward's codes",
  description: `Up to ${codesMax} at once, all or none. A code counts once for ever: sent again, it changes nothing, so an import may be repeated. Spaces around a code are cut; capital and small letters differ. Imported codes can be redeemed a moment later.`,
  method: "post",
  path: "/v1/rewards/{rewardId}/codes",
  permission: "loyalty:write",
  params: rewardParams,
  body: z.strictObject({ codes: z.array(text(200)).min(1).max(codesMax) }),
  example: { codes: ["LUMIERE-7F3K-01", "LUMIERE-9QX2-02"] },
  success: { status: 200, output: CodeImport, example: { object: "code_import", rewardId: "rwd_01JD3S8K9ZQ4T7N2V5X8B1C6F0", added: 2, known: 0 } },
  problems: { ...rewardNotFound, stock_without_codes: { status: 409, title: "The reward's stock is not made of codes." } },
  async run({ table, newId, fail }, { params: { rewardId }, body }) {
    const codes = [...new Set(body.codes)];
    const [reward, ...known] = (await table.getMany<object>([rewardKey(rewardId), ...codes.map((code) => codeKey(rewardId, code))])) as [
      RewardRecord?,
      ...(object | undefined)[],
    ];
    if (!reward) return fail("reward_not_found");
    if (reward.stock.kind !== "codes") return fail("stock_without_codes");
    const added = codes.filter((_, index) => !known[index]);
    const [first] = added;
    const shard = first === undefined ? 0 : Number.parseInt(hashOfCode(first).slice(0, 8), 16) % counterShards;
    const importId = newId("imp");
    const changes = first === undefined ? [] : [...added.map((code) => newCode(rewardId, code, importId)), count(stockKey(rewardId, shard), added.length)];
    return plan({ object: "code_import" as const, rewardId, added: added.length, known: body.codes.length - added.length }, changes, {
      replaces: reward.version,
    });
  },
});
