/** The life of a membership, as pure functions of the document and the day: however late a sweeper is, they tell the same. */
import { isDeepStrictEqual } from "node:util";
import { revise } from "../../kernel/revision.ts";
import { addDays, addMonths } from "../ledger/calendar.ts";
import { customerIdOf, programIdOf } from "../wallets/wallet.ts";
import { type Membership, membershipIdOf, type PaidPeriod } from "./membership.ts";
import { type MembershipPlan, monthsOf } from "./membership-plan.ts";

/** The time of a command: the instant, and which day that is in the programme's zone. */
type Time = { readonly now: Date; readonly today: string };
type Settled = Pick<Membership, "startsOn" | "paidUntil" | "periods" | "cancellation">;

/** The day on which the period ends that begins on `from`: on the renewal day, or the last of a shorter month. */
export const periodEnd = (from: string, period: MembershipPlan["period"], renewalDay: number): string =>
  // Counted from the renewal day, which the month of `from` need not have: so 31 January comes to 28 February and to 31 March.
  addMonths(`${from.slice(0, 8)}${String(renewalDay).padStart(2, "0")}`, monthsOf(period));
const dayOfMonth = (date: string): number => Number(date.slice(8));

export const isOver = ({ status }: Pick<Membership, "status">): boolean => status === "lapsed" || status === "canceled";

/** As it is on a day, whether or not that was written. */
export const membershipAt = (membership: Membership, today: string): Membership => ({ ...membership, ...standing(membership, today) });

/** What a member has on a day. Nothing without a membership, before it begins, and when it is over. */
export function membershipBenefits(membership: Membership | undefined, today: string): { earnMultiplier?: number; entitlements: string[] } {
  const benefits = membership && standing(membership, today).benefits;
  return { ...benefits, entitlements: benefits?.entitlements ?? [] };
}

function standing(settled: Settled, today: string): Pick<Membership, "status" | "benefits" | "endsOn"> {
  const { startsOn, paidUntil, cancellation } = settled;
  const endsOn = endOf(settled);
  if (today >= endsOn) return { status: cancellation ? "canceled" : "lapsed", benefits: {}, endsOn };
  if (today < startsOn) return { status: "scheduled", benefits: {}, endsOn };
  const { benefits } = periodOn(settled, today);
  return { status: today < paidUntil ? "active" : "grace", benefits, endsOn };
}
/** The days of grace go with the last period's benefits. */
const periodOn = ({ periods }: Settled, today: string): PaidPeriod => periods.find(({ until }) => today < until) ?? (periods.at(-1) as PaidPeriod);
const endOf = (settled: Settled): string => settled.cancellation?.effectiveOn ?? addDays(settled.paidUntil, (settled.periods.at(-1) as PaidPeriod).graceDays);

/** A new membership, or the next one after `before`, which is over. */
export function started(before: Membership | undefined, walletId: string, plan: MembershipPlan, startsOn: string, { now, today }: Time): Membership {
  const renewalDay = dayOfMonth(startsOn);
  const paidUntil = periodEnd(startsOn, plan.period, renewalDay);
  const settled = { startsOn, paidUntil, periods: [{ from: startsOn, until: paidUntil, ...termsOf(plan) }], cancellation: undefined };
  const changes = { planId: plan.id, renewalDay, ...settled, ...standing(settled, today) };
  if (before) return revise(before, changes, now);
  const at = now.toISOString();
  const names = { id: membershipIdOf(walletId), object: "membership" as const, walletId, customerId: customerIdOf(walletId), programId: programIdOf(walletId) };
  return { ...names, ...changes, createdAt: at, updatedAt: at, version: 1, livemode: plan.livemode };
}

/**
 * Paid for until another day, or for one more period, on the plan's present terms. A day that was named is the renewal day
 * from now on. A cancellation that has not taken effect is taken back: who pays stays.
 */
export function renewed(before: Membership, plan: MembershipPlan, until: string | undefined, { now, today }: Time): Membership {
  const renewalDay = until === undefined ? before.renewalDay : dayOfMonth(until);
  const paidUntil = until ?? periodEnd(before.paidUntil, plan.period, renewalDay);
  const kept = before.periods.filter((period) => today < period.until || period === before.periods.at(-1));
  const settled = { paidUntil, periods: withPeriod(kept, { from: before.paidUntil, until: paidUntil, ...termsOf(plan) }), cancellation: undefined };
  return revise(before, { renewalDay, ...settled, ...standing({ ...before, ...settled }, today) }, now);
}
const termsOf = ({ price, period, graceDays, benefits }: MembershipPlan) => ({ price, period, graceDays, benefits });

/** Periods on the same terms are one, so that a membership stays as small as its terms are few. */
function withPeriod(periods: readonly PaidPeriod[], next: PaidPeriod): PaidPeriod[] {
  const last = periods.at(-1);
  const isMore = last && isDeepStrictEqual({ ...last, from: next.from, until: next.until }, next);
  return isMore ? [...periods.slice(0, -1), { ...last, until: next.until }] : [...periods, next];
}

/** Cancelled from the day on which what is paid for ends, without grace, or from today. */
export function canceled(before: Membership, atPeriodEnd: boolean, reason: string | undefined, { now, today }: Time): Membership {
  const effectiveOn = atPeriodEnd && before.paidUntil > today ? before.paidUntil : today;
  const cancellation = { at: now.toISOString(), effectiveOn, ...(reason !== undefined && { reason }) };
  return revise(before, { cancellation, ...standing({ ...before, cancellation }, today) }, now);
}
