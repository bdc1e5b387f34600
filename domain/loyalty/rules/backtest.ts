/**
 * Back-test: what a draft of a programme's rules would have given for past purchases. One pass in any order; for each
 * member it keeps what a wallet would remember, and two sums.
 */
import type { Earner } from "./earning-conditions.ts";
import type { EarningRule } from "./earning-rule.ts";
import { evaluateRules } from "./evaluate-rules.ts";
import type { Purchase } from "./purchase.ts";
import { budgetSpends, usageAfter, type WalletUsage } from "./rule-usage.ts";

/** `issued`: the points that were really given for the purchase. The earner is as at the time of the purchase. */
export type PastPurchase = { readonly walletId: string; readonly purchase: Purchase; readonly earner: Earner; readonly issued: number };

export type BacktestReport = {
  readonly purchases: number;
  readonly pointsIssued: number;
  readonly pointsReallyIssued: number;
  /** In points: what would be owed to members more than is, or less when negative. */
  readonly liabilityDelta: number;
  readonly members: number;
  /** Those who would have got another sum than they did: `membersGaining` more, `membersLosing` less. */
  readonly membersAffected: number;
  readonly membersGaining: number;
  readonly membersLosing: number;
  /** Every rule of the draft, in its order; `pointsCut` is what caps took of what its formula gave. */
  readonly rules: readonly { readonly ruleId: string; readonly timesFired: number; readonly points: number; readonly pointsCut: number }[];
};

type Member = { usage: WalletUsage | undefined; drafted: number; issued: number };

export class Backtest {
  readonly #rules: readonly EarningRule[];
  readonly #zone: string;
  readonly #members = new Map<string, Member>();
  readonly #budgetSpent: Record<string, number> = {};
  readonly #byRule: Map<string, { timesFired: number; points: number; pointsCut: number }>;
  #purchases = 0;

  constructor(rules: readonly EarningRule[], zone: string) {
    this.#rules = rules;
    this.#zone = zone;
    this.#byRule = new Map(rules.map(({ id }) => [id, { timesFired: 0, points: 0, pointsCut: 0 }]));
  }

  add({ walletId, purchase, earner, issued }: PastPurchase): void {
    const member = this.#members.get(walletId) ?? { usage: undefined, drafted: 0, issued: 0 };
    const standing = { ...earner, usage: member.usage?.rules ?? {}, budgetSpent: this.#budgetSpent };
    const { points, outcomes } = evaluateRules(this.#rules, purchase, standing, this.#zone);
    this.#members.set(walletId, {
      usage: usageAfter(member.usage, this.#rules, outcomes, purchase, this.#zone),
      drafted: member.drafted + points,
      issued: member.issued + issued,
    });
    for (const spend of budgetSpends(this.#rules, outcomes)) this.#budgetSpent[spend.ruleId] = (this.#budgetSpent[spend.ruleId] ?? 0) + spend.points;
    for (const outcome of outcomes.filter(({ fired }) => fired)) {
      const sums = this.#byRule.get(outcome.ruleId);
      if (!sums) continue;
      sums.timesFired += 1;
      sums.points += outcome.points;
      sums.pointsCut += outcome.base + outcome.tierBonus - outcome.points;
    }
    this.#purchases += 1;
  }

  report(): BacktestReport {
    const members = [...this.#members.values()];
    const pointsIssued = members.reduce((sum, { drafted }) => sum + drafted, 0);
    const pointsReallyIssued = members.reduce((sum, { issued }) => sum + issued, 0);
    const membersGaining = members.filter(({ drafted, issued }) => drafted > issued).length;
    const membersLosing = members.filter(({ drafted, issued }) => drafted < issued).length;
    return {
      purchases: this.#purchases,
      pointsIssued,
      pointsReallyIssued,
      liabilityDelta: pointsIssued - pointsReallyIssued,
      members: members.length,
      membersAffected: membersGaining + membersLosing,
      membersGaining,
      membersLosing,
      rules: [...this.#byRule].map(([ruleId, sums]) => ({ ruleId, ...sums })),
    };
  }
}
