import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../../kernel/page.ts";
import { Reward, type RewardRecord, rewardExample } from "./reward.ts";
import { rewardsPk } from "./reward-keys.ts";

const { left: _, ...listedExample } = rewardExample;

export const listRewards = operation({
  id: "listRewards",
  summary: "List rewards",
  description: "Of the credential's mode, oldest first; strongly consistent. What is left of a reward is shown by getReward.",
  method: "get",
  path: "/v1/rewards",
  permission: "loyalty:read",
  query: z.strictObject({
    ...pageQuery,
    programId: idOf("prg").optional().meta({ description: "Only rewards of this programme." }),
    status: Reward.shape.status.unwrap().optional().meta({ description: "Only rewards in this status." }),
  }),
  success: { status: 200, output: pageOf(Reward, "Reward"), example: { object: "list", data: [listedExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit, programId, status } }) {
    const walk = walkQuery<RewardRecord>(table, { from: "items", pk: rewardsPk, order: "ascending" }, cursor);
    const matches = ({ document: reward }: { document: RewardRecord }) =>
      (programId === undefined || reward.programId === programId) && (status === undefined || reward.status === status);
    const { found, last } = await fillPage(limit, walk, matches);
    return plan(
      page(
        found.map(({ document }) => document),
        last?.position,
      ),
    );
  },
});
