/**
 * The circuit breaker of an endpoint: after failures in a row nothing is sent for a while, ever longer; then one delivery
 * tries, and its success opens the way for all. Parked deliveries cost nothing meanwhile, and no other endpoint waits.
 */
import { dayMilliseconds, instantAfter, secondMilliseconds } from "../kernel/time.ts";

/** An endpoint that is well has no record, or one without failures. `trips`: how often in a row the circuit was broken. */
export type Health = {
  readonly version: number;
  readonly consecutiveFailures: number;
  readonly trips: number;
  readonly failingSince?: string;
  readonly pausedUntil?: string;
  readonly probingUntil?: string;
};

const failuresToPause = 10;
const firstPauseSeconds = 30;
const longestPauseSeconds = 1_800;
/** Longer than an attempt can take, so that there is one probe at a time. */
const probeSeconds = 30;
const failingDaysMax = 5;

export type Admission =
  | { readonly kind: "open" }
  /** One delivery may try, whoever writes `health` first. */
  | { readonly kind: "probe"; readonly health: Health }
  | { readonly kind: "paused"; readonly until: string };

export function admission(health: Health | undefined, now: Date): Admission {
  if (!health?.pausedUntil) return { kind: "open" };
  const at = now.toISOString();
  if (health.pausedUntil > at) return { kind: "paused", until: health.pausedUntil };
  if (health.probingUntil && health.probingUntil > at) return { kind: "paused", until: health.probingUntil };
  return { kind: "probe", health: { ...health, version: health.version + 1, probingUntil: instantAfter(now, probeSeconds * secondMilliseconds) } };
}

/** What came of attempts: whether each succeeded, in the order in which they ended, and until when the receiver asked to be left alone. */
export type Outcomes = { readonly successes: readonly boolean[]; readonly askedUntil?: string | undefined };

/** The health after `outcomes`; undefined when nothing changes, which is so for every success of an endpoint that is well. */
export function healthAfter(before: Health | undefined, { successes, askedUntil = "" }: Outcomes, now: Date): Health | undefined {
  if (successes.length === 0) return undefined;
  const lastSuccess = successes.lastIndexOf(true);
  const failures = successes.length - 1 - lastSuccess;
  const version = (before?.version ?? 0) + 1;
  const well: Health = { version, consecutiveFailures: 0, trips: 0 };
  if (failures === 0) return before && before.consecutiveFailures > 0 ? well : undefined;
  const former = lastSuccess >= 0 || !before ? well : before;
  const failing: Health = {
    ...former,
    version,
    consecutiveFailures: former.consecutiveFailures + failures,
    failingSince: former.failingSince ?? now.toISOString(),
  };
  const at = now.toISOString();
  const isPaused = former.pausedUntil !== undefined && former.pausedUntil > at;
  const isTripped = !isPaused && (failing.consecutiveFailures >= failuresToPause || former.trips > 0);
  const pauseSeconds = Math.min(firstPauseSeconds * 2 ** former.trips, longestPauseSeconds);
  const longest = instantAfter(now, longestPauseSeconds * secondMilliseconds);
  const ends = [
    isPaused ? former.pausedUntil : undefined,
    isTripped ? instantAfter(now, pauseSeconds * secondMilliseconds) : undefined,
    askedUntil > longest ? longest : askedUntil,
  ];
  const pausedUntil = ends.reduce<string>((latest, end = "") => (end > latest ? end : latest), at);
  const { probingUntil: _, pausedUntil: _1, ...rest } = failing;
  return { ...rest, trips: former.trips + (isTripped ? 1 : 0), ...(pausedUntil > at && { pausedUntil }) };
}

/** A pause that somebody ends early, because they know better: the next delivery tries. Undefined when there is no pause. */
export const unpaused = (health: Health | undefined, now: Date): Health | undefined =>
  health?.pausedUntil && health.pausedUntil > now.toISOString()
    ? { ...health, version: health.version + 1, pausedUntil: now.toISOString(), probingUntil: now.toISOString() }
    : undefined;

/** Nothing but failures for days: nobody is there any more. */
export const isHopeless = (health: Health | undefined, now: Date): boolean =>
  health?.failingSince !== undefined && now.getTime() - Date.parse(health.failingSince) >= failingDaysMax * dayMilliseconds;
