import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { loadEarningRule } from "../store.ts";
import { EarningRule, earningRuleExample } from "./earning-rule.ts";

export const earningRuleNotFound = { earning_rule_not_found: { status: 404, title: "There is no such earning rule, or no such version of it." } } as const;
export const earningRuleParams = z.object({ earningRuleId: idOf("erl") });

export const getEarningRule = operation({
  id: "getEarningRule",
  summary: "Get an earning rule",
  description: "As it is, or as it was in the version that an entry names. Strongly consistent; every version is kept.",
  method: "get",
  path: "/v1/earning-rules/{earningRuleId}",
  permission: "loyalty:read",
  params: earningRuleParams,
  query: z.strictObject({
    version: z.coerce.number().int().min(1).max(99_999_999).optional().meta({ description: "A version; without it, the present one." }),
  }),
  success: { status: 200, output: EarningRule, example: earningRuleExample },
  problems: earningRuleNotFound,
  async run({ table, fail }, { params, query: { version } }) {
    return plan((await loadEarningRule(table, params.earningRuleId, version)) ?? fail("earning_rule_not_found"));
  },
});
