/** What a clock and a calendar on the wall of a zone show at an instant; both know daylight saving. */
export const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
export type Weekday = (typeof weekdays)[number];

/** `date` is YYYY-MM-DD, `minute` counts from the midnight that the clock shows: 600 is 10:00. */
export type LocalTime = { readonly date: string; readonly weekday: Weekday; readonly minute: number };

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const [year, two] = ["numeric", "2-digit"] as const;
  const made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year, month: two, day: two, hour: two, minute: two });
  formats.set(zone, made);
  return made;
}

export function localTime(instant: string, zone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(new Date(instant))
      .map(({ type, value }) => [type, value]),
  );
  const date = `${parts["year"]?.padStart(4, "0")}-${parts["month"]}-${parts["day"]}`;
  return { date, weekday: weekdayOf(date), minute: Number(parts["hour"]) * 60 + Number(parts["minute"]) };
}

const weekdayOf = (date: string): Weekday => weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()] as Weekday;
export const weekdayBefore = (weekday: Weekday): Weekday => weekdays[(weekdays.indexOf(weekday) + 6) % 7] as Weekday;
