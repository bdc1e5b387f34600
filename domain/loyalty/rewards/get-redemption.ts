import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { Redemption, redemptionExample, toRedemption } from "./redemption.ts";
import { redemptionKey } from "./reward-keys.ts";

export const redemptionParams = z.object({ redemptionId: idOf("rdm") });
export const redemptionNotFound = { redemption_not_found: { status: 404, title: "There is no such redemption." } } as const;

export const getRedemption = operation({
  id: "getRedemption",
  summary: "Get a redemption",
  description: "With its code, when the reward has codes. Strongly consistent.",
  method: "get",
  path: "/v1/redemptions/{redemptionId}",
  permission: "loyalty:read",
  params: redemptionParams,
  success: { status: 200, output: Redemption, example: redemptionExample },
  problems: redemptionNotFound,
  async run({ table, fail }, { params }) {
    return plan(toRedemption((await table.get(redemptionKey(params.redemptionId))) ?? fail("redemption_not_found")));
  },
});
