import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { activatesOnFor, activeUntilFor, addDays, addMonths, endOfMonth, expiresOnFor, startOfDay, todayIn } from "./calendar.ts";

const rolling = (months: number, roundTo: "month_end" | "day" = "month_end") => ({ kind: "rolling_months" as const, months, roundTo });
const zones = ["Pacific/Kiritimati", "America/New_York", "Asia/Kolkata", "Europe/Paris", "Pacific/Apia", "America/Sao_Paulo", "Africa/Cairo", "UTC"];

test.each([
  // zone, the last millisecond of the 31st and the instant at which the 1st begins
  ["Pacific/Kiritimati", "2026-12-31T09:59:59.999Z", "2026-12-31T10:00:00.000Z"],
  ["America/New_York", "2027-01-01T04:59:59.999Z", "2027-01-01T05:00:00.000Z"],
  ["Asia/Kolkata", "2026-12-31T18:29:59.999Z", "2026-12-31T18:30:00.000Z"],
  ["Europe/Paris", "2026-12-31T22:59:59.999Z", "2026-12-31T23:00:00.000Z"],
  ["Pacific/Apia", "2026-12-31T10:59:59.999Z", "2026-12-31T11:00:00.000Z"],
])("in %s the year ends with the zone's own midnight", (zone, before, after) => {
  expect(todayIn(zone, new Date(before))).toBe("2026-12-31");
  expect(todayIn(zone, new Date(after))).toBe("2027-01-01");
  expect(startOfDay("2027-01-01", zone)).toBe(after);
});

test.each([
  ["a spring day of 23 hours", "Europe/Paris", "2026-03-29", "2026-03-28T23:00:00.000Z", 23],
  ["an autumn day of 25 hours", "Europe/Paris", "2026-10-25", "2026-10-24T22:00:00.000Z", 25],
  ["a spring day of 23 hours", "America/New_York", "2026-03-08", "2026-03-08T05:00:00.000Z", 23],
  ["an autumn day of 25 hours", "America/New_York", "2026-11-01", "2026-11-01T04:00:00.000Z", 25],
  ["a day without midnight, which begins at one", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z", 23],
  ["a day like others where no clock is changed", "Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00.000Z", 24],
])("%s (%s, %s) begins and ends when the zone says", (_, zone, date, start, hours) => {
  expect(startOfDay(date, zone)).toBe(start);
  const end = Date.parse(startOfDay(addDays(date, 1), zone));
  expect((end - Date.parse(start)) / 3_600_000).toBe(hours);
  expect([-1, 0, hours * 3_600_000 - 1, hours * 3_600_000].map((offset) => todayIn(zone, new Date(Date.parse(start) + offset)))).toEqual([
    addDays(date, -1),
    date,
    date,
    addDays(date, 1),
  ]);
});

test("Samoa had no 30 December 2011: it begins and is over when the 31st begins", () => {
  expect(startOfDay("2011-12-30", "Pacific/Apia")).toBe(startOfDay("2011-12-31", "Pacific/Apia"));
  expect(todayIn("Pacific/Apia", new Date("2011-12-30T09:59:59.999Z"))).toBe("2011-12-29");
  expect(todayIn("Pacific/Apia", new Date("2011-12-30T10:00:00.000Z"))).toBe("2011-12-31");
});

test("today is what Temporal says, in every zone and at every time", () => {
  const instant = fc.date({ min: new Date("1990-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(instant, fc.constantFrom(...zones), (now, zone) => {
      const zoned = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone);
      expect(todayIn(zone, now)).toBe(zoned.toPlainDate().toString());
    }),
  );
});

test("days and months are counted as Temporal counts them", () => {
  const day = fc.date({ min: new Date("1900-01-01"), max: new Date("2199-12-31"), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, fc.integer({ min: -1200, max: 1200 }), (date, count) => {
      const plain = Temporal.PlainDate.from(date);
      expect(addDays(date, count)).toBe(plain.add({ days: count }).toString());
      expect(addMonths(date, count)).toBe(plain.add({ months: count }).toString());
      expect(endOfMonth(date)).toBe(plain.with({ day: plain.daysInMonth }).toString());
    }),
    { numRuns: 2000 },
  );
});

test("a day begins with the first instant that is in it", () => {
  const day = fc.date({ min: new Date("2000-01-01"), max: new Date("2060-12-31"), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, fc.constantFrom(...zones.filter((zone) => zone !== "Pacific/Apia")), (date, zone) => {
      const start = Date.parse(startOfDay(date, zone));
      expect([todayIn(zone, new Date(start - 1)) < date, todayIn(zone, new Date(start))]).toEqual([true, date]);
    }),
  );
});

test.each([
  ["2026-01-31", 1, "2026-02-28"],
  ["2028-01-31", 1, "2028-02-29"],
  ["2024-02-29", 12, "2025-02-28"],
  ["2024-02-29", 48, "2028-02-29"],
  ["2096-02-29", 48, "2100-02-28"],
  ["2026-12-31", 2, "2027-02-28"],
  ["2026-08-31", 1, "2026-09-30"],
  ["2026-03-31", -1, "2026-02-28"],
])("%s and %i months is %s", (date, months, then) => expect(addMonths(date, months)).toBe(then));

test.each([
  ["2026-02-10", "2026-02-28"],
  ["2028-02-01", "2028-02-29"],
  ["2100-02-01", "2100-02-28"],
  ["2026-12-31", "2026-12-31"],
])("the month of %s ends on %s", (date, end) => expect(endOfMonth(date)).toBe(end));

describe("the last day of points", () => {
  test.each([
    ["24 months, to the end of the month", rolling(24), "2026-11-21", "2028-11-30"],
    ["earned on the last day of the month", rolling(24), "2026-11-30", "2028-11-30"],
    ["into a February of a leap year", rolling(24), "2026-02-01", "2028-02-29"],
    ["from a leap day", rolling(12), "2024-02-29", "2025-02-28"],
    ["from the 31st into a shorter month, not into the one after", rolling(1), "2026-01-31", "2026-02-28"],
    ["over the end of a year", rolling(1), "2026-12-31", "2027-01-31"],
    ["24 months, to the day", rolling(24, "day"), "2026-11-21", "2028-11-21"],
    ["to the day, from a leap day", rolling(24, "day"), "2024-02-29", "2026-02-28"],
    ["the end of this calendar year", { kind: "calendar_year", months: 0 }, "2026-12-31", "2026-12-31"],
    ["the end of the next calendar year", { kind: "calendar_year", months: 12 }, "2026-01-01", "2027-12-31"],
    ["of the next calendar year, from a leap day", { kind: "calendar_year", months: 12 }, "2024-02-29", "2025-12-31"],
    ["of the year that three months more reach", { kind: "calendar_year", months: 3 }, "2026-09-30", "2026-12-31"],
    ["of the year after, one day later", { kind: "calendar_year", months: 3 }, "2026-10-01", "2027-12-31"],
    ["never", { kind: "never" }, "2026-01-01", null],
  ] as const)("%s", (_, policy, earnedOn, last) => expect(expiresOnFor(policy, earnedOn)).toBe(last));

  test("by inactivity waits for one date of the wallet, which counts from the last activity", () => {
    const policy = { kind: "inactivity_months", months: 12, roundTo: "day" } as const;
    expect(expiresOnFor(policy, "2026-01-10")).toBe("inactivity");
    expect(activeUntilFor(policy, "2026-01-10")).toBe("2027-01-10");
    expect(activeUntilFor({ ...policy, roundTo: "month_end" }, "2027-02-28")).toBe("2028-02-29");
    expect(activeUntilFor({ kind: "never" }, "2026-01-10")).toBeUndefined();
  });

  test("never comes earlier for what was earned later", () => {
    const date = fc.date({ min: new Date("2000-01-01"), max: new Date("2090-12-31"), noInvalidDate: true }).map((day) => day.toISOString().slice(0, 10));
    const policy = fc.oneof(
      fc.record({
        kind: fc.constant("rolling_months" as const),
        months: fc.integer({ min: 1, max: 60 }),
        roundTo: fc.constantFrom("month_end" as const, "day" as const),
      }),
      fc.record({ kind: fc.constant("calendar_year" as const), months: fc.integer({ min: 0, max: 60 }) }),
    );
    fc.assert(
      fc.property(policy, date, date, (expiry, one, other) => {
        const [first, last] = [one, other].toSorted() as [string, string];
        const [sooner, later] = [expiresOnFor(expiry, first) as string, expiresOnFor(expiry, last) as string];
        expect(sooner >= first && sooner <= later).toBe(true);
      }),
    );
  });
});

test.each([
  [0, "2026-11-21", undefined],
  [14, "2026-12-20", "2027-01-03"],
  [1, "2028-02-28", "2028-02-29"],
  [1, "2026-10-24", "2026-10-25"],
])("%i days pending from %s: usable on %s", (days, earnedOn, on) => expect(activatesOnFor(days, earnedOn)).toBe(on));

test("dates have years of four digits: early ones are filled up, and after the last one there is none", () => {
  expect(todayIn("Europe/Paris", new Date("0001-01-01T12:00:00.000Z"))).toBe("0001-01-01");
  expect(todayIn("Europe/Paris", new Date("0900-05-01T12:00:00.000Z"))).toBe("0900-05-01");
  expect([addDays("9999-12-31", 1), addMonths("9999-12-31", 12), endOfMonth("9999-12-01")]).toEqual(Array(3).fill("9999-12-31"));
  expect(addDays("0000-01-01", -1)).toBe("0000-01-01");
  for (const zone of zones) expect(Date.parse(startOfDay(addDays("9999-12-31", 1), zone))).not.toBeNaN();
});
