/**
 * Earning rules at a purchase. The order does not depend on the order of the list:
 *
 * 1. Base rules by priority, then by age. A rule gives nothing when it is not active, a condition does not hold, it cools
 *    down, a cap or its budget leaves nothing, or another of its exclusive group gave points before.
 * 2. The multiplier of the customer's tier adds to what a base rule gives.
 * 3. The caps of the rule cut that: per purchase, day, month, year, in total, budget.
 * 4. Multipliers in the same way. Each adds to what the base rules gave after their caps and without the tier's bonus, so
 *    that what a cap forbids does not come back multiplied; then its own caps cut what it adds.
 *
 * Every rounding is down, unless a rate says otherwise, and happens once for each rule.
 */
import { type Earner, unmetCondition } from "./earning-conditions.ts";
import { basePoints, bonusOf } from "./earning-formula.ts";
import { type EarningRule, isBaseRule } from "./earning-rule.ts";
import { type LocalTime, localTime } from "./local-time.ts";
import type { Purchase } from "./purchase.ts";
import type { CapCut, NotFiredCode, RuleOutcome } from "./rule-outcome.ts";
import { type BudgetSpent, type CapRoom, capRooms, isCoolingDown, type UsageByRule } from "./rule-usage.ts";

export type Standing = Earner & { readonly usage: UsageByRule; readonly budgetSpent: BudgetSpent };

/** Points that expire and activate alike; what is absent is the programme's to decide. */
export type EarnedGroup = Pick<EarningRule, "expiresAfterMonths" | "expiresOn" | "pendingDays"> & {
  readonly points: number;
  readonly qualifyingPoints: number;
  readonly ruleIds: readonly string[];
};
export type Evaluation = {
  readonly points: number;
  readonly qualifyingPoints: number;
  /** Only groups with points; they sum to `points`. */
  readonly byExpiry: readonly EarnedGroup[];
  /** Every rule once, in the order of evaluation. */
  readonly outcomes: readonly RuleOutcome[];
};

type Scene = { readonly purchase: Purchase; readonly standing: Standing; readonly at: LocalTime };
type Fired = { readonly rule: EarningRule; readonly outcome: RuleOutcome };

export function evaluateRules(rules: readonly EarningRule[], purchase: Purchase, standing: Standing, zone: string): Evaluation {
  const scene: Scene = { purchase, standing, at: localTime(purchase.occurredAt, zone) };
  const fired: Fired[] = [];
  const outcomes = rules.toSorted(inOrder).map((rule) => {
    const outcome = evaluateRule(rule, scene, fired);
    if (outcome.fired) fired.push({ rule, outcome });
    return outcome;
  });
  const sum = (of: "points" | "qualifyingPoints") => outcomes.reduce((total, outcome) => total + outcome[of], 0);
  return { points: sum("points"), qualifyingPoints: sum("qualifyingPoints"), byExpiry: groupedByExpiry(fired), outcomes };
}

/** Ids sort by age. */
const inOrder = (one: EarningRule, other: EarningRule): number =>
  Number(isBaseRule(other)) - Number(isBaseRule(one)) || one.priority - other.priority || (one.id < other.id ? -1 : 1);

function evaluateRule(rule: EarningRule, scene: Scene, before: readonly Fired[]): RuleOutcome {
  const { purchase, standing, at } = scene;
  const rooms = capRooms(rule, standing.usage[rule.id], standing.budgetSpent, at);
  const code = reasonAgainst(rule, scene, rooms, before);
  if (code) return outcomeOf(rule, { code });
  const base = rule.formula.kind === "multiplier" ? addedBy(rule, rule.formula.factor, purchase, before) : basePoints(rule, purchase);
  if (base === 0) return outcomeOf(rule, { code: isBaseRule(rule) ? "below_one_point" : "nothing_to_multiply" });
  const tierBonus = isBaseRule(rule) ? bonusOf(base, standing.tierMultiplier ?? 1) : 0;
  const { points, cuts } = cut(base + tierBonus, rooms);
  return outcomeOf(rule, { fired: true, base, tierBonus, cuts, points, qualifyingPoints: rule.qualifying ? Math.min(base, points) : 0 });
}

const outcomeOf = ({ id, version, name }: EarningRule, what: Partial<RuleOutcome>): RuleOutcome => ({
  ruleId: id,
  ruleVersion: version,
  name,
  fired: false,
  base: 0,
  tierBonus: 0,
  cuts: [],
  points: 0,
  qualifyingPoints: 0,
  ...what,
});

function reasonAgainst(rule: EarningRule, { purchase, standing, at }: Scene, rooms: readonly CapRoom[], before: readonly Fired[]): NotFiredCode | undefined {
  const { occurredAt } = purchase;
  if (rule.status !== "active") return "not_active";
  if (rule.activeFrom !== undefined && occurredAt < rule.activeFrom) return "not_yet_active";
  if (rule.activeUntil !== undefined && occurredAt >= rule.activeUntil) return "no_longer_active";
  const unmet = unmetCondition(rule.conditions, purchase, standing, at);
  if (unmet) return unmet;
  if (isCoolingDown(rule, standing.usage[rule.id], occurredAt)) return "cooldown";
  const full = rooms.find(({ left }) => left === 0);
  if (full) return full.code as Exclude<typeof full.code, "cap_per_purchase">;
  const { exclusiveGroup } = rule;
  if (exclusiveGroup !== undefined && before.some((other) => other.rule.exclusiveGroup === exclusiveGroup)) return "excluded_by_exclusive";
  return undefined;
}

/** What a multiplier adds. One that looks at lines multiplies what the base rules give for these lines alone. */
function addedBy({ conditions }: EarningRule, factor: number, purchase: Purchase, before: readonly Fired[]): number {
  const base = before
    .filter(({ rule }) => isBaseRule(rule))
    .reduce((sum, { rule, outcome }) => sum + Math.min(basePoints(rule, purchase, conditions), outcome.base, outcome.points), 0);
  return bonusOf(base, factor);
}

function cut(wanted: number, rooms: readonly CapRoom[]): { points: number; cuts: CapCut[] } {
  let points = wanted;
  const cuts: CapCut[] = [];
  for (const { left, ...cap } of rooms) {
    if (points > left) cuts.push({ ...cap, points: points - left });
    points = Math.min(points, left);
  }
  return { points, cuts };
}

function groupedByExpiry(fired: readonly Fired[]): EarnedGroup[] {
  const own = ({ rule: { expiresAfterMonths, expiresOn, pendingDays } }: Fired) => ({
    ...(expiresAfterMonths !== undefined && { expiresAfterMonths }),
    ...(expiresOn !== undefined && { expiresOn }),
    ...(pendingDays !== undefined && { pendingDays }),
  });
  return [...Map.groupBy(fired, (one) => JSON.stringify(own(one))).values()].map((alike) => ({
    ...own(alike[0] as Fired),
    points: alike.reduce((sum, { outcome }) => sum + outcome.points, 0),
    qualifyingPoints: alike.reduce((sum, { outcome }) => sum + outcome.qualifyingPoints, 0),
    ruleIds: alike.map(({ rule }) => rule.id),
  }));
}
