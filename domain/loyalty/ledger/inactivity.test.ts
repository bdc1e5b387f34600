/** Points that expire by inactivity wait for one date of the wallet, which every activity of the member moves. */
import { expect, test } from "vitest";
import { Story } from "./story.test-model.ts";

const earned = { kind: "earn", expiresOn: "inactivity" } as const;

test("an activity gives all of them more time; a stated date stays", () => {
  const story = new Story();
  story.at("2027-01-10", { ...earned, points: 100, activeUntil: "2027-04-10" });
  story.earn("2027-02-01", 7, "2027-05-31");
  expect(story.at("2027-04-10", { kind: "redeem", points: 10, activeUntil: "2027-07-10" }).movingExpiresOn).toBe("2027-07-10");
  expect(story.buckets).toEqual([["inactivity", 97]]);
  story.at("2027-07-11", { kind: "roll" });
  expect(story.balances).toMatchObject({ expired: 97 });
});

test("what expired before the activity is not revived by it, and what is earned then has a date of its own", () => {
  const story = new Story();
  story.at("2027-01-10", { ...earned, points: 100, activeUntil: "2027-04-10" });
  story.at("2027-04-11", { ...earned, points: 5, activeUntil: "2027-07-11" });
  expect(story.balances).toMatchObject({ available: 5, expired: 100 });
});

test("a late purchase of the past takes no time away", () => {
  const story = new Story();
  story.at("2027-01-10", { ...earned, points: 100, activeUntil: "2027-04-10" });
  expect(story.at("2027-01-11", { ...earned, points: 1, activeUntil: "2027-03-01" }).movingExpiresOn).toBeUndefined();
  expect(story.head.movingExpiresOn).toBe("2027-04-10");
});

test("spent points that are given back wait with the others; after the last day they stay expired", () => {
  const story = new Story();
  story.at("2027-01-10", { ...earned, points: 100, activeUntil: "2027-04-10" });
  const spent = story.at("2027-02-10", { kind: "redeem", points: 60, activeUntil: "2027-05-10" });
  story.reverse("2027-05-10", spent, 20);
  expect(story.balances).toMatchObject({ available: 60 });
  story.reverse("2027-05-11", spent, 40, "forbid", 20);
  expect(story.balances).toMatchObject({ expired: 100 });
});
