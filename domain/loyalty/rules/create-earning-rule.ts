import { operation, plan } from "../../kernel/operation.ts";
import { create } from "../../kernel/table.ts";
import { earningRuleKey, earningRuleVersionKey } from "../keys.ts";
import { programNotFound } from "../programs/get-program.ts";
import { loadEarningRules, loadProgram } from "../store.ts";
import { budgetChanges } from "./budget.ts";
import { EarningRule, earningRuleExample, earningRulesMax, NewEarningRule, newEarningRuleExample } from "./earning-rule.ts";

export const createEarningRule = operation({
  id: "createEarningRule",
  summary: "Create an earning rule",
  description: `What purchases in a programme are worth. Base rules (\`rate\`, \`fixed\`) go first, then the multiplier of the member's tier adds to each, then the rule's caps cut it; multipliers add to what base rules gave after their caps and before the tier, and have caps of their own. Whole points, rounded down unless a rate says otherwise. Up to ${earningRulesMax} rules in each mode; there is no deletion, because entries name the rules that made them: pause a rule instead.`,
  method: "post",
  path: "/v1/earning-rules",
  permission: "loyalty:write",
  body: NewEarningRule,
  example: newEarningRuleExample,
  success: { status: 201, output: EarningRule, example: earningRuleExample },
  problems: {
    ...programNotFound,
    earning_rule_limit_reached: { status: 409, title: "There are as many earning rules as there may be; change one that is not used any more." },
  },
  async run({ table, caller, now, newId, fail }, { body }) {
    const [program, rules] = await Promise.all([loadProgram(table, body.programId), loadEarningRules(table)]);
    if (!program) return fail("program_not_found");
    if (rules.length >= earningRulesMax) return fail("earning_rule_limit_reached", { limit: earningRulesMax });
    const at = now.toISOString();
    const rule: EarningRule = {
      id: newId("erl"),
      object: "earning_rule",
      ...body,
      createdAt: at,
      updatedAt: at,
      version: 1,
      livemode: caller.livemode,
    };
    const budget = await budgetChanges(table, rule.id, undefined, rule.caps.budget);
    return plan(rule, [create(earningRuleKey(rule.id), rule), create(earningRuleVersionKey(rule.id, rule.version), rule), ...budget]);
  },
});
