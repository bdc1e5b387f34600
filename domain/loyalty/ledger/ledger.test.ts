/** The stated orders and the edges of time, one by one. What holds for all commands together is in ledger.property.test.ts. */
import { describe, expect, test } from "vitest";
import type { DebtPolicy } from "./ledger.ts";
import { inShort, Story } from "./story.test-model.ts";

const forbid = "forbid" as const;
const never = { expiresOn: null };

describe("a reversed earning is taken", () => {
  test("from its pending points first, then from its own date, then from what expires first", () => {
    const story = new Story();
    story.earn("2027-01-02", 10, "2027-03-31");
    story.earn("2027-01-02", 20, "2027-06-30");
    const pending = story.earn("2027-01-02", 30, "2027-06-30", "2027-02-01");
    const entry = story.reverse("2027-01-03", pending, 12);
    expect(entry.postings).toEqual(expect.arrayContaining([{ account: "pending", points: -12 }]));
    expect(story.balances).toMatchObject({ available: 30, pending: 18 });
    // On the first of February what is left of it is usable, with its date.
    story.redeem("2027-02-02", 15);
    expect(story.buckets).toEqual([["2027-06-30", 33]]);
    story.earn("2027-02-02", 40, "2027-04-30");
    story.reverse("2027-02-03", pending, 18, forbid, 12);
    expect(story.buckets).toEqual([
      ["2027-04-30", 40],
      ["2027-06-30", 15],
    ]);
  });

  test("from other dates when its own has not enough", () => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 50, "2027-03-31");
    story.redeem("2027-01-03", 40);
    for (const expiresOn of [null, "2028-01-31", "2027-12-31"]) story.earn("2027-01-04", 15, expiresOn);
    expect(inShort(story.reverse("2027-01-05", earned, 30).allocations)).toEqual([
      ["2027-03-31", 10],
      ["2027-12-31", 15],
      ["2028-01-31", 5],
    ]);
  });

  test.each<[DebtPolicy, object]>([
    ["forbid", { refused: "insufficient_points" }],
    ["within_balance", { taken: 20 }],
    ["allow_negative", { taken: 50, debt: 30 }],
  ])("under the debt policy %s, when 20 of 50 points are left: %j", (debtPolicy, expected) => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 50, "2027-03-31");
    story.redeem("2027-01-03", 30);
    const result = story.try("2027-01-04", { kind: "reverse", entry: earned, reversedBefore: 0, points: 50, debtPolicy });
    const told =
      result.kind === "refused" ? { refused: result.code } : { taken: result.entry?.points, ...(result.head.debt > 0 && { debt: result.head.debt }) };
    expect(told).toEqual(expected);
    if (result.kind === "refused") expect(result.members).toEqual({ available: 20, missing: 30 });
  });

  test.each<DebtPolicy>(["forbid", "within_balance"])("not at all under %s when nothing is left", (debtPolicy) => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 50, null);
    story.redeem("2027-01-03", 50);
    expect(story.try("2027-01-04", { kind: "reverse", entry: earned, reversedBefore: 0, points: 1, debtPolicy })).toMatchObject({
      code: "insufficient_points",
    });
  });

  test("never beyond the entry, however often", () => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 50, null);
    story.earn("2027-01-02", 500, null);
    story.reverse("2027-01-03", earned, 30);
    const result = story.try("2027-01-03", { kind: "reverse", entry: earned, reversedBefore: 30, points: 21, debtPolicy: forbid });
    expect(result).toMatchObject({ kind: "refused", code: "reversal_exceeds_entry", members: { reversible: 20 } });
  });
});

describe("debt", () => {
  const indebted = () => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 50, null);
    story.redeem("2027-01-02", 50);
    story.reverse("2027-01-02", earned, 50, "allow_negative");
    expect(story.balances).toMatchObject({ debt: -50 });
    return story;
  };

  test("is paid back by the next earning; what is left of that is usable", () => {
    const story = indebted();
    story.earn("2027-01-03", 30, "2027-12-31");
    expect(story.balances).toMatchObject({ debt: -20, issued: -80 });
    expect(story.earn("2027-01-04", 30, "2027-12-31").availableAfter).toBe(10);
    expect(story.head.debt).toBe(0);
  });

  test("is not paid back by pending points before the day on which they activate", () => {
    const story = indebted();
    story.earn("2027-01-03", 80, "2027-12-31", "2027-02-01");
    expect(story.balances).toMatchObject({ debt: -50, pending: 80 });
    const activation = story.at("2027-02-01T05:00:00.000Z", { kind: "roll" });
    expect(activation).toMatchObject({ type: "activate", points: 80, availableAfter: 30, effectiveAt: "2027-02-01T05:00:00.000Z" });
    expect(story.balances).not.toHaveProperty("debt");
  });

  test("is paid back by what came first, however late the wallet is rolled", () => {
    const story = indebted();
    story.earn("2027-01-03", 50, "2028-12-31", "2027-02-01");
    story.earn("2027-01-03", 50, "2027-03-31", "2027-03-01");
    story.at("2027-03-15", { kind: "roll" });
    expect(story.buckets).toEqual([["2027-03-31", 50]]);
  });

  test("is paid back by a hold that ran out before its points did, even when that is noticed after they did", () => {
    const story = new Story();
    const earned = story.earn("2027-01-02", 50, "2027-01-31");
    story.at("2027-01-03", { kind: "authorize", holdId: "hld_1", points: 50, expiresAt: "2027-01-20T00:00:00.000Z" });
    story.reverse("2027-01-04", earned, 20, "allow_negative");
    story.at("2027-06-01", { kind: "roll" });
    expect(story.balances).toEqual({ issued: -50, reversed: 20, expired: 30 });
  });
});

describe("a hold", () => {
  const held = () => {
    const story = new Story();
    story.earn("2027-01-02", 40, "2027-01-31");
    story.earn("2027-01-02", 40, "2027-02-28");
    story.at("2027-01-03", { kind: "authorize", holdId: "hld_1", points: 60, expiresAt: "2027-03-15T12:00:00.000Z" });
    return story;
  };

  test("can be captured though its dates have passed: those that expire first, part by part", () => {
    const story = held();
    expect(inShort(story.at("2027-03-10", { kind: "capture", holdId: "hld_1", points: 50 }).allocations)).toEqual([
      ["2027-01-31", 40],
      ["2027-02-28", 10],
    ]);
    story.at("2027-03-11", { kind: "capture", holdId: "hld_1" });
    expect(story.balances).toEqual({ issued: -80, redeemed: 60, expired: 20 });
    expect(story.try("2027-03-11", { kind: "capture", holdId: "hld_1" })).toMatchObject({ code: "hold_not_open" });
  });

  test("gives back what is alive when it is voided; the rest expires", () => {
    const story = held();
    expect(story.at("2027-02-10", { kind: "void", holdId: "hld_1" })).toMatchObject({ points: 60, availableAfter: 40 });
    expect(story.balances).toEqual({ issued: -80, available: 40, expired: 40 });
  });

  test("runs out at its instant, and gives back as of then", () => {
    const story = held();
    expect(story.try("2027-03-15T11:59:59.999Z", { kind: "roll" })).toMatchObject({ head: { holds: [expect.anything()] } });
    expect(story.at("2027-03-15T12:00:00.000Z", { kind: "roll" })).toMatchObject({ type: "void", reason: "expired", effectiveAt: "2027-03-15T12:00:00.000Z" });
    expect(story.balances).toEqual({ issued: -80, expired: 80 });
  });

  test("is never captured beyond its points", () => {
    expect(held().try("2027-01-04", { kind: "capture", holdId: "hld_1", points: 61 })).toMatchObject({ code: "capture_exceeds_hold", members: { held: 60 } });
  });
});

describe("a reimbursed redemption goes back", () => {
  const redeemed = () => {
    const story = new Story();
    for (const [points, expiresOn] of [
      [10, "2027-01-31"],
      [10, "2027-02-28"],
      [10, null],
    ] as const)
      story.earn("2027-01-02", points, expiresOn);
    return { story, entry: story.redeem("2027-01-03", 30) };
  };

  test("to the dates that it came from, the last to expire first, part by part", () => {
    const { story, entry } = redeemed();
    story.reverse("2027-01-04", entry, 15);
    expect(story.buckets).toEqual([
      ["2027-02-28", 5],
      [null, 10],
    ]);
    story.reverse("2027-01-05", entry, 15, forbid, 15);
    expect(story.buckets).toEqual([
      ["2027-01-31", 10],
      ["2027-02-28", 10],
      [null, 10],
    ]);
    expect(story.balances).toEqual({ issued: -30, available: 30 });
  });

  test("without grace, points whose date has passed expire again", () => {
    const { story, entry } = redeemed();
    expect(story.reverse("2027-02-10", entry, 30)).toMatchObject({ points: 30, availableAfter: 20 });
    expect(story.balances).toEqual({ issued: -30, available: 20, expired: 10 });
  });

  test("with grace, they live on until its end; the others keep their dates", () => {
    const { story, entry } = redeemed();
    story.reverse("2027-02-10", entry, 30, forbid, 0, "2027-02-24");
    expect(story.buckets).toEqual([
      ["2027-02-24", 10],
      ["2027-02-28", 10],
      [null, 10],
    ]);
  });
});

describe("points", () => {
  test("are usable through their last day in the programme's zone, daylight saving or not", () => {
    const story = new Story();
    story.earn("2027-03-01", 10, "2027-03-14");
    expect(story.redeem("2027-03-15T03:59:59.999Z", 1).points).toBe(1);
    const expiry = story.at("2027-04-01", { kind: "roll" });
    expect(expiry).toMatchObject({ type: "expire", points: 9, effectiveAt: "2027-03-15T04:00:00.000Z", recordedAt: "2027-04-01T17:00:00.000Z" });
  });

  test("that come in when their date has passed expire in the same command, and never count as available", () => {
    const story = new Story();
    story.earn("2027-03-01", 10, "2027-02-28");
    expect(story.entries.map(({ type }) => type)).toEqual(["earn", "expire"]);
    expect(story.balances).toEqual({ issued: -10, expired: 10 });
  });

  test("of several dates expire one after the other, each at its own time, however late that is noticed", () => {
    const story = new Story();
    for (const expiresOn of ["2027-02-28", "2027-01-31"]) story.earn("2027-01-02", 10, expiresOn);
    story.at("2028-01-01", { kind: "roll" });
    const expiries = story.entries.filter(({ type }) => type === "expire").map(({ effectiveAt, availableAfter }) => [effectiveAt, availableAfter]);
    expect(expiries).toEqual([
      ["2027-02-01T05:00:00.000Z", 10],
      ["2027-03-01T05:00:00.000Z", 0],
    ]);
  });

  test("that were transferred keep their dates", () => {
    const [from, to] = [new Story(), new Story()];
    for (const expiresOn of [null, "2027-02-28"]) from.earn("2027-01-02", 10, expiresOn);
    const { allocations } = from.at("2027-01-03", { kind: "transfer_out", points: 15 });
    to.at("2027-01-03", { kind: "transfer_in", buckets: allocations });
    expect(to.buckets).toEqual([
      ["2027-02-28", 10],
      [null, 5],
    ]);
  });

  test("that expired can be given back, in parts, never beyond", () => {
    const story = new Story();
    story.earn("2027-01-02", 10, "2027-01-31");
    const entry = story.at("2027-02-02", { kind: "roll" });
    story.at("2027-02-02", { kind: "reinstate", entry, reversedBefore: 0, points: 6, expiresOn: "2027-03-31" });
    expect(story.balances).toEqual({ issued: -10, available: 6, expired: 4 });
    expect(story.try("2027-02-02", { kind: "reinstate", entry, reversedBefore: 6, points: 5, ...never })).toMatchObject({ code: "reversal_exceeds_entry" });
  });
});
