/** What each line of a purchase earned, so that a return of some lines takes back what they earned and no more. */
import { countsLines, matchingLines } from "./earning-conditions.ts";
import type { EarningRule } from "./earning-rule.ts";
import type { Purchase } from "./purchase.ts";

export type FiredRule = { readonly rule: Pick<EarningRule, "conditions">; readonly points: number };

/**
 * The points of each rule are shared among the lines that it counted, by their amounts; lines of no worth get nothing. What
 * is rounded away from one line goes to the next, so that the lines together have all points of rules that counted any.
 */
export function linePoints({ lines }: Pick<Purchase, "lines">, fired: readonly FiredRule[]): number[] {
  const points = lines.map(() => 0);
  for (const { rule, points: given } of fired) {
    const counted = new Set(countsLines(rule.conditions) ? matchingLines(rule.conditions, lines) : lines);
    const worth = lines.map((line) => (counted.has(line) ? Math.max(0, line.amount.amountMinor) : 0));
    const total = worth.reduce((sum, amount) => sum + amount, 0);
    let before = 0;
    for (const [index, amount] of worth.entries()) {
      if (amount === 0) continue;
      points[index] = (points[index] ?? 0) + share(given, total, before + amount) - share(given, total, before);
      before += amount;
    }
  }
  return points;
}

/** Rounded to the nearest. */
const share = (points: number, total: number, upTo: number): number => Number((2n * BigInt(points) * BigInt(upTo) + BigInt(total)) / (2n * BigInt(total)));

export type ReturnedLine = { readonly line: number; readonly quantity?: number | undefined };
export type EarnedLine = { readonly quantity: number; readonly points: number };
/** What returned lines, by their place from 0, had earned: in part rounded down. Undefined when there is no such line, or not so many pieces. */
export function pointsOfLines(lines: readonly EarnedLine[], returned: readonly ReturnedLine[]): number | undefined {
  let points = 0;
  // A line that is named twice is one line: together not more of it comes back than there was.
  for (const [line, parts] of Map.groupBy(returned, (part) => part.line)) {
    const earned = lines[line];
    if (!earned) return undefined;
    const pieces = parts.reduce((sum, { quantity = earned.quantity }) => sum + quantity, 0);
    if (pieces > earned.quantity) return undefined;
    points += Math.floor((earned.points * pieces) / earned.quantity);
  }
  return points;
}
