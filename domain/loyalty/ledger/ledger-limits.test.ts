/** What the ledger does not do: grow without end, take nonsense, change anything when it refuses. */
import { describe, expect, test } from "vitest";
import { type Entry, entryHash } from "./entry.ts";
import type { Applied, Command } from "./ledger.ts";
import { Story } from "./story.test-model.ts";
import { balancesOf, datesMax, monthsMax, pendingBucketsMax, pointsIn } from "./wallet-head.ts";

const forbid = "forbid" as const;
const never = { expiresOn: null };

describe("limits", () => {
  test(`${datesMax} dates, pending ones among them, of which there are ${pendingBucketsMax}; whatever is due can still be settled`, () => {
    const story = new Story();
    const date = (number: number) => new Date(Date.UTC(2027, 5, number)).toISOString().slice(0, 10);
    const available = Array.from({ length: datesMax - pendingBucketsMax }, (_, number) => ({ expiresOn: date(number + 1), points: 1 }));
    story.head = { ...story.head, buckets: available, totals: { ...story.head.totals, issued: -available.length } };
    const earn = (number: number) => story.try("2027-01-02", { kind: "earn", points: 1, expiresOn: date(number), activatesOn: "2027-02-01" });
    for (let number = available.length + 1; number <= datesMax; number++) story.head = (earn(number) as Applied).head;
    expect(earn(datesMax + 1)).toMatchObject({ code: "too_many_buckets", members: { datesMax } });
    expect(earn(datesMax)).toMatchObject({ kind: "applied" });
    const rolled = story.try("2027-02-02", { kind: "roll" }) as Applied;
    expect(rolled.head.buckets).toHaveLength(datesMax);
  });

  test(`dates in ${monthsMax} months, held ones among them; points of a month that is known still come in`, () => {
    const story = new Story();
    const date = (month: number) => new Date(Date.UTC(2027, 5 + month, 15)).toISOString().slice(0, 10);
    for (let month = 0; month < monthsMax; month++) story.earn("2027-01-02", 1, date(month));
    story.at("2027-01-02", { kind: "authorize", holdId: "hld_1", points: 10, expiresAt: "2027-02-01T00:00:00.000Z" });
    expect(story.try("2027-01-02", { kind: "earn", points: 1, expiresOn: date(monthsMax) })).toMatchObject({
      code: "too_many_buckets",
      members: { monthsMax },
    });
    expect(story.earn("2027-01-02", 1, `${date(3).slice(0, 7)}-20`).type).toBe("earn");
  });

  test("20 open holds", () => {
    const story = new Story();
    story.earn("2027-01-02", 100, null);
    const authorize = (number: number) => ({ kind: "authorize", holdId: `hld_${number}`, points: 1, expiresAt: "2027-02-01T00:00:00.000Z" }) as const;
    for (let number = 1; number <= 20; number++) story.at("2027-01-02", authorize(number));
    expect(story.try("2027-01-02", authorize(21))).toMatchObject({ code: "too_many_holds" });
    expect(story.at("2027-02-02", authorize(21)).type).toBe("hold");
  });
});

describe("the caller's faults are no refusals", () => {
  test.each([0, -5, 0.5, Number.NaN, 2 ** 53])("%d points are not taken, given or held", (points) => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 100, null);
    story.at("2027-01-02", { kind: "authorize", holdId: "hld_1", points: 10, expiresAt: "2027-02-01T00:00:00.000Z" });
    const commands: Command[] = [
      { kind: "earn", points, ...never },
      { kind: "redeem", points },
      { kind: "capture", holdId: "hld_1", points },
      { kind: "authorize", holdId: "hld_2", points, expiresAt: "2027-02-01T00:00:00.000Z" },
      { kind: "transfer_out", points },
      { kind: "transfer_in", buckets: [{ ...never, points }] },
      { kind: "reverse", entry: earned, reversedBefore: 0, points, debtPolicy: forbid },
    ];
    for (const command of commands) expect(() => story.try("2027-01-03", command), command.kind).toThrow(RangeError);
  });

  test("another wallet's entry is not undone here", () => {
    const story = new Story();
    const foreign = { ...story.earn("2027-01-02", 10, null), walletId: "wal_2" };
    expect(() => story.reverse("2027-01-02", foreign, 1)).toThrow("no entry of wal_1");
  });

  test("an open hold is not authorised again", () => {
    const story = new Story();
    story.earn("2027-01-02", 10, null);
    const command = { kind: "authorize", holdId: "hld_1", points: 1, expiresAt: "2027-02-01T00:00:00.000Z" } as const;
    story.at("2027-01-02", command);
    expect(() => story.try("2027-01-02", command)).toThrow("open already");
  });
});

test("nothing is ever minus zero: what JSON says has the hash of what was written", () => {
  const story = new Story();
  const earned = story.earn("2027-01-02", 50, "2027-01-31");
  const redeemed = story.redeem("2027-01-02", 50);
  story.reverse("2027-01-02", earned, 50, "allow_negative");
  story.reverse("2027-01-02", redeemed, 50);
  story.earn("2027-01-02", 10, null);
  story.at("2027-01-02", { kind: "adjust", points: -10, ...never, debtPolicy: forbid });
  const numbersIn = (value: unknown): unknown[] => (typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [value]);
  expect(numbersIn([story.head, story.entries, balancesOf(story.head)]).filter((value) => Object.is(value, -0))).toEqual([]);
  for (const { hash, ...entry } of JSON.parse(JSON.stringify(story.entries)) as Entry[]) expect(entryHash(entry)).toBe(hash);
  for (const { postings } of story.entries) expect(pointsIn(postings)).toBe(0);
});

test("a refusal leaves the head as it was, though something was due", () => {
  const story = new Story();
  story.earn("2027-01-02", 10, "2027-01-31");
  const before = JSON.stringify(story.head);
  expect(story.try("2027-06-01", { kind: "redeem", points: 1 })).toMatchObject({ code: "insufficient_points", members: { available: 0, missing: 1 } });
  expect(JSON.stringify(story.head)).toBe(before);
  expect((story.try("2027-01-03", { kind: "roll" }) as Applied).head).toBe(story.head);
});
