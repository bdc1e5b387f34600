/** What formulas make of a purchase; whole points. */
import { countsLines, type EarningConditions, matchingLines } from "./earning-conditions.ts";
import { type EarningFormula, type EarningRule, pointsPerPurchaseMax } from "./earning-rule.ts";
import { linesAmountMinor, minorUnitsIn, type Purchase } from "./purchase.ts";

const roundings = { down: Math.floor, nearest: Math.round, up: Math.ceil };
const withinBounds = (points: number): number => Math.min(Math.max(points, 0), pointsPerPurchaseMax);

/** The part of the purchase that is counted: all of it, or the lines that all those of `conditions` want which look at lines. */
function counted(purchase: Purchase, conditions: readonly EarningConditions[]) {
  const narrowing = conditions.filter(countsLines);
  const lines = narrowing.reduce<Purchase["lines"]>((left, one) => matchingLines(one, left), purchase.lines);
  const items = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  if (narrowing.length === 0) return { amountMinor: purchase.amount.amountMinor, items, isEmpty: false };
  return { amountMinor: linesAmountMinor(lines), items, isEmpty: lines.length === 0 };
}

/** What a base rule gives for the part of the purchase that it counts, and `narrowedBy`, too. */
export function basePoints({ formula, conditions }: EarningRule, purchase: Purchase, narrowedBy: EarningConditions = {}): number {
  const { amountMinor, items, isEmpty } = counted(purchase, [conditions, narrowedBy]);
  return isEmpty ? 0 : withinBounds(pointsFor(formula, amountMinor, items, purchase.amount.currency));
}

function pointsFor(formula: EarningFormula, amountMinor: number, items: number, currency: string): number {
  switch (formula.kind) {
    case "rate":
      return roundings[formula.rounding](Math.max(amountMinor, 0) / (formula.unitMinor ?? minorUnitsIn(currency))) * formula.points;
    case "fixed":
      return formula.per === "item" ? items * formula.points : formula.points;
    case "multiplier":
      return 0;
  }
}

/** What multiplying by `factor` adds to `points`, rounded down. Counted in hundredths, so that 1.1 adds 10 to 100 and not 10.000000000000009. */
export const bonusOf = (points: number, factor: number): number => withinBounds(Math.floor((points * (Math.round(factor * 100) - 100)) / 100));
