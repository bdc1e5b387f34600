/** What lies ahead of a member: until when the tier is kept, and what it takes to keep it or to reach the next one. */
import { addDays } from "../ledger/calendar.ts";
import type { TierLevel, TierPolicy } from "./tier-policy.ts";
import { atRiskDays, countedPoints, fallOf, type QualifyingState, retains, tierNow, windowPeriods } from "./tiers.ts";

export type TierProjection = {
  /** What counts now: of the current period, or of the rolling months. */
  readonly qualifyingPoints: number;
  readonly tier?: TierLevel;
  /** The last day of the tier if nothing more is earned; absent when it is kept for ever. */
  readonly tierUntil?: string;
  /** What follows then; absent when that is no tier. */
  readonly fallsTo?: TierLevel;
  /** So many points earned today keep the tier beyond `tierUntil`, and not one less; absent when no points of today can. */
  readonly keepsTierWith?: number;
  readonly atRisk: boolean;
  readonly next?: TierLevel;
  readonly pointsToNext?: number;
};

/** Of a state that `tierAt` has brought to today. */
export function projectionOf(policy: TierPolicy, state: QualifyingState): TierProjection {
  const place = tierNow(policy, state);
  const [tier, next] = [policy.levels[place], policy.levels[place + 1]];
  const fall = fallOf(policy, state);
  const keepsTierWith = fall && pointsToReach(policy, state, fall.periodsAhead, place);
  const fallsTo = fall && policy.levels[fall.to];
  const qualifyingPoints = countedPoints(policy, state);
  return {
    qualifyingPoints,
    ...(tier && { tier }),
    ...(fall && { tierUntil: fall.until }),
    ...(fallsTo && { fallsTo }),
    ...(keepsTierWith !== undefined && Number.isFinite(keepsTierWith) && { keepsTierWith }),
    atRisk: fall !== undefined && state.asOf >= addDays(fall.until, -atRiskDays),
    ...(next && { next, pointsToNext: next.qualifyingPoints - qualifyingPoints }),
  };
}

/** The day on which the state has something to tell: a warning, or the end of the tier. Undefined: never by itself. */
export function tierDueOn(policy: TierPolicy, state: QualifyingState): string | undefined {
  const fall = fallOf(policy, state);
  return fall && addDays(fall.until, state.warnedUntil === fall.until ? 1 : -atRiskDays);
}

/** How many points of today give a tier in the period `ahead` of the current one, in any of the ways that give one. */
function pointsToReach(policy: TierPolicy, state: QualifyingState, ahead: number, place: number): number {
  const level = policy.levels[place];
  if (!level || ahead < 0) return Number.POSITIVE_INFINITY;
  const inPeriod = (periods: number) =>
    periods >= 0 && periods < windowPeriods(policy) ? level.qualifyingPoints - countedPoints(policy, state, -periods) : Number.POSITIVE_INFINITY;
  return Math.min(
    inPeriod(ahead),
    retains(policy) ? inPeriod(ahead - 1) : Number.POSITIVE_INFINITY,
    policy.downgrade === "one_down" ? pointsToReach(policy, state, ahead - 1, place + 1) : Number.POSITIVE_INFINITY,
  );
}
