/**
 * The tier that a member has, from a few sums of qualifying points. A period is a year, or with a rolling policy a month
 * that is judged together with the months before it. The tier of a period is the highest of: what its points reach; with
 * retention, what those of the period before reached; with `one_down`, one below the tier of the period before. So it is a
 * function of the state and the date, and what comes late, a sweeper or a reversal, leads to where it would have led.
 */
import { addDays } from "../ledger/calendar.ts";
import { type PeriodKind, periodOf, startOfPeriod } from "./tier-periods.ts";
import type { TierPolicy } from "./tier-policy.ts";

/** What a wallet's head keeps; of a year two sums, of rolling months two more than the policy counts. */
export type QualifyingState = {
  readonly kind: PeriodKind;
  readonly enrolledOn: string;
  /** The day until which everything was judged and told. */
  readonly asOf: string;
  readonly period: number;
  /** Of the current period, the one before, and so on. */
  readonly points: readonly number[];
  /** Code of the tier that the period before could not fall below; null is none. */
  readonly floorBefore: string | null;
  /** Code of the tier that was told last. */
  readonly tier: string | null;
  /** The last day of the tier that a warning was told for. */
  readonly warnedUntil?: string;
};

export type TierChange =
  | { readonly kind: "upgraded" | "downgraded"; readonly on: string; readonly from: string | null; readonly to: string | null }
  /** Told up to `atRiskDays` before: unless the member earns, `until` is the last day of the tier. */
  | { readonly kind: "at_risk"; readonly on: string; readonly tier: string; readonly until: string; readonly fallsTo: string | null };
export type Standing = { readonly state: QualifyingState; readonly changes: readonly TierChange[] };

export const atRiskDays = 30;

export const newQualifyingState = (policy: TierPolicy, enrolledOn: string, today: string): QualifyingState => ({
  kind: policy.period,
  enrolledOn,
  asOf: today,
  period: periodOf(policy.period, enrolledOn, today),
  points: [0],
  floorBefore: null,
  tier: codeOf(policy, reached(policy, 0)),
});

/** Where the member stands on `today`, and what has become of the tier since it was looked at last, in order. */
export function tierAt(policy: TierPolicy, before: QualifyingState, today: string): Standing {
  const changes: TierChange[] = [];
  let state = before.kind === policy.period ? before : adopted(policy, before, today);
  for (;;) {
    const judgedOn = judgementOf(policy, state);
    if (judgedOn > state.asOf && judgedOn <= today) state = told(policy, state, tierOfPeriod(policy, state), judgedOn, changes);
    if (state.period >= periodOf(state.kind, state.enrolledOn, today)) break;
    state = nextPeriod(policy, state);
  }
  state = { ...state, asOf: today > state.asOf ? today : state.asOf };
  return warned(policy, told(policy, state, tierNow(policy, state), state.asOf, changes), changes);
}

/**
 * `points` more on `earnedOn`, or less when they are taken back: they count in the period in which they were earned. One
 * that is no longer kept has had its effect and does not change. A day to come counts as the current period.
 */
export function qualify(policy: TierPolicy, before: QualifyingState, { points, earnedOn }: { points: number; earnedOn: string }, today: string): Standing {
  const { state, changes } = tierAt(policy, before, today);
  const back = Math.max(0, state.period - periodOf(state.kind, state.enrolledOn, earnedOn));
  if (back >= keptPeriods(policy)) return { state, changes };
  const sums = Array.from({ length: Math.max(state.points.length, back + 1) }, (_, index) => state.points[index] ?? 0);
  sums[back] = Math.max(0, (sums[back] ?? 0) + points);
  const counted = tierAt(policy, { ...state, points: sums }, today);
  return { state: counted.state, changes: [...changes, ...counted.changes] };
}

/** How many periods are added up. */
export const windowPeriods = (policy: TierPolicy): number => (policy.period === "rolling_months" ? policy.months + 1 : 1);
const keptPeriods = (policy: TierPolicy): number => windowPeriods(policy) + 1;
/** The points that count for the period `back` before the current one; after it, when `back` is negative, those known now. */
export const countedPoints = (policy: TierPolicy, { points }: QualifyingState, back = 0): number =>
  points.slice(Math.max(0, back), Math.max(0, back + windowPeriods(policy))).reduce((sum, some) => sum + some, 0);

/** Tiers are compared by their place in the policy; -1 is none. A code that the policy no longer has is none. */
export const reached = ({ levels }: TierPolicy, points: number): number => levels.findLastIndex(({ qualifyingPoints }) => qualifyingPoints <= points);
const placeOf = ({ levels }: TierPolicy, tier: string | null): number => levels.findIndex(({ code }) => code === tier);
const codeOf = ({ levels }: TierPolicy, place: number): string | null => levels[place]?.code ?? null;

export const retains = (policy: TierPolicy): boolean => policy.period !== "rolling_months" && policy.retention === "next_period";

const tierOfPeriodBefore = (policy: TierPolicy, state: QualifyingState): number =>
  Math.max(reached(policy, countedPoints(policy, state, 1)), placeOf(policy, state.floorBefore));
const floorOfPeriod = (policy: TierPolicy, state: QualifyingState): number =>
  Math.max(
    retains(policy) ? reached(policy, countedPoints(policy, state, 1)) : -1,
    policy.downgrade === "one_down" ? Math.max(-1, tierOfPeriodBefore(policy, state) - 1) : -1,
  );
/** Without the days of grace. */
export const tierOfPeriod = (policy: TierPolicy, state: QualifyingState): number =>
  Math.max(reached(policy, countedPoints(policy, state)), floorOfPeriod(policy, state));

/** The day on which the period's tier counts alone: its first, after the days of grace. */
export const judgementOf = (policy: TierPolicy, { enrolledOn, period }: QualifyingState): string =>
  addDays(startOfPeriod(policy.period, enrolledOn, period), policy.gracePeriodDays);
export const tierNow = (policy: TierPolicy, state: QualifyingState): number =>
  Math.max(tierOfPeriod(policy, state), state.asOf < judgementOf(policy, state) ? tierOfPeriodBefore(policy, state) : -1);

export const nextPeriod = (policy: TierPolicy, state: QualifyingState): QualifyingState => ({
  ...state,
  period: state.period + 1,
  points: [0, ...state.points].slice(0, keptPeriods(policy)),
  floorBefore: codeOf(policy, floorOfPeriod(policy, state)),
});

/** Under another kind of period the points that counted so far count in the first one, so that no tier is lost that was reached by them. */
function adopted(policy: TierPolicy, { points, ...state }: QualifyingState, today: string): QualifyingState {
  const [current = 0, ...others] = points;
  const counted = state.kind === "rolling_months" ? current + others.reduce((sum, some) => sum + some, 0) : Math.max(current, ...others);
  return { ...state, kind: policy.period, period: periodOf(policy.period, state.enrolledOn, today), points: [counted], floorBefore: state.tier };
}

function told(policy: TierPolicy, state: QualifyingState, place: number, on: string, changes: TierChange[]): QualifyingState {
  const to = codeOf(policy, place);
  if (to === state.tier) return state;
  changes.push({ kind: place > placeOf(policy, state.tier) ? "upgraded" : "downgraded", on, from: state.tier, to });
  return { ...state, tier: to };
}

function warned(policy: TierPolicy, state: QualifyingState, changes: TierChange[]): Standing {
  const fall = fallOf(policy, state);
  if (!fall || state.tier === null || state.warnedUntil === fall.until || state.asOf < addDays(fall.until, -atRiskDays)) return { state, changes };
  changes.push({ kind: "at_risk", on: state.asOf, tier: state.tier, until: fall.until, fallsTo: codeOf(policy, fall.to) });
  return { state: { ...state, warnedUntil: fall.until }, changes };
}

/** When the tier of now ends if nothing more is earned; undefined when it never does. `periodsAhead`: in which period. */
export function fallOf(policy: TierPolicy, state: QualifyingState): { until: string; to: number; periodsAhead: number } | undefined {
  const held = tierNow(policy, state);
  let ahead = state;
  // By then no points count any more, and every step down has been made.
  const last = keptPeriods(policy) + policy.levels.length + 1;
  for (let periodsAhead = 0; periodsAhead <= last; periodsAhead += 1) {
    const to = tierOfPeriod(policy, ahead);
    if (to < held) return { until: addDays(judgementOf(policy, ahead), -1), to, periodsAhead };
    ahead = nextPeriod(policy, ahead);
  }
  return undefined;
}
