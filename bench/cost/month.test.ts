/** The example month, by hand. */
import { expect, test } from "vitest";
import { monthOf, monthSeconds, storageOf } from "./month.ts";

test("a month has 30.4375 days", () => {
  expect(monthSeconds).toBe(2_629_800);
});

test("ten a second are 26.298 million a month", () => {
  expect(monthOf([{ what: "earn", perSecond: 10 }], new Map([["earn", 20]]))).toEqual([{ what: "earn", perMonth: 26_298_000, usd: expect.closeTo(525.96, 6) }]);
});

test("a habit without a price stops the calculation", () => {
  expect(() => monthOf([{ what: "juggle", perSecond: 1 }], new Map())).toThrow("There is no price for juggle");
});

test("a gigabyte in the table costs 45 cents with its backup, one in an index 25", () => {
  const gigabyte = 2 ** 30;
  expect(storageOf([{ count: 1, each: { tableBytes: gigabyte, indexBytes: gigabyte } }])).toEqual({ gigabytes: 2, usd: expect.closeTo(0.7, 9) });
  expect(storageOf([{ count: gigabyte / 1024, each: { tableBytes: 1024, indexBytes: 0 } }])).toEqual({ gigabytes: 1, usd: expect.closeTo(0.45, 9) });
});
