import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { dayMilliseconds, Instant, instantAfter } from "../../kernel/time.ts";
import { programNotFound } from "../programs/get-program.ts";
import { loadEarningRules, loadProgram } from "../store.ts";
import { Backtest } from "./backtest.ts";
import { type EarningRule, EarningRuleSettings, earningRuleExample, newEarningRuleExample } from "./earning-rule.ts";
import { purchaseOf } from "./entry-purchase.ts";
import { earningRuleNotFound } from "./get-earning-rule.ts";
import { loadPastEarners } from "./past-earners.ts";
import { type PurchaseEntries, pastPurchases, purchasesMax } from "./past-purchases.ts";

const daysMax = 90;
const Points = z.int();
const Count = z.int().min(0);
const EarningBacktest = z
  .object({
    object: z.literal("earning_backtest"),
    programId: idOf("prg"),
    since: Instant.meta({ description: "Purchases that were recorded since then were counted." }),
    isTruncated: z.boolean().meta({ description: "There were more purchases in these days than one call looks at: `since` is later than asked for." }),
    purchases: Count,
    pointsIssued: Points.meta({ description: "What the draft would have given for them." }),
    pointsReallyIssued: Points,
    liabilityDelta: Points.meta({ description: "pointsIssued − pointsReallyIssued: how many points more would be owed to members; fewer when negative." }),
    members: Count.meta({ description: "Who made these purchases." }),
    membersAffected: Count.meta({ description: "Who would have got another sum: those gaining and those losing." }),
    membersGaining: Count,
    membersLosing: Count,
    rules: z
      .array(
        z.object({
          ruleId: idOf("erl").optional().meta({ description: "Absent for a draft that replaces no rule." }),
          name: z.string(),
          isDraft: z.boolean(),
          timesFired: Count,
          points: Points,
          pointsCut: Points.meta({ description: "What caps took of what its formula gave." }),
        }),
      )
      .meta({ description: "The programme's active rules and the draft." }),
  })
  .meta({ id: "EarningBacktest" });

export const backtestEarningRule = operation({
  id: "backtestEarningRule",
  summary: "Back-test an earning rule",
  description: `What a draft of an earning rule would have given for the purchases of the last days: beside the programme's active rules as they are now, or in the place of one of them. Changes nothing. Counted are purchases by when they were recorded; each is looked at as of when it occurred, with the tier that the member had then, that tier's multiplier of today, and the customer's tags of today. Caps, cooldowns and budgets begin empty, so what was used of them before is not known here. Returns are not counted: what really was issued is what was earned first. The newest ${purchasesMax.toLocaleString("en")} purchases at most, and not more than a few seconds of reading; \`isTruncated\` says so. Eventually consistent: a purchase counts about a second after it was recorded.`,
  method: "post",
  path: "/v1/earning-rules/backtests",
  permission: "loyalty:read",
  body: z
    .strictObject({
      programId: idOf("prg"),
      days: z.int().min(1).max(daysMax).default(30).meta({ description: "How far to look back, in days of 24 hours." }),
      rule: EarningRuleSettings.meta({ id: "EarningRuleDraft" }),
      replacesRuleId: idOf("erl").optional().meta({ description: "The rule of the programme in whose place the draft stands." }),
    })
    .meta({ id: "BacktestEarningRuleRequest" }),
  example: {
    programId: newEarningRuleExample.programId,
    days: 14,
    rule: { name: "Two points for every euro", formula: { kind: "rate", points: 2 } },
    replacesRuleId: earningRuleExample.id,
  },
  success: {
    status: 200,
    output: EarningBacktest,
    example: {
      object: "earning_backtest",
      programId: newEarningRuleExample.programId,
      since: "2026-11-07T09:30:00.000Z",
      isTruncated: false,
      purchases: 3120,
      pointsIssued: 168_400,
      pointsReallyIssued: 84_200,
      liabilityDelta: 84_200,
      members: 730,
      membersAffected: 730,
      membersGaining: 730,
      membersLosing: 0,
      rules: [{ ruleId: earningRuleExample.id, name: "Two points for every euro", isDraft: true, timesFired: 3115, points: 168_400, pointsCut: 0 }],
    },
  },
  problems: { ...programNotFound, ...earningRuleNotFound },
  async run({ table, caller, now, newId, fail }, { body: { programId, days, rule, replacesRuleId } }) {
    const since = instantAfter(now, -days * dayMilliseconds);
    const [found, all, past] = await Promise.all([loadProgram(table, programId), loadEarningRules(table), pastPurchases(table, programId, new Date(since))]);
    const program = found ?? fail("program_not_found");
    const present = all.filter((one) => one.programId === programId);
    const replaced = present.find(({ id }) => id === replacesRuleId);
    if (replacesRuleId && !replaced) return fail("earning_rule_not_found");
    const at = now.toISOString();
    // In the place of a rule, the draft has its age, too, which decides the order.
    const { id, version } = replaced ? { id: replaced.id, version: replaced.version + 1 } : { id: newId("erl"), version: 1 };
    const draft: EarningRule = { ...rule, id, object: "earning_rule", programId, createdAt: at, updatedAt: at, version, livemode: caller.livemode };
    const rules = [...present.filter((one) => one.status === "active" && one !== replaced), draft];
    const earnerOf = await loadPastEarners(table, program, rules, past.purchases);

    const backtest = new Backtest(rules, program.timeZone);
    for (const entries of past.purchases) backtest.add({ ...pastPurchaseOf(entries), earner: earnerOf(entries) });
    const report = backtest.report();
    return plan({
      object: "earning_backtest" as const,
      programId,
      since: past.isTruncated ? (past.purchases[0]?.[0].recordedAt ?? since) : since,
      isTruncated: past.isTruncated,
      ...report,
      rules: report.rules.map(({ ruleId, ...sums }) => ({
        ...((ruleId !== draft.id || replaced) && { ruleId }),
        name: rules.find((one) => one.id === ruleId)?.name ?? "",
        isDraft: ruleId === draft.id,
        ...sums,
      })),
    });
  },
});

function pastPurchaseOf(entries: PurchaseEntries) {
  const [{ walletId, purchase, effectiveAt }] = entries;
  return { walletId, purchase: purchaseOf(purchase, effectiveAt), issued: entries.reduce((sum, { points }) => sum + points, 0) };
}
