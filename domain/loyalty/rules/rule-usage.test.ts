import { expect, test } from "vitest";
import { type EarningRule, EarningRuleSettings, earningRuleExample } from "./earning-rule.ts";
import { evaluateRules } from "./evaluate-rules.ts";
import { Purchase } from "./purchase.ts";
import { usageAfter, type WalletUsage } from "./rule-usage.ts";

const zone = "Europe/Paris";
const ruleOf = (settings: object): EarningRule => ({
  ...earningRuleExample,
  ...EarningRuleSettings.parse({ name: "Rule", formula: { kind: "fixed", points: 10 }, ...settings }),
});

/** A wallet with one rule: what it gives for purchases one after the other, and what the wallet remembers then. */
function give(rule: EarningRule, times: readonly string[], start?: WalletUsage) {
  let usage = start;
  const given = times.map((occurredAt) => {
    const purchase = Purchase.parse({ amount: { amountMinor: 100, currency: "EUR" }, occurredAt });
    const { outcomes } = evaluateRules([rule], purchase, { tags: [], usage: usage?.rules ?? {}, budgetSpent: {} }, zone);
    usage = usageAfter(usage, [rule], outcomes, purchase, zone);
    const [outcome] = outcomes;
    return outcome?.code ?? outcome?.points;
  });
  return { given, usage };
}

test("the day, the month and the year of a cap are those of the programme's zone", () => {
  const times = ["2026-12-31T22:00:00Z", "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z", "2026-12-31T23:30:00Z"];
  for (const period of ["day", "month", "year"]) expect(give(ruleOf({ caps: { perCustomer: { [period]: 15 } } }), times).given, period).toEqual([10, 5, 10, 5]);
  expect(give(ruleOf({ caps: { perCustomer: { total: 25 } } }), times).given).toEqual([10, 10, 5, "cap_per_period"]);
});

test("the day on which clocks go back has 25 hours, and one cap", () => {
  const times = ["2026-10-24T22:00:00Z", "2026-10-25T22:59:00Z", "2026-10-25T23:00:00Z"];
  expect(give(ruleOf({ caps: { perCustomer: { day: 10 } } }), times).given).toEqual([10, "cap_per_period", 10]);
});

test("a late purchase uses the cap of its own day; of a day that is forgotten nothing is given", () => {
  const rule = ruleOf({ caps: { perCustomer: { day: 10 } } });
  const week = ["02", "03", "04", "05", "06", "07"].map((day) => `2026-11-${day}T12:00:00Z`);
  const { given, usage } = give(rule, [...week, "2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z"]);
  expect(given).toEqual([10, 10, 10, 10, 10, 10, 10, "cap_per_period"]);
  expect(give(rule, ["2026-11-08T12:00:00Z", "2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z"], usage).given).toEqual([10, "cap_per_period", "cap_per_period"]);
});

test("a cooldown ends to the second, and late purchases are within it", () => {
  const rule = ruleOf({ cooldownSeconds: 3600 });
  const times = ["2026-11-21T12:00:00Z", "2026-11-21T12:59:59.999Z", "2026-11-21T10:00:00Z", "2026-11-21T13:00:00Z"];
  expect(give(rule, times).given).toEqual([10, "cooldown", "cooldown", 10]);
});

test("nothing is written when nothing must be remembered", () => {
  const [time] = ["2026-11-21T12:00:00Z"];
  expect(give(ruleOf({ caps: { perPurchase: 5, budget: 100 } }), [time]).usage).toBeUndefined();
  const { usage } = give(ruleOf({ cooldownSeconds: 3600 }), [time]);
  expect(give(ruleOf({ cooldownSeconds: 3600 }), [time], usage).usage).toBe(usage);
});

test("only what the rule needs is remembered; what it needs no more is forgotten at the next points", () => {
  const [one, other] = ["2026-11-21T12:00:00.000Z", "2026-11-22T12:00:00.000Z"];
  const { usage } = give(ruleOf({ caps: { perCustomer: { day: 10, month: 300 } } }), [one]);
  const { id } = earningRuleExample;
  expect(usage).toEqual({ version: 1, rules: { [id]: { lastAt: one, day: { "2026-11-21": 10 }, month: { "2026-11": 10 } } } });
  expect(give(ruleOf({ caps: { perCustomer: { month: 300 } } }), [other], usage).usage).toEqual({
    version: 2,
    rules: { [id]: { lastAt: other, month: { "2026-11": 20 } } },
  });
});

test("a cap that was lowered below what was given gives nothing, and one that was raised gives the rest", () => {
  const [time] = ["2026-11-21T12:00:00Z"];
  const { usage } = give(ruleOf({ caps: { perCustomer: { month: 10 } } }), [time]);
  expect(give(ruleOf({ caps: { perCustomer: { month: 5 } } }), [time], usage).given).toEqual(["cap_per_period"]);
  expect(give(ruleOf({ caps: { perCustomer: { month: 12 } } }), [time], usage).given).toEqual([2]);
});
