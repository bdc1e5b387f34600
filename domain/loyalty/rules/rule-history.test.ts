/** What holds for any rules and any history of purchases, in any order of time. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Backtest } from "./backtest.ts";
import { type EarningRule, EarningRuleSettings, earningRuleExample } from "./earning-rule.ts";
import { type Evaluation, evaluateRules } from "./evaluate-rules.ts";
import { localTime } from "./local-time.ts";
import { Purchase } from "./purchase.ts";
import { budgetSpends, usageAfter, type WalletUsage } from "./rule-usage.ts";

const zone = "Europe/Paris";
const ids = "ABCDEFGH";
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const cap = maybe(fc.integer({ min: 1, max: 120 }));
const codes = fc.constantFrom("a", "b", "c");

const formula = fc.oneof(
  fc.record({
    kind: fc.constant("rate"),
    points: fc.integer({ min: 1, max: 5 }),
    unitMinor: maybe(fc.integer({ min: 1, max: 700 })),
    rounding: fc.constantFrom("down", "nearest", "up"),
  }),
  fc.record({ kind: fc.constant("fixed"), points: fc.integer({ min: 1, max: 50 }), per: fc.constantFrom("purchase", "item") }),
  fc.record({ kind: fc.constant("multiplier"), factor: fc.constantFrom(1.1, 1.5, 2, 3) }),
);
const settings = fc.record({
  name: fc.constant("Rule"),
  status: fc.constantFrom("active", "active", "active", "paused"),
  formula,
  priority: fc.integer({ min: 0, max: 2 }),
  exclusiveGroup: maybe(fc.constantFrom("x", "y")),
  conditions: fc.record({
    categories: maybe(fc.constant(["a", "b"])),
    amount: maybe(fc.constant({ minMinor: 500 })),
    times: maybe(fc.constant([{ weekdays: ["monday", "friday"] }])),
  }),
  caps: fc.record({
    perPurchase: cap,
    perCustomer: maybe(fc.record({ day: cap, month: cap, year: cap, total: cap })),
    budget: maybe(fc.integer({ min: 1, max: 300 })),
  }),
  cooldownSeconds: maybe(fc.integer({ min: 1, max: 200_000 })),
  qualifying: fc.boolean(),
  expiresAfterMonths: maybe(fc.constantFrom(1, 3)),
});
const rulesOf = fc
  .array(settings, { maxLength: ids.length })
  .map((all) => all.map((one, n): EarningRule => ({ ...earningRuleExample, ...EarningRuleSettings.parse(one), id: `erl_01JD3S8K9ZQ4T7N2V5X8B1C6F${ids[n]}` })));
const amountOf = (min: number) => fc.record({ amountMinor: fc.integer({ min, max: 20_000 }), currency: fc.constant("EUR") });
const purchaseOf = fc
  .record({
    amount: amountOf(0),
    lines: fc.array(fc.record({ category: codes, quantity: fc.integer({ min: 1, max: 4 }), amount: amountOf(-2_000) }), { maxLength: 3 }),
    // Around the end of a year, in no order: many within eleven days, some in ten weeks.
    occurredAt: fc
      .oneof({ weight: 3, arbitrary: fc.integer({ min: 24 * 24, max: 35 * 24 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 70 * 24 }) })
      .map((hours) => new Date(Date.UTC(2026, 11, 1, hours)).toISOString()),
  })
  .map((purchase) => Purchase.parse(purchase));
const historyOf = fc.array(fc.record({ wallet: fc.constantFrom("a", "a", "b"), purchase: purchaseOf, tierMultiplier: fc.constantFrom(1, 1.25, 2) }), {
  maxLength: 60,
  size: "max",
});
type Past = { wallet: string; purchase: Purchase; tierMultiplier: number };
type Step = Past & { evaluation: Evaluation };

/** What a shell would do: evaluate, remember, count. */
function replay(rules: EarningRule[], history: Past[]): { steps: Step[]; usages: Map<string, WalletUsage | undefined>; budgetSpent: Record<string, number> } {
  const usages = new Map<string, WalletUsage | undefined>();
  const budgetSpent: Record<string, number> = {};
  const steps = history.map((past) => {
    const { wallet, purchase, tierMultiplier } = past;
    const usage = usages.get(wallet);
    const evaluation = evaluateRules(rules, purchase, { tags: [], tierMultiplier, usage: usage?.rules ?? {}, budgetSpent: { ...budgetSpent } }, zone);
    usages.set(wallet, usageAfter(usage, rules, evaluation.outcomes, purchase, zone));
    for (const { ruleId, points } of budgetSpends(rules, evaluation.outcomes)) budgetSpent[ruleId] = (budgetSpent[ruleId] ?? 0) + points;
    return { ...past, evaluation };
  });
  return { steps, usages, budgetSpent };
}
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const runs = { numRuns: 300 };

test("points are whole, never negative, and the sum of their parts; each rule is explained exactly once", () => {
  fc.assert(
    fc.property(rulesOf, historyOf, (rules, history) => {
      for (const { evaluation } of replay(rules, history).steps) {
        const { points, qualifyingPoints, byExpiry, outcomes } = evaluation;
        expect(outcomes.map(({ ruleId }) => ruleId).toSorted()).toEqual(rules.map(({ id }) => id));
        for (const one of outcomes) {
          const numbers = [one.points, one.base, one.tierBonus, one.qualifyingPoints, ...one.cuts.map((cut) => cut.points)];
          expect(numbers.every((number) => Number.isSafeInteger(number) && number >= 0)).toBe(true);
          expect(one.points).toBe(one.base + one.tierBonus - sum(one.cuts.map((cut) => cut.points)));
          expect(one.qualifyingPoints).toBeLessThanOrEqual(one.points);
          expect([one.fired, one.code === undefined]).toEqual([one.points > 0, one.points > 0]);
        }
        expect(points).toBe(sum(outcomes.map((one) => one.points)));
        expect(points).toBe(sum(byExpiry.map((one) => one.points)));
        expect(qualifyingPoints).toBe(sum(outcomes.map((one) => one.qualifyingPoints)));
        expect(qualifyingPoints).toBe(sum(byExpiry.map((one) => one.qualifyingPoints)));
      }
    }),
    runs,
  );
});

test("no cap, budget or cooldown is exceeded, in whatever order purchases arrive", () => {
  fc.assert(
    fc.property(rulesOf, historyOf, (rules, history) => {
      const { steps } = replay(rules, history);
      for (const { id, caps, cooldownSeconds, exclusiveGroup } of rules) {
        const given = steps.flatMap(({ wallet, purchase, evaluation }) =>
          evaluation.outcomes.filter(({ ruleId, fired }) => ruleId === id && fired).map(({ points }) => ({ wallet, points, at: purchase.occurredAt })),
        );
        const most = (keyOf: (one: (typeof given)[number]) => string) =>
          Math.max(
            0,
            ...Map.groupBy(given, keyOf)
              .values()
              .map((alike) => sum(alike.map(({ points }) => points))),
          );
        const periodOf = (characters: number) => (one: (typeof given)[number]) => one.wallet + localTime(one.at, zone).date.slice(0, characters);
        const { day = Infinity, month = Infinity, year = Infinity, total = Infinity } = caps.perCustomer ?? {};
        expect(Math.max(0, ...given.map(({ points }) => points))).toBeLessThanOrEqual(caps.perPurchase ?? Infinity);
        expect(most(periodOf(10))).toBeLessThanOrEqual(day);
        expect(most(periodOf(7))).toBeLessThanOrEqual(month);
        expect(most(periodOf(4))).toBeLessThanOrEqual(year);
        expect(most(({ wallet }) => wallet)).toBeLessThanOrEqual(total);
        expect(most(() => "all")).toBeLessThanOrEqual(caps.budget ?? Infinity);
        for (const times of Map.groupBy(given, ({ wallet }) => wallet).values()) {
          const sorted = times.map(({ at }) => Date.parse(at)).toSorted((one, other) => one - other);
          const gaps = sorted.slice(1).map((at, index) => at - (sorted[index] as number));
          if (cooldownSeconds !== undefined) expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(cooldownSeconds * 1000);
        }
        const members = rules.filter((rule) => exclusiveGroup !== undefined && rule.exclusiveGroup === exclusiveGroup).map((rule) => rule.id);
        for (const { evaluation } of steps)
          expect(evaluation.outcomes.filter(({ ruleId, fired }) => fired && members.includes(ruleId)).length).toBeLessThanOrEqual(1);
      }
    }),
    runs,
  );
});

test("a cap on a day holds even for days that the wallet does not remember any more", () => {
  const capped = [
    { ...earningRuleExample, ...EarningRuleSettings.parse({ name: "Rule", formula: { kind: "fixed", points: 7 }, caps: { perCustomer: { day: 10 } } }) },
  ];
  const days = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 20, maxLength: 40 });
  fc.assert(
    fc.property(days, (all) => {
      const history = all.map((day) => ({
        wallet: "a",
        tierMultiplier: 1,
        purchase: Purchase.parse({ amount: { amountMinor: 100, currency: "EUR" }, occurredAt: new Date(Date.UTC(2026, 11, day, 12)).toISOString() }),
      }));
      const byDay = Map.groupBy(replay(capped, history).steps, ({ purchase }) => purchase.occurredAt);
      for (const steps of byDay.values()) expect(sum(steps.map(({ evaluation }) => evaluation.points))).toBeLessThanOrEqual(10);
    }),
    runs,
  );
});

test("the order of the list of rules does not matter", () => {
  fc.assert(
    fc.property(
      rulesOf.chain((rules) => fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length }))),
      historyOf,
      ([rules, shuffled], history) => {
        expect(replay(shuffled, history)).toEqual(replay(rules, history));
      },
    ),
    runs,
  );
});

test("what is remembered stays small: seven days, three months, two years, and nothing of rules that are gone", () => {
  fc.assert(
    fc.property(rulesOf, historyOf, (rules, history) => {
      for (const usage of replay(rules, history).usages.values())
        for (const [id, { day = {}, month = {}, year = {} }] of Object.entries(usage?.rules ?? {})) {
          const rule = rules.find((one) => one.id === id);
          expect(rule?.cooldownSeconds !== undefined || rule?.caps.perCustomer !== undefined).toBe(true);
          expect([day, month, year].map((one) => Object.keys(one).length).every((count, index) => count <= ([7, 3, 2][index] as number))).toBe(true);
        }
    }),
    runs,
  );
});

test("a back-test under the rules that were in force changes nothing, and finds each member whom a draft would touch", () => {
  fc.assert(
    fc.property(rulesOf, rulesOf, historyOf, (rules, draft, history) => {
      const really = replay(rules, history);
      const drafted = replay(draft, history);
      const report = (tested: EarningRule[]) => {
        const backtest = new Backtest(tested, zone);
        for (const { wallet, purchase, tierMultiplier, evaluation } of really.steps)
          backtest.add({ walletId: wallet, purchase, earner: { tags: [], tierMultiplier }, issued: evaluation.points });
        return backtest.report();
      };
      const sums = (steps: Step[]) => Object.groupBy(steps, ({ wallet }) => wallet);
      const pointsIn = (steps: Step[] = []) => sum(steps.map(({ evaluation }) => evaluation.points));
      const [before, after] = [sums(really.steps), sums(drafted.steps)];
      const differences = Object.keys(before).map((wallet) => pointsIn(after[wallet]) - pointsIn(before[wallet]));
      expect(report(rules)).toMatchObject({ liabilityDelta: 0, membersAffected: 0 });
      expect(report(draft)).toMatchObject({
        purchases: history.length,
        pointsIssued: pointsIn(drafted.steps),
        pointsReallyIssued: pointsIn(really.steps),
        liabilityDelta: sum(differences),
        members: differences.length,
        membersGaining: differences.filter((difference) => difference > 0).length,
        membersLosing: differences.filter((difference) => difference < 0).length,
      });
      expect(sum(report(draft).rules.map(({ points }) => points))).toBe(pointsIn(drafted.steps));
    }),
    runs,
  );
});
