/** Periods of qualifying points, by number. Those that follow each other have numbers that do. */
import { addMonths } from "../ledger/calendar.ts";
import type { TierPolicy } from "./tier-policy.ts";

/** A rolling policy adds up months, the others have one sum for each year. */
export type PeriodKind = TierPolicy["period"];

/** The period that the date is in. Years of a member begin with the day on which it joined; after 29 February, on the 28th. */
export function periodOf(kind: PeriodKind, enrolledOn: string, date: string): number {
  const [year, month] = [Number(date.slice(0, 4)), Number(date.slice(5, 7))];
  if (kind === "calendar_year") return year;
  if (kind === "rolling_months") return year * 12 + month - 1;
  const years = year - Number(enrolledOn.slice(0, 4));
  return date < addMonths(enrolledOn, 12 * years) ? years - 1 : years;
}

/** Its first day. */
export function startOfPeriod(kind: PeriodKind, enrolledOn: string, period: number): string {
  if (kind === "calendar_year") return `${String(period).padStart(4, "0")}-01-01`;
  if (kind === "anniversary") return addMonths(enrolledOn, 12 * period);
  return `${String(Math.floor(period / 12)).padStart(4, "0")}-${String((period % 12) + 1).padStart(2, "0")}-01`;
}
