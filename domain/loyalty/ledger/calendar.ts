/**
 * Dates of a programme. A date is `YYYY-MM-DD` in the programme's time zone, which decides when a day begins: dates are
 * counted without hours, so that no change of daylight saving can move one, and compared as text.
 */
import { Temporal } from "temporal-polyfill";
import { dayMilliseconds } from "../../kernel/time.ts";
import type { ExpiryPolicy } from "../programs/program.ts";
import { onInactivity } from "./entry.ts";

/** Made once for each zone: to make one takes Intl a hundred times as long as to use it. */
const formatters = new Map<string, Intl.DateTimeFormat>();
function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  // Sweden writes dates as ISO 8601 does.
  const made = new Intl.DateTimeFormat("sv-SE", { timeZone, calendar: "iso8601", numberingSystem: "latn", year: "numeric", month: "2-digit", day: "2-digit" });
  formatters.set(timeZone, made);
  return made;
}

/** The date of `now` in the zone. */
export const todayIn = (timeZone: string, now: Date): string => formatterFor(timeZone).format(now).padStart("YYYY-MM-DD".length, "0");

/** The instant at which the date begins in the zone: not always midnight, where clocks jump over it. */
export const startOfDay = (date: string, timeZone: string): string =>
  new Date(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds).toISOString();

// Dates without a zone are counted in UTC, where all days are alike; Temporal would take thirty times as long, on every command.
const [firstDate, lastDate] = [Date.parse("0000-01-01"), Date.parse("9999-12-31")];
/** No date lies outside of the years of four digits, where dates would not compare as text any more: the day after the last one is the last one. */
const dateOf = (utc: Date): string => new Date(Math.min(Math.max(utc.getTime(), firstDate), lastDate)).toISOString().slice(0, 10);

export const addDays = (date: string, days: number): string => dateOf(new Date(Date.parse(date) + days * dayMilliseconds));

/** The same day of the month, `months` later; its last day where the month is shorter. */
export function addMonths(date: string, months: number): string {
  const first = new Date(`${date.slice(0, 7)}-01`);
  first.setUTCMonth(first.getUTCMonth() + months);
  const month = dateOf(first);
  const [sameDay, lastDay] = [month.slice(0, 8) + date.slice(8), endOfMonth(month)];
  return sameDay < lastDay ? sameDay : lastDay;
}

export function endOfMonth(date: string): string {
  const first = new Date(`${date.slice(0, 7)}-01`);
  first.setUTCMonth(first.getUTCMonth() + 1, 0);
  return dateOf(first);
}
const endOfYear = (date: string): string => `${date.slice(0, 4)}-12-31`;

/**
 * The last day on which points can be used that were earned on `earnedOn`; null when they never expire, `inactivity` when the
 * member's last activity decides. A date that the earning or its rule states itself goes before this one.
 */
export function expiresOnFor(expiry: ExpiryPolicy, earnedOn: string): string | null {
  switch (expiry.kind) {
    case "never":
      return null;
    case "calendar_year":
      return endOfYear(addMonths(earnedOn, expiry.months));
    case "rolling_months":
      return rounded(addMonths(earnedOn, expiry.months), expiry.roundTo);
    case "inactivity_months":
      return onInactivity;
  }
}
/** The last day of points that expire by inactivity, when nothing follows an activity on `activeOn`; undefined under other policies. */
export const activeUntilFor = (expiry: ExpiryPolicy, activeOn: string): string | undefined =>
  expiry.kind === "inactivity_months" ? rounded(addMonths(activeOn, expiry.months), expiry.roundTo) : undefined;
const rounded = (date: string, roundTo: "month_end" | "day"): string => (roundTo === "month_end" ? endOfMonth(date) : date);

/** The day from whose beginning points can be used that were earned on `earnedOn`; undefined when that is at once. */
export const activatesOnFor = (pendingDays: number, earnedOn: string): string | undefined => (pendingDays > 0 ? addDays(earnedOn, pendingDays) : undefined);
