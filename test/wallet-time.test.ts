/** What happens to wallets by themselves, over HTTP, while time passes: told once, and true before anybody notices. */
import { expect, test } from "vitest";
import { handler } from "../functions/run-due-work.ts";
import { eventually, type Json } from "./clientele.ts";
import { earn, get, joined, type Member, made, newMember, newProgram, redeem, walletOf } from "./loyalty-program.ts";
import { useMovingClock } from "./moving-clock.ts";

const clock = useMovingClock();
const sweep = () => handler({ time: `${new Date(Date.now() + 1000).toISOString().slice(0, 19)}Z` });

/** What was told of the member under these types, in the order of the log, once there are so many. */
const told = (member: Member, types: string, count: number): Promise<Json[]> =>
  eventually(async () => {
    const { data } = await get(member, `/customers/${member.customerId}/timeline?type=${types}&limit=100`);
    const events = data.toSorted((one: Json, other: Json) => one.sequence - other.sequence);
    return events.length >= count && events.map(({ type, data: { object } }: Json) => ({ ...object, type }));
  });

test("points that expire are announced 30 and 7 days before, once each, and expire with their last day in the programme's zone", async () => {
  clock.moveTo("2027-01-15T09:00:00+01:00");
  const member = await newMember({ timeZone: "Europe/Paris", expiry: { kind: "rolling_months", months: 2 } });
  await earn(member, { points: 40 });
  for (const at of ["2027-03-01T00:00:30+01:00", "2027-03-01T12:00:00+01:00", "2027-03-24T00:00:30+01:00", "2027-03-31T23:59:00+02:00"]) {
    clock.moveTo(at);
    await sweep();
    await sweep();
  }
  expect((await walletOf(member)).available).toBe(40);
  clock.moveTo("2027-04-01T00:00:00+02:00");
  // Nobody swept, and the points are gone.
  expect((await walletOf(member)).available).toBe(0);
  await sweep();
  const events = await told(member, "points.*", 4);
  expect(events.map(({ type, points, daysLeft, effectiveAt }) => [type, points, daysLeft ?? effectiveAt])).toEqual([
    ["points.earned", 40, expect.any(String)],
    ["points.expiring", 40, 30],
    ["points.expiring", 40, 7],
    ["points.expired", 40, "2027-03-31T22:00:00.000Z"],
  ]);
});

test("a tier is told when it is reached, when it is at risk, and when it is lost, and the outlook says so before", async () => {
  clock.moveTo("2028-03-01T09:00:00Z");
  const tiers = { period: "calendar_year", levels: [{ code: "silver", name: "Silver", qualifyingPoints: 100, entitlements: ["lounge"] }] };
  const member = await newMember({ timeZone: "UTC", tiers });
  await earn(member, { points: 120 });
  expect(await walletOf(member)).toMatchObject({
    tier: "silver",
    tierOutlook: { tierUntil: "2029-12-31", atRisk: false, entitlements: ["lounge"] },
  });
  for (const at of ["2029-01-01T00:01:00Z", "2029-12-01T00:01:00Z", "2029-12-20T00:01:00Z", "2030-01-01T00:01:00Z"]) {
    clock.moveTo(at);
    await sweep();
  }
  expect(await told(member, "tier.*", 3)).toMatchObject([
    { type: "tier.upgraded", from: null, to: "silver", on: "2028-03-01" },
    { type: "tier.at_risk", from: "silver", to: null, on: "2029-12-01", until: "2029-12-31" },
    { type: "tier.downgraded", from: "silver", to: null, on: "2030-01-01" },
  ]);
  expect((await walletOf(member)).tier).toBeUndefined();
});

test("a hold whose time is over is told as expired, one that was given back as voided", async () => {
  clock.moveTo("2030-02-01T09:00:00Z");
  const member = await newMember({ holdSeconds: 600 });
  await earn(member, { points: 40 });
  const { hold } = await made(member.tenant, `/wallets/${member.walletId}/holds`, { points: 10 });
  expect(hold.expiresAt.slice(0, 16)).toBe("2030-02-01T09:10");
  const other = await made(member.tenant, `/wallets/${member.walletId}/holds`, { points: 10 });
  await made(member.tenant, `/holds/${other.hold.id}/void`);
  clock.moveTo("2030-02-01T09:11:00Z");
  await sweep();
  expect((await told(member, "hold.*", 4)).map(({ type, holdId }) => [type, holdId])).toEqual([
    ["hold.authorized", hold.id],
    ["hold.authorized", other.hold.id],
    ["hold.voided", other.hold.id],
    ["hold.expired", hold.id],
  ]);
});

test("points that expire by inactivity live on with every activity of the member, and a transfer takes their time along", async () => {
  clock.moveTo("2030-03-01T09:00:00Z");
  const program = await newProgram({ timeZone: "UTC", expiry: { kind: "inactivity_months", months: 3, roundTo: "day" } });
  const [one, other] = [await joined(program), await joined(program)];
  await earn(one, { points: 40 });
  clock.moveTo("2030-06-01T09:00:00Z");
  expect((await redeem(one, 10)).wallet.nextExpiries).toEqual([{ on: "2030-09-01", points: 30 }]);
  await made(program.tenant, "/transfers", { fromWalletId: one.walletId, toWalletId: other.walletId, points: 10 });
  expect((await walletOf(other)).nextExpiries).toEqual([{ on: "2030-09-01", points: 10 }]);
  clock.moveTo("2030-09-01T23:59:00Z");
  expect((await walletOf(one)).available).toBe(20);
  clock.moveTo("2030-09-02T00:00:00Z");
  await sweep();
  expect([(await walletOf(one)).available, (await walletOf(other)).available]).toEqual([0, 0]);
});

test("a wallet that was left alone until more was due than a transaction holds is caught up with in parts, and can be used then", async () => {
  clock.moveTo("2031-01-01T09:00:00Z");
  const member = await newMember({ timeZone: "UTC" });
  const day = (offset: number) => new Date(Date.UTC(2031, 0, 2 + offset)).toISOString().slice(0, 10);
  // Sixty activations and sixty expiries, each on a day of its own.
  for (let offset = 0; offset < 60; offset++) await earn(member, { points: 1, pendingUntil: day(offset), expiresOn: day(100 + offset) });
  await earn(member, { points: 5, expiresOn: "2033-12-31" });
  clock.moveTo("2032-01-01T09:00:00Z");
  expect((await walletOf(member)).available).toBe(5);
  await sweep();
  expect((await redeem(member, 5)).wallet).toMatchObject({ available: 0, sequence: 61 + 120 + 1 });
}, 60_000);

test("points that expire day by day over a year are spent first by first, whatever part of them the head carries", async () => {
  clock.moveTo("2034-01-01T09:00:00Z");
  const member = await newMember({ timeZone: "UTC", expiry: { kind: "rolling_months", months: 12, roundTo: "day" } });
  const start = Date.UTC(2034, 0, 1);
  for (let month = 0; month < 9; month++)
    for (let day = 0; day < 12; day++) {
      const expiresOn = new Date(start + (40 + month * 30 + day) * 86_400_000).toISOString().slice(0, 10);
      await earn(member, { points: 10, expiresOn });
    }
  expect(await walletOf(member)).toMatchObject({ available: 1080, sequence: 108 });
  const { entry } = await redeem(member, 965);
  expect(entry.allocations).toHaveLength(97);
  expect(entry.allocations[0].expiresOn).toBe("2034-02-10");
  // Half of the 97th day's points are left, and ten days after it; what expires later than a year is none of theirs.
  expect((await walletOf(member)).nextExpiries[0]).toEqual({ on: entry.allocations[96].expiresOn, points: 5 });
  const { wallet } = await made(member.tenant, `/entries/${entry.id}/reversals`, { points: 900, reason: "Not delivered." });
  expect(wallet.available).toBe(1015);
  clock.moveTo("2034-12-31T00:00:00Z");
  await sweep();
  // Of the 108 days the first six had been spent wholly.
  expect(await walletOf(member)).toMatchObject({ available: 0, sequence: 108 + 2 + 102 });
}, 60_000);
