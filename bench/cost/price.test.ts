/** The arithmetic of prices, by hand. A change of a list price changes these, too: that is what they are for. */
import { describe, expect, test } from "vitest";
import { gatewayRequestsOf, gigabyteSecondsOf, gigabytesOf, priceParts, queueRequestsOf, shareOf, sumOf, type Usage, usageOf, usdPerMillion } from "./price.ts";
import { standingPrices, usagePrices } from "./prices.ts";

const kilobyte = 1024;

describe("a million of", () => {
  test.each<[string, Partial<Usage>, number]>([
    ["nothing cost nothing", {}, 0],
    ["strong reads of up to 4 KB cost 12.5 cents", { readUnits: 1 }, 0.125],
    ["reads from an index of up to 4 KB cost half of that", { readUnits: 0.5 }, 0.0625],
    ["writes of up to 1 KB cost 62.5 cents", { writeUnits: 1 }, 0.625],
    ["transactions of two small items cost four write units", { writeUnits: 4 }, 2.5],
    ["requests of the HTTP API cost a dollar", { gatewayRequests: 1 }, 1],
    ["invocations cost 20 cents without their duration", { lambdaRequests: 1 }, 0.2],
    ["10 ms with 1 GB cost 13.3 cents", { lambdaGigabyteSeconds: gigabyteSecondsOf(10, 1024) }, 0.133334],
    ["messages of a fair queue, sent, received and deleted ten at a time, cost 15 cents", { queueRequests: 0.3, fairQueueRequests: 0.3 }, 0.15],
    ["log lines of 1 KB cost 47.7 cents", { logGigabytes: gigabytesOf(kilobyte) }, 0.476837],
    ["answers of 1 KB cost 8.6 cents to send", { gigabytesOut: gigabytesOf(kilobyte) }, 0.085831],
    ["requests of which one in 20 is traced cost 25 cents for it", { traces: 0.05 }, 0.25],
    [
      "calls that read 2 units, write 5 and take 20 ms of 1 GB cost the sum of it",
      { readUnits: 2, writeUnits: 5, gatewayRequests: 1, lambdaRequests: 1, lambdaGigabyteSeconds: gigabyteSecondsOf(20, 1024) },
      0.25 + 3.125 + 1 + 0.2 + 0.266668,
    ],
  ])("%s", (_, used, usd) => {
    expect(usdPerMillion(usageOf(used))).toBeCloseTo(usd, 6);
  });
});

test.each([
  [0, 0, 1],
  [100, 512 * kilobyte, 1],
  [512 * kilobyte + 1, 100, 2],
])("a request of %d bytes with an answer of %d is metered as %d", (bytesIn, bytesOut, requests) => {
  expect(gatewayRequestsOf(bytesIn, bytesOut)).toBe(requests);
});

test.each([
  [0, 1],
  [64 * kilobyte, 1],
  [64 * kilobyte + 1, 2],
])("messages of %d bytes together are %d requests to the queue", (bytes, requests) => {
  expect(queueRequestsOf(bytes)).toBe(requests);
});

test.each([
  [0.2, 1024, 0.001],
  [12, 1024, 0.012],
  [12.01, 512, 0.0065],
])("%d ms with %d MB are %d GB-seconds", (milliseconds, memoryMegabytes, gigabyteSeconds) => {
  expect(gigabyteSecondsOf(milliseconds, memoryMegabytes)).toBeCloseTo(gigabyteSeconds, 9);
});

test("usages add up and divide meter by meter", () => {
  const [one, other] = [usageOf({ readUnits: 1, writeUnits: 4 }), usageOf({ writeUnits: 2, traces: 0.5 })];
  expect(sumOf([one, other, shareOf(other, 0.5)])).toEqual(usageOf({ readUnits: 1, writeUnits: 7, traces: 0.75 }));
});

test("the parts of a price are named by what they are for", () => {
  expect(priceParts(usageOf({ writeUnits: 2 }))).toEqual({ ...usageOf({}), writeUnits: 1.25 });
});

test.each(Object.entries({ ...usagePrices, ...standingPrices }))("the price of %s says where it was read, and when", (_, { usd, per, source, copy, seen }) => {
  expect([usd > 0, per > 0]).toEqual([true, true]);
  expect([source, copy, seen]).toEqual([
    expect.stringMatching(/^https:\/\/aws\.amazon\.com\//),
    expect.stringMatching(/./),
    expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  ]);
});
