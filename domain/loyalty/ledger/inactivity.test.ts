import { expect, test } from "vitest";
import { afterActivity, type MovingHead } from "./inactivity.ts";

const policy = { kind: "inactivity_months", months: 12, roundTo: "day" } as const;
const wallet: MovingHead = {
  movingExpiresOn: "2027-01-10",
  buckets: [
    { expiresOn: "2026-09-30", points: 5 },
    { expiresOn: "2027-01-10", points: 100 },
    { expiresOn: null, points: 7 },
  ],
  pending: [{ activatesOn: "2026-07-01", expiresOn: "2027-01-10", points: 20 }],
  holds: [{ id: "hld_1", expiresAt: "2026-07-01T00:00:00.000Z", buckets: [{ expiresOn: "2027-01-10", points: 30 }] }],
};

test("an activity moves what has no date of its own, available, pending and held; stated dates stay", () => {
  expect(afterActivity(wallet, policy, "2026-06-15")).toEqual({
    movingExpiresOn: "2027-06-15",
    buckets: [
      { expiresOn: "2026-09-30", points: 5 },
      { expiresOn: "2027-06-15", points: 100 },
      { expiresOn: null, points: 7 },
    ],
    pending: [{ activatesOn: "2026-07-01", expiresOn: "2027-06-15", points: 20 }],
    holds: [{ id: "hld_1", expiresAt: "2026-07-01T00:00:00.000Z", buckets: [{ expiresOn: "2027-06-15", points: 30 }] }],
  });
});

test("points that meet on a date become one bucket, none is lost, and the order by expiry stays", () => {
  const other = { ...wallet, buckets: [...wallet.buckets.slice(0, 2), { expiresOn: "2027-03-01", points: 2 }, { expiresOn: "2027-06-15", points: 9 }] };
  expect(afterActivity(other, policy, "2026-06-15").buckets).toEqual([
    { expiresOn: "2026-09-30", points: 5 },
    { expiresOn: "2027-03-01", points: 2 },
    { expiresOn: "2027-06-15", points: 109 },
  ]);
});

test("an activity of the past moves nothing, nor does one in a month that moves to the same end", () => {
  expect(afterActivity(wallet, policy, "2025-12-31")).toBe(wallet);
  const monthly = afterActivity(wallet, { ...policy, roundTo: "month_end" }, "2026-06-02");
  expect(monthly.movingExpiresOn).toBe("2027-06-30");
  expect(afterActivity(monthly, { ...policy, roundTo: "month_end" }, "2026-06-29")).toBe(monthly);
});

test("what expired before the activity is not revived by it", () => {
  expect(afterActivity(wallet, policy, "2027-01-11")).toEqual({ ...wallet, movingExpiresOn: "2028-01-11" });
  expect(afterActivity(wallet, policy, "2027-01-10").movingExpiresOn).toBe("2028-01-10");
});

test("under every other policy an activity moves nothing", () => {
  for (const other of [{ kind: "never" }, { kind: "calendar_year", months: 12 }] as const) expect(afterActivity(wallet, other, "2026-06-15")).toBe(wallet);
});
