/** The time of a command, seen with the calendar of a programme: its zone decides which day it is and when a day begins. */
import { startOfDay, todayIn } from "./calendar.ts";

export type LedgerTime = {
  readonly now: Date;
  /** The date of `now`, which decides what is active and what has expired. */
  readonly today: string;
  /** The date of an instant. */
  readonly dayOf: (instant: string) => string;
  /** The first instant of a date. */
  readonly startOf: (day: string) => string;
};

/** @throws RangeError when `timeZone` is not an IANA name. */
export const ledgerTimeIn = (timeZone: string, now: Date): LedgerTime => ({
  now,
  today: todayIn(timeZone, now),
  dayOf: (instant) => todayIn(timeZone, new Date(instant)),
  startOf: (day) => startOfDay(day, timeZone),
});
