/** What conversions make of texts, without a server. */
import { describe, expect, test } from "vitest";
import { minorUnits, readDecimal } from "./decimal.ts";
import { faultOfFormat, instantIn, readLocalTime } from "./local-time.ts";

const plain = { decimalMark: "." } as const;
const german = { decimalMark: ",", groupMark: "." } as const;

describe("a decimal", () => {
  test.each([
    ["11.77", plain, "11.77"],
    ["+5", plain, "5"],
    ["-0.50", plain, "-0.50"],
    ["1.234.567,89", german, "1234567.89"],
    ["1234,5", german, "1234.5"],
    ["1 234.5", { decimalMark: ".", groupMark: " " } as const, "1234.5"],
  ])("%s is read", (text, marks, decimal) => {
    expect(readDecimal(text, marks)).toBe(decimal);
  });

  test.each([["11,77"], ["1,234.5"], ["1e3"], ["0x10"], [".5"], ["5."], ["--5"], ["$5"], ["Infinity"], [""]])("%s is not guessed at", (text) => {
    expect(readDecimal(text, plain)).toBeUndefined();
  });

  test("with groups of another size than three is not guessed at", () => {
    expect(readDecimal("12.34", german)).toBeUndefined();
  });
});

describe("an amount", () => {
  test.each([
    ["11.77", "USD", 1177],
    ["1.15", "EUR", 115],
    ["-4.1", "EUR", -410],
    ["-0.05", "EUR", -5],
    ["1234", "JPY", 1234],
    ["1.500", "KWD", 1500],
    ["2.5000", "EUR", 250],
    ["90071992547409.91", "USD", 9_007_199_254_740_991],
  ])("%s %s is exact in minor units", (decimal, currency, minor) => {
    expect(minorUnits(decimal, currency)).toBe(minor);
  });

  test.each([
    ["1.005", "USD"],
    ["0.5", "JPY"],
    ["90071992547409.92", "USD"],
  ])("%s %s is refused rather than rounded", (decimal, currency) => {
    expect(minorUnits(decimal, currency)).toBeUndefined();
  });
});

describe("a date", () => {
  const read = (text: string, format: string, timeZone = "UTC") => {
    const time = readLocalTime(text, format);
    return time === undefined ? undefined : instantIn(timeZone, time).toISOString();
  };

  test.each([
    ["19970101 12:00", "YYYYMMDD HH:mm", "UTC", "1997-01-01T12:00:00.000Z"],
    ["09/12/2016", "MM/DD/YYYY", "America/New_York", "2016-09-12T04:00:00.000Z"],
    ["1.7.2026 9:05", "D.M.YYYY H:mm", "Europe/Paris", "2026-07-01T07:05:00.000Z"],
    ["2026-01-01T00:00:00", "YYYY-MM-DDTHH:mm:ss", "Asia/Kolkata", "2025-12-31T18:30:00.000Z"],
    ["2026-03-29 01:59", "YYYY-MM-DD HH:mm", "Europe/Paris", "2026-03-29T00:59:00.000Z"],
    ["2026-03-29 03:00", "YYYY-MM-DD HH:mm", "Europe/Paris", "2026-03-29T01:00:00.000Z"],
    ["2026-10-25 03:00", "YYYY-MM-DD HH:mm", "Europe/Paris", "2026-10-25T02:00:00.000Z"],
  ])("%s as %s in %s is %s", (text, format, timeZone, instant) => {
    expect(read(text, format, timeZone)).toBe(instant);
  });

  test.each([
    ["19970230", "YYYYMMDD"],
    ["1997-01-01", "YYYYMMDD"],
    ["19970101x", "YYYYMMDD"],
    ["01/13/1997", "DD/MM/YYYY"],
    ["1997-01-01 24:00", "YYYY-MM-DD HH:mm"],
  ])("%s as %s is refused", (text, format) => {
    expect(read(text, format)).toBeUndefined();
  });

  test.each([["yyyyMMdd"], ["MM/DD"], ["YYYY-MM-DD hh:mm A"]])("the format %s is refused", (format) => {
    expect(faultOfFormat(format)).toBeDefined();
  });
});
