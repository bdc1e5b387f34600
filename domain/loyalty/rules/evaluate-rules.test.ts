import { describe, expect, test } from "vitest";
import { type EarningRule, EarningRuleSettings, earningRuleExample } from "./earning-rule.ts";
import { evaluateRules, type Standing } from "./evaluate-rules.ts";
import { Purchase, purchaseExample } from "./purchase.ts";

const zone = "Europe/Paris";
const ids = "ABCDEFGH";
/** The n-th oldest rule of a programme. */
const ruleOf = (settings: Partial<Record<keyof EarningRule, unknown>>, n = 0): EarningRule => ({
  ...earningRuleExample,
  ...EarningRuleSettings.parse({ name: `Rule ${n}`, formula: { kind: "rate", points: 1 }, ...settings }),
  id: `erl_01JD3S8K9ZQ4T7N2V5X8B1C6F${ids[n]}`,
});
const eur = (amountMinor: number) => ({ amountMinor, currency: "EUR" });
const purchaseOf = (changes: object = {}): Purchase => Purchase.parse({ ...purchaseExample, ...changes });
const nobody: Standing = { tags: [], usage: {}, budgetSpent: {} };
const evaluate = (rules: EarningRule[], purchase = purchaseOf(), standing: Partial<Standing> = {}) =>
  evaluateRules(rules, purchase, { ...nobody, ...standing }, zone);
const pointsOf = (rules: EarningRule[], purchase?: Purchase, standing?: Partial<Standing>) =>
  evaluate(rules, purchase, standing).outcomes.map(({ points }) => points);
const codesOf = (rules: EarningRule[], purchase?: Purchase, standing?: Partial<Standing>) =>
  evaluate(rules, purchase, standing).outcomes.map(({ code }) => code ?? "fired");

describe("a formula gives whole points", () => {
  test.each<[string, object, object, number]>([
    ["one for every full euro", { kind: "rate", points: 1 }, { amount: eur(1199) }, 11],
    ["two for every full euro: the rest of it gives nothing", { kind: "rate", points: 2 }, { amount: eur(1199) }, 22],
    ["up to a begun euro where the rule says so", { kind: "rate", points: 1, rounding: "up" }, { amount: eur(1101) }, 12],
    ["to the nearest euro where the rule says so", { kind: "rate", points: 1, rounding: "nearest" }, { amount: eur(1150) }, 12],
    ["one for every full 5 euros", { kind: "rate", points: 1, unitMinor: 500 }, { amount: eur(1499) }, 2],
    ["by the yen, which has no cents", { kind: "rate", points: 1 }, { amount: { amountMinor: 1199, currency: "JPY" }, lines: [] }, 1199],
    ["by the dinar, which has a thousand parts", { kind: "rate", points: 1 }, { amount: { amountMinor: 11_990, currency: "KWD" }, lines: [] }, 11],
    ["a fixed number", { kind: "fixed", points: 50 }, {}, 50],
    ["a fixed number for each piece", { kind: "fixed", points: 50, per: "item" }, {}, 150],
    ["none for the pieces of a purchase without lines", { kind: "fixed", points: 50, per: "item" }, { lines: [] }, 0],
    ["the most that there is, exactly", { kind: "rate", points: 10_000, unitMinor: 1 }, { amount: eur(100_000_000_000) }, 1_000_000_000],
  ])("%s", (_, formula, purchase, points) => {
    expect(evaluate([ruleOf({ formula })], purchaseOf({ lines: [], ...("per" in formula && { lines: purchaseExample.lines }), ...purchase })).points).toBe(
      points,
    );
  });

  test("of the lines that its conditions name only, less a discount among them", () => {
    const discount = { category: "shoes", amount: eur(-500) };
    const purchase = purchaseOf({ lines: [...purchaseExample.lines, discount] });
    expect(pointsOf([ruleOf({ conditions: { categories: ["shoes"] } })], purchase)).toEqual([60]);
    expect(pointsOf([ruleOf({ conditions: { categories: ["shoes", "care"], productCodes: ["laces-w"] } })], purchase)).toEqual([9]);
    expect(pointsOf([ruleOf({ conditions: { productCodes: ["laces-w"] }, formula: { kind: "fixed", points: 5, per: "item" } })], purchase)).toEqual([10]);
  });

  test("never negative ones, when the lines of a rule sum to less than nothing", () => {
    const purchase = purchaseOf({ lines: [{ category: "shoes", amount: eur(-500) }] });
    expect(codesOf([ruleOf({ conditions: { categories: ["shoes"] } })], purchase)).toEqual(["below_one_point"]);
  });
});

describe("a rule that does not fire says why", () => {
  test.each<[string, object, object?, Partial<Standing>?]>([
    ["not_active", { status: "paused" }],
    ["not_yet_active", { activeFrom: "2026-11-21T09:30:00.001Z" }],
    ["fired", { activeFrom: "2026-11-21T09:30:00.000Z" }],
    ["no_longer_active", { activeUntil: "2026-11-21T09:30:00.000Z" }],
    ["fired", { activeUntil: "2026-11-21T09:30:00.001Z" }],
    ["other_currency", { conditions: { currency: "USD" } }],
    ["fired", { conditions: { currency: "EUR" } }],
    ["amount_below_minimum", { conditions: { amount: { minMinor: 7451 } } }],
    ["fired", { conditions: { amount: { minMinor: 7450, maxMinor: 7450 } } }],
    ["amount_above_maximum", { conditions: { amount: { maxMinor: 7449 } } }],
    ["no_matching_line", { conditions: { productCodes: ["boot-38"], categories: ["care"] } }],
    ["lines_amount_below_minimum", { conditions: { categories: ["shoes"], linesAmount: { minMinor: 6501 } } }],
    ["lines_amount_above_maximum", { conditions: { categories: ["shoes"], linesAmount: { maxMinor: 6499 } } }],
    ["fired", { conditions: { categories: ["shoes"], linesAmount: { minMinor: 6500, maxMinor: 6500 } } }],
    ["store_not_included", { conditions: { storeCodes: ["PARIS-1"] } }],
    ["store_not_included", { conditions: { storeCodes: ["LYON-1"] } }, { storeCode: undefined }],
    ["fired", { conditions: { storeCodes: ["PARIS-1", "LYON-1"] } }],
    ["channel_not_included", { conditions: { channels: ["web"] } }],
    ["tier_not_included", { conditions: { tiers: ["gold"] } }],
    ["tier_not_included", { conditions: { tiers: ["gold"] } }, {}, { tier: "silver" }],
    ["fired", { conditions: { tiers: ["gold"] } }, {}, { tier: "gold" }],
    ["tag_not_included", { conditions: { tags: ["vip"] } }, {}, { tags: ["new"] }],
    ["fired", { conditions: { tags: ["vip", "staff"] } }, {}, { tags: ["new", "staff"] }],
    ["below_one_point", {}, { amount: eur(99), lines: [] }],
    ["nothing_to_multiply", { formula: { kind: "multiplier", factor: 2 } }],
    ["budget_exhausted", { caps: { budget: 100 } }, {}, { budgetSpent: { erl_01JD3S8K9ZQ4T7N2V5X8B1C6FA: 100 } }],
  ])("%s: %j", (code, settings, purchase, standing) => {
    expect(codesOf([ruleOf(settings)], purchaseOf(purchase), standing)).toEqual([code]);
  });
});

describe("a time window is by the clock of the programme's zone", () => {
  const saturdayNight = { weekdays: ["saturday"], from: "22:00", to: "02:00" };
  test.each<[string, object, string, boolean]>([
    ["its first minute is in it", { from: "10:30", to: "11:00" }, "2026-11-21T09:30:00Z", true],
    ["its last is not", { from: "10:00", to: "10:30" }, "2026-11-21T09:30:00Z", false],
    ["a day begins in Paris, not in Greenwich", { weekdays: ["sunday"] }, "2026-11-21T23:00:00Z", true],
    ["all day long", { weekdays: ["saturday"] }, "2026-11-21T22:59:59Z", true],
    ["over midnight: before it", saturdayNight, "2026-11-21T21:00:00Z", true],
    ["over midnight: after it, on Sunday", saturdayNight, "2026-11-22T00:59:00Z", true],
    ["over midnight: not at its end", saturdayNight, "2026-11-22T01:00:00Z", false],
    ["over midnight: not early on Saturday, which is Friday's night", saturdayNight, "2026-11-21T00:30:00Z", false],
    ["in summer, an hour ahead", { from: "10:00", to: "11:00" }, "2026-07-21T08:30:00Z", true],
    ["both times that the clock shows 02:30 when summer ends", { from: "02:00", to: "03:00" }, "2026-10-25T00:30:00Z", true],
    ["both times that the clock shows 02:30 when summer ends (2)", { from: "02:00", to: "03:00" }, "2026-10-25T01:30:00Z", true],
    ["never between 2 and 3 when summer begins", { from: "02:00", to: "03:00" }, "2026-03-29T01:00:00Z", false],
  ])("%s", (_, window, occurredAt, isIn) => {
    const code = isIn ? "fired" : "outside_time_window";
    expect(codesOf([ruleOf({ conditions: { times: [window] } })], purchaseOf({ occurredAt }))).toEqual([code]);
  });
});

describe("rules together", () => {
  const double = { formula: { kind: "multiplier", factor: 2 } };

  test("multipliers add up and see what all base rules give, whatever their priority", () => {
    const rules = [
      ruleOf({ ...double, priority: 0 }, 0),
      ruleOf({ formula: { kind: "multiplier", factor: 1.5 } }, 1),
      ruleOf({}, 2),
      ruleOf({ formula: { kind: "fixed", points: 27 } }, 3),
    ];
    expect(evaluate(rules).outcomes.map(({ ruleId, points }) => [ruleId.at(-1), points])).toEqual([
      ["C", 74],
      ["D", 27],
      ["A", 101],
      ["B", 50],
    ]);
  });

  test("a multiplier of lines multiplies what base rules give for these lines", () => {
    const doubleShoes = ruleOf({ ...double, conditions: { categories: ["shoes"] } }, 3);
    expect(pointsOf([ruleOf({}), doubleShoes])).toEqual([74, 65]);
    expect(pointsOf([ruleOf({ conditions: { categories: ["shoes"] } }), doubleShoes])).toEqual([65, 65]);
    expect(codesOf([ruleOf({ conditions: { categories: ["care"] } }), doubleShoes])).toEqual(["fired", "nothing_to_multiply"]);
  });

  test("what a cap cuts from a base rule does not come back multiplied", () => {
    expect(pointsOf([ruleOf({ caps: { perPurchase: 10 } }), ruleOf(double, 1)])).toEqual([10, 10]);
  });

  test("the tier adds to each base rule, under the rule's caps, and counts for no tier itself", () => {
    const { outcomes, points, qualifyingPoints } = evaluate([ruleOf({}), ruleOf(double, 1)], purchaseOf(), { tierMultiplier: 1.25 });
    expect(outcomes.map(({ base, tierBonus }) => [base, tierBonus])).toEqual([
      [74, 18],
      [74, 0],
    ]);
    expect({ points, qualifyingPoints }).toEqual({ points: 166, qualifyingPoints: 148 });
    expect(evaluate([ruleOf({ caps: { perPurchase: 80 } })], purchaseOf(), { tierMultiplier: 1.25 })).toMatchObject({
      points: 80,
      qualifyingPoints: 74,
      outcomes: [{ cuts: [{ code: "cap_per_purchase", points: 12 }] }],
    });
  });

  test("a factor of 1.1 adds exactly a tenth", () => {
    const tenth = ruleOf({ formula: { kind: "multiplier", factor: 1.1 } }, 1);
    expect(pointsOf([ruleOf({ formula: { kind: "fixed", points: 100 } }), tenth])).toEqual([100, 10]);
  });

  test("of an exclusive group the first that gives points does, by priority and then by age", () => {
    const group = { exclusiveGroup: "welcome" };
    const firedOf = (rules: EarningRule[]) => evaluate(rules).byExpiry.flatMap(({ ruleIds }) => ruleIds.map((id) => id.at(-1)));
    expect(firedOf([ruleOf(group), ruleOf({ ...group, priority: 1 }, 1), ruleOf({}, 2)])).toEqual(["B", "C"]);
    expect(firedOf([ruleOf(group, 1), ruleOf(group, 0)])).toEqual(["A"]);
    expect(firedOf([ruleOf({ ...group, ...double, priority: 0 }), ruleOf(group, 1)])).toEqual(["B"]);
    expect(codesOf([ruleOf(group), ruleOf(group, 1)])).toEqual(["fired", "excluded_by_exclusive"]);
    const spent = { budgetSpent: { erl_01JD3S8K9ZQ4T7N2V5X8B1C6FA: 5 } };
    expect(codesOf([ruleOf({ ...group, caps: { budget: 5 } }), ruleOf({ ...group }, 1)], purchaseOf(), spent)).toEqual(["budget_exhausted", "fired"]);
  });

  test("points that expire or activate alike come together, the programme's own apart", () => {
    const short = { expiresAfterMonths: 3, formula: { kind: "fixed", points: 5 } };
    const { byExpiry } = evaluate([ruleOf({}), ruleOf(short, 1), ruleOf({ ...short, qualifying: false }, 2), ruleOf({ ...short, pendingDays: 0 }, 3)]);
    expect(byExpiry.map(({ ruleIds, ...group }) => ({ ...group, rules: ruleIds.map((id) => id.at(-1)).join("") }))).toEqual([
      { points: 74, qualifyingPoints: 74, rules: "A" },
      { expiresAfterMonths: 3, points: 10, qualifyingPoints: 5, rules: "BC" },
      { expiresAfterMonths: 3, pendingDays: 0, points: 5, qualifyingPoints: 5, rules: "D" },
    ]);
  });

  test("no rules give no points", () => {
    expect(evaluate([])).toEqual({ points: 0, qualifyingPoints: 0, byExpiry: [], outcomes: [] });
  });
});

test("settings that contradict themselves are refused", () => {
  const formula = { kind: "rate", points: 1 };
  const wrong = [
    { expiresOn: "2027-01-31", expiresAfterMonths: 3 },
    { activeFrom: "2026-11-21T00:00:00Z", activeUntil: "2026-11-21T00:00:00Z" },
    { conditions: { amount: { minMinor: 2, maxMinor: 1 } } },
    { conditions: { times: [{ from: "24:00" }] } },
    { formula: { kind: "multiplier", factor: 1 } },
    { formula: { kind: "multiplier", factor: 1.001 } },
    { formula: { kind: "fixed", points: 1, rounding: "up" } },
  ];
  for (const settings of wrong) expect(EarningRuleSettings.safeParse({ name: "x", formula, ...settings }).success, JSON.stringify(settings)).toBe(false);
  expect(EarningRuleSettings.safeParse({ name: "x", formula: { kind: "multiplier", factor: 1.1 } }).success).toBe(true);
  expect(Purchase.safeParse({ ...purchaseExample, amount: eur(-1) }).success).toBe(false);
  expect(Purchase.safeParse({ ...purchaseExample, amount: { amountMinor: 1, currency: "USD" } }).success).toBe(false);
});
