import { patched } from "../../kernel/merge-patch.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { changesNothing, revise } from "../../kernel/revision.ts";
import { create, replace } from "../../kernel/table.ts";
import { earningRuleKey, earningRuleVersionKey } from "../keys.ts";
import { loadEarningRule } from "../store.ts";
import { budgetChanges } from "./budget.ts";
import { EarningRule, EarningRulePatch, EarningRuleSettings, earningRuleExample } from "./earning-rule.ts";
import { earningRuleNotFound, earningRuleParams } from "./get-earning-rule.ts";

export const updateEarningRule = operation({
  id: "updateEarningRule",
  summary: "Change an earning rule",
  description:
    "JSON merge patch: null clears a field or brings back its default, lists are replaced whole. Makes the next version; former ones can still be read. Holds for what is earned from now on: entries are never touched. Where another kind of formula does not have a field of the former one, the patch sets that field to null. The programme of a rule does not change.",
  method: "patch",
  path: "/v1/earning-rules/{earningRuleId}",
  permission: "loyalty:write",
  params: earningRuleParams,
  body: EarningRulePatch,
  example: { formula: { points: 2 }, caps: { perCustomer: { month: 500 } } },
  success: {
    status: 200,
    output: EarningRule,
    example: { ...earningRuleExample, formula: { ...earningRuleExample.formula, points: 2 }, caps: { perCustomer: { month: 500 } }, version: 2 },
  },
  problems: earningRuleNotFound,
  async run({ table, now, fail }, { params, body }) {
    const rule = (await loadEarningRule(table, params.earningRuleId)) ?? fail("earning_rule_not_found");
    const settings = patched(EarningRuleSettings, rule, body);
    if (changesNothing(rule, settings)) return plan(rule, [], { replaces: rule.version });
    const updated = revise(rule, settings, now);
    const changes = [replace(earningRuleKey(rule.id), rule, updated), create(earningRuleVersionKey(rule.id, updated.version), updated)];
    const budget = await budgetChanges(table, rule.id, rule.caps.budget, updated.caps.budget);
    return plan(updated, [...changes, ...budget], { replaces: rule.version });
  },
});
