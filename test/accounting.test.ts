/** Accounting, liability and integrity over HTTP: a programme's life over several days, told by the stream as it is and in worse ways. */
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { consumptionOf } from "../bench/consumption.ts";
import { overwrite } from "../domain/kernel/table.ts";
import type { Entry } from "../domain/loyalty/ledger/entry.ts";
import type { WalletHead } from "../domain/loyalty/ledger/wallet-head.ts";
import { entriesOf, entryKey, walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { handler as accountPoints } from "../functions/account-points.ts";
import { streamConsumers } from "../functions/local/stream-consumers.ts";
import { itemKey } from "../functions/shell/item.ts";
import { openTable } from "../functions/shell/table.ts";
import { call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";
import { wholeTable } from "./whole-table.ts";

const clock = useMovingClock();

const must = async (tenant: TenantKeys, method: string, path: string, body?: object): Promise<Json> => {
  const answer = await call(tenant.live, method, `/v1${path}`, body && { body });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const get = (tenant: TenantKeys, path: string) => must(tenant, "get", path);
const post = (tenant: TenantKeys, path: string, body: object = {}) => must(tenant, "post", path, body);

async function programOf(tenant: TenantKeys, settings: object = {}): Promise<string> {
  return (await post(tenant, "/programs", { name: "Club", timeZone: "Pacific/Auckland", debtPolicy: "allow_negative", ...settings })).id;
}
async function walletOf(tenant: TenantKeys, programId: string): Promise<string> {
  const customer = await post(tenant, "/customers");
  return (await post(tenant, "/wallets", { customerId: customer.id, programId })).id;
}
async function entriesIn(tenant: TenantKeys, walletIds: readonly string[]): Promise<Json[]> {
  return (await Promise.all(walletIds.map((id) => get(tenant, `/wallets/${id}/entries?limit=100`)))).flatMap(({ data }) => data);
}
const dateOf = (instant: string | number) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Pacific/Auckland" }).format(new Date(instant));

const integrityOf = (tenant: TenantKeys, programId: string): Promise<Json> => get(tenant, `/programs/${programId}/integrity`);
const driftsOf = ({ invariants }: Json) => Object.fromEntries(invariants.map(({ invariant, drift }: Json) => [invariant, drift]));
const sound = { postings_sum_to_zero: 0, chain_verifies: 0, sequence_without_gaps: 0, head_equals_fold: 0, accounts_sum_to_zero: 0 };
const counted = (tenant: TenantKeys, programId: string, entries: number) =>
  eventually(async () => (await integrityOf(tenant, programId)).entriesChecked === entries, 20_000);

/** The wallets' items as the stream told them: heads and entries, first writes. */
async function recordsOf({ tenantId }: TenantKeys, walletIds: readonly string[]): Promise<DynamoDBRecord[]> {
  const pks = walletIds.map((id) => itemKey(tenantId, walletKey(id)).pk);
  const items = (await wholeTable()).filter(({ pk, sk }) => pks.includes(pk) && (sk === "HEAD" || sk.startsWith("E#")));
  return items.map((item, index) => ({ eventName: "INSERT", dynamodb: { SequenceNumber: String(index), NewImage: marshall(item) as never } }));
}
const inTable = async ({ tenantId }: TenantKeys, prefix: string) =>
  (await wholeTable()).filter(({ pk, sk }) => pk.startsWith(`T#${tenantId}#`) && (pk.includes(prefix) || sk.startsWith(prefix)));

describe("a programme that lived for some days", () => {
  const balance = ({ available, pending, held, debt }: Json) => available + pending + held - debt;

  async function live(): Promise<{ tenant: TenantKeys; programId: string; wallets: string[]; from: string }> {
    const tenant = await newTenant();
    const programId = await programOf(tenant, { pointValue: { points: 100, amount: { amountMinor: 45, currency: "EUR" } } });
    const wallets = await Promise.all([walletOf(tenant, programId), walletOf(tenant, programId)]);
    const [one, other] = wallets as [string, string];
    const from = dateOf(Date.now());
    const earned = await post(tenant, `/wallets/${one}/earnings`, { points: 500 });
    await post(tenant, `/wallets/${other}/earnings`, { points: 80, expiresOn: dateOf(Date.now() + 86_400_000) });
    await post(tenant, `/wallets/${one}/earnings`, { points: 70, pendingUntil: dateOf(Date.now() + 2 * 86_400_000) });
    clock.moveOn(86_400);
    const redeemed = await post(tenant, `/wallets/${one}/redemptions`, { points: 120 });
    const hold = await post(tenant, `/wallets/${one}/holds`, { points: 100, expiresAt: new Date(Date.now() + 5 * 86_400_000).toISOString() });
    await post(tenant, "/transfers", { fromWalletId: one, toWalletId: other, points: 30 });
    await post(tenant, `/entries/${earned.entry.id}/reversals`, { points: 50, reason: "Returned." });
    clock.moveOn(86_400);
    await post(tenant, `/holds/${hold.hold.id}/captures`, { points: 60 });
    await post(tenant, `/holds/${hold.hold.id}/void`);
    await post(tenant, `/entries/${redeemed.entry.id}/reversals`, { points: 20, reason: "Cancelled." });
    // Earned long ago, told now: it counts now.
    await post(tenant, `/wallets/${other}/earnings`, { points: 11, effectiveAt: new Date(Date.now() - 2 * 86_400_000).toISOString() });
    await post(tenant, `/wallets/${other}/adjustments`, { points: -300, reason: "Fraud." });
    clock.moveOn(86_400);
    await post(tenant, `/wallets/${other}/adjustments`, { points: 5, reason: "Goodwill." });
    return { tenant, programId, wallets, from };
  }

  test("has books that add up day by day and say what its entries say; nothing that is delivered again changes them", { timeout: 60_000 }, async () => {
    const { tenant, programId, wallets, from } = await live();
    const to = dateOf(Date.now() + 3 * 86_400_000);
    const entries = await entriesIn(tenant, wallets);
    await counted(tenant, programId, entries.length);
    const { days, asOf } = await get(tenant, `/programs/${programId}/accounting?from=${from}&to=${to}`);
    expect(asOf).toBe(
      entries
        .map(({ recordedAt }) => recordedAt)
        .toSorted()
        .at(-1),
    );
    expect(days.map(({ date }: Json) => date)).toEqual(
      [0, 1, 2, 3].map((number) => dateOf(Date.parse(`${from}T12:00:00Z`) + number * 86_400_000 - 43_200_000)),
    );
    let [opening, outstanding] = [0, 0];
    for (const day of days) {
      const ofDay = entries.filter(({ recordedAt }) => dateOf(recordedAt) === day.date);
      const inWallets = ofDay.flatMap(({ postings }) => postings).filter(({ account }) => ["available", "pending", "held", "debt"].includes(account));
      outstanding += inWallets.reduce((sum: number, { points }: Json) => sum + points, 0);
      const change =
        day.earned - day.reversed - day.redeemed + day.reimbursed - day.expired + day.reinstated + day.transferredIn - day.transferredOut + day.adjusted;
      expect([day.opening, day.opening + change, day.closing]).toEqual([opening, day.closing, outstanding]);
      const pointsOf = (...types: string[]) => ofDay.filter(({ type }) => types.includes(type)).reduce((sum, { points }) => sum + points, 0);
      expect(day).toMatchObject({
        earned: pointsOf("earn"),
        reversed: pointsOf("reversal"),
        redeemed: pointsOf("redeem", "capture"),
        reimbursed: pointsOf("reimbursement"),
        expired: pointsOf("expire"),
        transferredIn: pointsOf("transfer_in"),
        transferredOut: pointsOf("transfer_out"),
        adjusted: pointsOf("adjustment"),
        activated: pointsOf("activate"),
        held: pointsOf("hold"),
        captured: pointsOf("capture"),
        released: pointsOf("void"),
      });
      opening = day.closing;
    }
    expect(entries.some(({ type }) => type === "expire") && entries.some(({ type }) => type === "activate")).toBe(true);

    const liability = await get(tenant, `/programs/${programId}/liability`);
    const shown = await Promise.all(wallets.map((id) => get(tenant, `/wallets/${id}`)));
    expect(balance(liability)).toBe(liability.outstanding);
    for (const account of ["available", "pending", "held", "debt"]) expect(liability[account]).toBe(shown.reduce((sum, wallet) => sum + wallet[account], 0));
    expect(liability.value).toEqual({ amountMinor: Math.floor((liability.outstanding * 45) / 100 + 0.5), currency: "EUR" });
    expect(liability.dues.reduce((sum: number, { points }: Json) => sum + points, 0)).toBe(liability.outstanding + liability.debt);
    // Nothing is pending or held any more.
    const expiries = shown.flatMap(({ nextExpiries }) => nextExpiries);
    for (const { month, points } of liability.dues)
      expect(points).toBe(expiries.filter(({ on }) => on.startsWith(month)).reduce((sum, expiry) => sum + expiry.points, 0));
    for (const { date, closing } of days) {
      const then = await get(tenant, `/programs/${programId}/liability?at=${date}`);
      expect([then.outstanding, balance(then)]).toEqual([closing, closing]);
    }
    expect(driftsOf(await integrityOf(tenant, programId))).toEqual(sound);

    const before = [await inTable(tenant, "ACC#"), await inTable(tenant, "ACCOUNTED")];
    const records = await recordsOf(tenant, wallets);
    expect(records.length).toBe(entries.length + 2);
    for (const batch of [records, records.toReversed(), records.slice(3, 7)])
      expect(await accountPoints({ Records: batch })).toEqual({ batchItemFailures: [] });
    await Promise.all([accountPoints({ Records: records }), accountPoints({ Records: records })]);
    expect([await inTable(tenant, "ACC#"), await inTable(tenant, "ACCOUNTED")]).toEqual(before);
  });
});

test("many wallets at once are counted once each, and consumers that are given the same records at the same time agree", { timeout: 60_000 }, async () => {
  const tenant = await newTenant();
  const programId = await programOf(tenant);
  const wallets = await Promise.all(Array.from({ length: 24 }, () => walletOf(tenant, programId)));
  let isEarning = true;
  const earning = Promise.all(
    wallets.flatMap((id) => [1, 2, 3].map(() => post(tenant, `/wallets/${id}/earnings`, { points: 10 }).catch(() => undefined))),
  ).finally(() => {
    isEarning = false;
  });
  while (isEarning) await accountPoints({ Records: await recordsOf(tenant, wallets) });
  await earning;
  const records = await recordsOf(tenant, wallets);
  const some = [records, records.slice(20), records.toReversed()];
  await Promise.all(some.map((Records) => accountPoints({ Records })));
  const entries = await entriesIn(tenant, wallets);
  await counted(tenant, programId, entries.length);
  expect((await get(tenant, `/programs/${programId}/liability`)).outstanding).toBe(10 * entries.length);
  const report = await integrityOf(tenant, programId);
  expect([driftsOf(report), report.walletsChecked]).toEqual([sound, wallets.length]);
});

describe("what somebody changes in the table, past the ledger, is found and told once:", () => {
  async function aWallet() {
    const tenant = await newTenant();
    const programId = await programOf(tenant);
    const walletId = await walletOf(tenant, programId);
    for (const points of [100, 20, 3]) await post(tenant, `/wallets/${walletId}/earnings`, { points });
    await counted(tenant, programId, 3);
    return { tenant, programId, walletId, table: openTable(tenant.tenantId) };
  }
  const foundOnce = async ({ tenant, programId, walletId }: Awaited<ReturnType<typeof aWallet>>, invariant: string) => {
    await eventually(async () => driftsOf(await integrityOf(tenant, programId))[invariant] > 0, 15_000);
    const told = await eventually(async () => {
      const { data } = await get(tenant, "/events?limit=100");
      const violations = data.filter(({ type }: Json) => type === "ledger.integrity_violated");
      return violations.length > 0 && violations;
    });
    await accountPoints({ Records: await recordsOf(tenant, [walletId]) });
    expect(driftsOf(await integrityOf(tenant, programId))).toEqual({ ...sound, [invariant]: 1 });
    expect(told.map(({ data }: Json) => [data.object.walletId, data.object.invariant])).toEqual([[walletId, invariant]]);
    return told[0].data.object;
  };

  test("points given to a wallet's head", async () => {
    const at = await aWallet();
    const head = (await at.table.get(walletKey(at.walletId))) as WalletHead;
    await at.table.commit([overwrite(walletKey(at.walletId), { ...head, buckets: [{ expiresOn: null, points: 1123 }] })], () => []);
    const { expected, actual } = await foundOnce(at, "head_equals_fold");
    expect([JSON.parse(expected), JSON.parse(actual)]).toEqual([
      { issued: -123, available: 123 },
      { issued: -123, available: 1123 },
    ]);
    expect((await get(at.tenant, `/programs/${at.programId}/liability`)).outstanding).toBe(123);
  });

  test("an entry that was counted long ago", async () => {
    const at = await aWallet();
    const key = entryKey(at.walletId, 2);
    await at.table.commit([overwrite(key, { ...((await at.table.get(key)) as Entry), points: 2000 })], () => []);
    expect(await foundOnce(at, "chain_verifies")).toMatchObject({ seq: 2 });
  });

  test("an entry that is not there", async () => {
    const at = await aWallet();
    await at.table.commit([{ kind: "delete", key: { pk: entriesOf(at.walletId).pk, sk: entryKey(at.walletId, 2).sk }, expects: "anything" }], () => []);
    expect(await foundOnce(at, "sequence_without_gaps")).toMatchObject({ seq: 2, actual: "removed" });
  });
});

test("a late stream, of which only the last head is left, is made up for from the table", { timeout: 30_000 }, async () => {
  const tenant = await newTenant();
  const programId = await programOf(tenant);
  const walletId = await walletOf(tenant, programId);
  for (let points = 1; points <= 20; points++) await post(tenant, `/wallets/${walletId}/earnings`, { points });
  await counted(tenant, programId, 20);
  // As if nothing had been counted yet.
  const counts = [...(await inTable(tenant, "ACC#")), ...(await inTable(tenant, "ACCOUNTED"))];
  const keys = counts.map(({ pk, sk }) => ({ pk: pk.slice(`T#${tenant.tenantId}#`.length), sk }));
  await openTable(tenant.tenantId).commit(
    keys.map((key) => ({ kind: "delete", key, expects: "anything" })),
    () => [],
  );
  const records = (await recordsOf(tenant, [walletId])).filter(({ dynamodb }) => dynamodb?.NewImage?.["sk"]?.S === "HEAD");
  expect(records).toHaveLength(1);
  // Six entries at a time: a watermark and two tallies, 2 units each.
  expect((await consumptionOf(async () => expect(await accountPoints({ Records: records })).toEqual({ batchItemFailures: [] }))).writeUnits).toBe(4 * 6);
  expect((await get(tenant, `/programs/${programId}/liability`)).outstanding).toBe(210);
  expect(await integrityOf(tenant, programId)).toMatchObject({ entriesChecked: 20, walletsChecked: 1 });
  const { writeUnits } = await consumptionOf(() => accountPoints({ Records: records }));
  expect(writeUnits).toBe(0);
});

test("nothing is counted of a new programme, and what cannot be asked for is refused", async () => {
  const tenant = await newTenant();
  const programId = await programOf(tenant);
  const today = dateOf(Date.now());
  const books = await get(tenant, `/programs/${programId}/accounting?from=${today}&to=${today}`);
  expect([books.asOf, books.days.length, books.days[0].closing]).toEqual([undefined, 1, 0]);
  expect((await get(tenant, `/programs/${programId}/liability`)).value).toBeUndefined();
  const codeOf = async (path: string) => {
    const { status, body } = await call(tenant.live, "get", `/v1/programs/${programId}/${path}`);
    return [status, body.code, body.errors?.[0]?.pointer];
  };
  expect(await codeOf("liability?at=2999-01-01")).toEqual([422, "at_in_future", undefined]);
  expect(await codeOf("accounting?from=2026-01-02&to=2026-01-01")).toEqual([400, "invalid_input", "/to"]);
  expect(await codeOf("accounting?from=2026-01-01&to=2027-01-02")).toEqual([400, "invalid_input", "/to"]);
  expect(await codeOf("accounting?from=2026-02-30&to=2026-03-02")).toEqual([400, "invalid_input", "/from"]);
});

test("of all that was written here, only wallets and their entries wake the accountant", async () => {
  const [accountant] = streamConsumers.filter(({ name }) => name === "account-points") as [(typeof streamConsumers)[number]];
  const waking = (await wholeTable()).filter(({ pk, sk }) => accountant.wants({ dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } }));
  expect(waking.length).toBeGreaterThan(0);
  expect(waking.filter(({ pk }) => !pk.includes("#W#wal_"))).toEqual([]);
});
