/** Dates at the ends of the calendar and of what a wallet can hold: answered or refused, and the wallet goes on. */
import { expect, test } from "vitest";
import { handler } from "../functions/run-due-work.ts";
import { earn, joined, made, newMember, newProgram, post, redeem, walletOf } from "./loyalty-program.ts";
import { useMovingClock } from "./moving-clock.ts";

const clock = useMovingClock();
const sweep = () => handler({ time: `${new Date(Date.now() + 1000).toISOString().slice(0, 19)}Z` });
const dayMilliseconds = 86_400_000;

test("points until the last day of the calendar can be earned, become available, and are spent", async () => {
  const member = await newMember({ timeZone: "Asia/Tokyo" });
  await earn(member, { points: 10, expiresOn: "9999-12-31" });
  const pendingUntil = new Date(Date.now() + 2 * dayMilliseconds).toISOString().slice(0, 10);
  await earn(member, { points: 5, expiresOn: "9999-12-31", pendingUntil });
  clock.moveOn(3 * 86_400);
  await sweep();
  expect(await walletOf(member)).toMatchObject({ available: 15, pending: 0, sequence: 3, nextExpiries: [{ on: "9999-12-31", points: 15 }] });
  expect((await redeem(member, 15)).wallet.available).toBe(0);
});

test("what was earned in the year 1, which is how some software says that it does not know, has expired", async () => {
  const member = await newMember();
  const { entry, wallet } = await earn(member, { points: 10, effectiveAt: "0001-01-01T00:00:00Z" });
  expect(entry.effectiveAt).toBe("0001-01-01T00:00:00.000Z");
  expect(wallet).toMatchObject({ available: 0, sequence: 2 });
});

test("a wallet has dates in 84 months; all of them move to another wallet and are spent there in one go", async () => {
  const program = await newProgram();
  const [one, other] = [await joined(program), await joined(program)];
  const expiresOn = (month: number) => new Date(Date.UTC(2090, month, 15)).toISOString().slice(0, 10);
  for (let month = 0; month < 84; month++) await earn(one, { points: 10, expiresOn: expiresOn(month) });
  expect((await post(one, `/wallets/${one.walletId}/earnings`, { points: 10, expiresOn: expiresOn(84) })).body).toMatchObject({
    code: "too_many_buckets",
    monthsMax: 84,
  });
  await made(program.tenant, "/transfers", { fromWalletId: one.walletId, toWalletId: other.walletId, points: 840 });
  expect([(await walletOf(one)).available, (await walletOf(other)).available]).toEqual([0, 840]);
  expect((await redeem(other, 835)).wallet.nextExpiries).toEqual([{ on: expiresOn(83), points: 5 }]);
  expect((await earn(one, { points: 10, expiresOn: expiresOn(40) })).wallet.available).toBe(10);
});

test("a new wallet has the tier that nothing need be earned for, and its answer says so", async () => {
  const program = await newProgram({ tiers: { period: "calendar_year", levels: [{ code: "member", name: "Member", qualifyingPoints: 0 }] } });
  const { id: customerId } = await made(program.tenant, "/customers");
  const opened = await made(program.tenant, "/wallets", { customerId, programId: program.programId });
  expect(opened.tier).toBe("member");
  expect(await walletOf({ ...program, customerId, walletId: opened.id })).toEqual(opened);
});

test("a tier never makes earnings less: a multiplier below 1 is refused, not ignored", async () => {
  const { tenant } = await newProgram();
  const levels = (earnMultiplier: number) => [{ code: "member", name: "Member", qualifyingPoints: 0, earnMultiplier }];
  const settings = (earnMultiplier: number) => ({ name: "Club", tiers: { period: "calendar_year", levels: levels(earnMultiplier) } });
  expect((await post({ tenant }, "/programs", settings(0.5))).status).toBe(400);
  expect((await post({ tenant }, "/programs", settings(1))).status).toBe(201);
});
