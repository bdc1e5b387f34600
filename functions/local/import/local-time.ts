/** Dates and times as CSV files write them. */

const parts = { YYYY: "year", MM: "month", M: "month", DD: "day", D: "day", HH: "hour", H: "hour", mm: "minute", ss: "second" } as const;
type Token = keyof typeof parts;
const token = /YYYY|MM|M|DD|D|HH|H|mm|ss/g;

/** What is wrong with a format; undefined when nothing is. */
export function faultOfFormat(format: string): string | undefined {
  const names = (format.match(token) ?? []).map((one) => parts[one as Token]);
  const rest = format.replaceAll(token, "").replaceAll("T", "");
  if (/\p{L}/u.test(rest)) return `A format is made of YYYY, MM or M, DD or D, HH or H, mm, ss and signs between them; it cannot hold "${rest.trim()}".`;
  if (!["year", "month", "day"].every((name) => names.filter((one) => one === name).length === 1))
    return "A format names the year (YYYY), the month (MM or M) and the day (DD or D), each once.";
  return undefined;
}

const patterns = new Map<string, RegExp>();
function patternOf(format: string): RegExp {
  let pattern = patterns.get(format);
  if (!pattern) {
    const source = format
      .replaceAll(/[^\p{L}]/gu, (sign) => RegExp.escape(sign))
      .replaceAll(token, (one) => `(?<${parts[one as Token]}>${one.length === 1 ? "\\d{1,2}" : `\\d{${one.length}}`})`);
    pattern = new RegExp(`^${source}$`);
    patterns.set(format, pattern);
  }
  return pattern;
}

/** The milliseconds since 1970 that a text would mean in UTC; undefined when it does not fit the format or there is no such day or time. */
export function readLocalTime(text: string, format: string): number | undefined {
  const found = patternOf(format).exec(text)?.groups;
  if (!found) return undefined;
  const { year, month, day, hour = "0", minute = "0", second = "0" } = found;
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const written = [year, month, day, hour, minute, second].map(Number);
  const read = new Date(time)
    .toISOString()
    .split(/[-T:.]/)
    .slice(0, 6)
    .map(Number);
  return written.every((part, index) => part === read[index]) ? time : undefined;
}

/** The instant at which clocks in the zone show `localTime`. What the clocks skip in spring counts on past the gap. */
export function instantIn(timeZone: string, localTime: number): Date {
  const guess = localTime - offsetMilliseconds(timeZone, localTime);
  return new Date(localTime - offsetMilliseconds(timeZone, guess));
}

const clocks = new Map<string, Intl.DateTimeFormat>();
function offsetMilliseconds(timeZone: string, time: number): number {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
    clocks.set(timeZone, clock);
  }
  // "GMT+02:00"; "GMT" alone is zero, and times of long ago have seconds too.
  const name = clock.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign = "+", hours = 0, minutes = 0, seconds = 0] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(name) ?? [];
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -size : size;
}
