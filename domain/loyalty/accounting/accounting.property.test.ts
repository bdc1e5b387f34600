/** Random ledgers, delivered as streams deliver: in other pieces, twice, with parts missing, to two consumers at once. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Contention } from "../../kernel/table.ts";
import { programKey } from "../keys.ts";
import { Dice } from "../ledger/dice.test-model.ts";
import { type Entry, entryHash } from "../ledger/entry.ts";
import { balancesOf, type WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { entryKey, walletKey } from "../wallets/wallet-keys.ts";
import { amountsAtStartOf, datesBetween, dayOf, openBooks } from "./books.ts";
import { countEntries } from "./count-entries.ts";
import { worthOf } from "./get-liability-report.ts";
import type { Violation } from "./integrity-violated.ts";
import { balanceOf, changesOf, imbalanceOf, kindsOfChange, signs, totalOf } from "./movements.ts";
import { MemoryTable, programId, randomLedger, type Written, zone } from "./random-ledger.test-model.ts";
import { type Seen, seenItem, sightingsOf } from "./sightings.ts";

const now = new Date("2028-06-01T00:00:00.000Z");
const [first, last] = ["2027-10-01", "2028-03-31"];

/** Each head and entry as its stream record says, in the order of one partition; within a command the order is any. */
const recordsOf = (dice: Dice, written: readonly Written[]): Seen[] =>
  written.flatMap(({ walletId, head, entries }) => {
    const records = [seen(walletKey(walletId), head), ...entries.map((entry) => seen(entryKey(walletId, entry.seq), entry))];
    return dice.chance(0.5) ? records : records.toReversed();
  });
const seen = (key: { pk: string; sk: string }, after: object, before?: object): Seen =>
  seenItem(key, { before: before && JSON.stringify(before), after: JSON.stringify(after) }) as Seen;

function tableWith(written: readonly Written[]): MemoryTable {
  const table = new MemoryTable();
  table.set(programKey(programId), { timeZone: zone } as ProgramRecord);
  for (const { walletId, head, entries } of written) {
    table.set(walletKey(walletId), head);
    for (const entry of entries) table.set(entryKey(walletId, entry.seq), entry);
  }
  return table;
}

/** As the Lambda does, with two consumers that decide on the same state before either commits. */
async function deliver(table: MemoryTable, records: readonly Seen[], isTwice: boolean): Promise<void> {
  const count = () => countEntries(table, programId, sightingsOf(records), now, true);
  for (;;) {
    const [one, other] = await Promise.all([count(), isTwice ? count() : undefined]);
    table.commit(one.changes);
    if (other && other.changes.length > 0) expect(() => table.commit(other.changes)).toThrow(Contention);
    if (one.isDone) return;
  }
}

async function deliverAtRandom(table: MemoryTable, dice: Dice, records: readonly Seen[]): Promise<void> {
  for (let from = 0; from < records.length; ) {
    const to = from + dice.between(1, 28);
    const isLost = dice.chance(0.2);
    const some = records.slice(Math.max(0, from - (dice.chance(0.3) ? dice.between(1, 20) : 0)), to).slice(-28);
    await deliver(table, isLost ? some.filter(() => dice.chance(0.5)) : some, dice.chance(0.3));
    from = to;
  }
  // Whatever was lost at the end of a wallet is known from what comes next: its last head.
  const last = new Map(records.filter(({ kind }) => kind === "head").map((record) => [record.walletId, record]));
  await deliver(table, [...last.values()], false);
}

const violationsIn = ({ documents }: MemoryTable) => [...documents.values()].filter((document): document is Violation => "invariant" in document);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const seeds = { seed: fc.integer(), commands: fc.integer({ min: 5, max: 120 }) };

describe("the books of a programme", () => {
  test("are the sums of its entries, however those are delivered", async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.record(seeds), async ({ seed, commands }) => {
        const dice = new Dice(seed);
        const written = randomLedger(dice, commands);
        const entries = written.flatMap((one) => one.entries);
        const table = tableWith(written);
        await deliverAtRandom(table, dice, recordsOf(dice, written));
        const books = await openBooks(table, programId, first, last);
        expect(books.total).toMatchObject({ entries: entries.length, wallets: new Set(entries.map(({ walletId }) => walletId)).size, violations: {} });
        expect(books.total.lastRecordedAt).toBe(
          entries
            .map(({ recordedAt }) => recordedAt)
            .toSorted()
            .at(-1) ?? "",
        );
        const byDay = Map.groupBy(entries, dayTold);
        for (const date of datesBetween(first, last)) {
          expect(totalOf(dayOf(books, date).movements)).toEqual(accountsOf(byDay.get(date) ?? []));
          for (const [kind, points] of Object.entries(changesOf(dayOf(books, date).movements))) if (points !== 0) kinds.add(kind);
        }
        const heads = new Map(written.map(({ walletId, head }) => [walletId, head]));
        expect(books.total.dues).toEqual(duesTold([...heads.values()]));
        expect(violationsIn(table)).toEqual([]);
      }),
      // The first ledgers have entries of every kind; in random ones the rarest may be missing.
      { numRuns: 60, examples: [[{ seed: 12, commands: 120 }], [{ seed: 19, commands: 120 }]] },
    );
    expect([...kinds].toSorted()).toEqual([...kindsOfChange].toSorted());
  });

  test("go from each day's opening to its closing, which is what the wallets held", async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(seeds), async ({ seed, commands }) => {
        const dice = new Dice(seed);
        const written = randomLedger(dice, commands);
        const table = tableWith(written);
        await deliverAtRandom(table, dice, recordsOf(dice, written));
        const books = await openBooks(table, programId, first, last);
        const heads = new Map<string, WalletHead>();
        const waiting = [...written];
        for (const date of datesBetween(first, last)) {
          const opening = balanceOf(amountsAtStartOf(books, date));
          expect(opening).toBe(sum([...heads.values()].map((head) => balanceOf(balancesOf(head)))));
          while (waiting[0] && dayTold(waiting[0].entries[0] as Entry) === date) {
            const { walletId, head } = waiting.shift() as Written;
            heads.set(walletId, head);
          }
          const changes = changesOf(dayOf(books, date).movements);
          for (const kind of kindsOfChange) if (kind !== "adjusted") expect(changes[kind]).toBeGreaterThanOrEqual(0);
          const closing = sum([...heads.values()].map((head) => balanceOf(balancesOf(head))));
          expect(opening + sum(kindsOfChange.map((kind) => signs[kind] * changes[kind]))).toBe(closing);
        }
        expect(waiting).toEqual([]);
        expect(imbalanceOf(totalOf(books.total.movements))).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
});

// Told anew, so that the books are not their own judge.
const calendar = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
const dayTold = ({ recordedAt }: Entry) => calendar.format(new Date(recordedAt));
function accountsOf(entries: readonly Entry[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { account, points } of entries.flatMap(({ postings }) => postings)) sums[account] = (sums[account] ?? 0) + points;
  return Object.fromEntries(Object.entries(sums).filter(([, points]) => points !== 0));
}

function duesTold(heads: readonly WalletHead[]): Record<string, number> {
  const all = heads.flatMap(({ buckets, pending, holds }) => [...buckets, ...pending, ...holds.flatMap((hold) => hold.buckets)]);
  const sums: Record<string, number> = {};
  for (const { expiresOn, points } of all) sums[expiresOn?.slice(0, 7) ?? "never"] = (sums[expiresOn?.slice(0, 7) ?? "never"] ?? 0) + points;
  return sums;
}

type Tampering = (entry: Entry) => Entry | undefined;
const rehashed = ({ hash: _, ...body }: Entry): Entry => ({ ...body, hash: entryHash(body) });
const inflated = (entry: Entry): Entry => ({
  ...entry,
  postings: entry.postings.map((posting, index) => (index === 0 ? { ...posting, points: posting.points + 1 } : posting)),
});

describe("what was tampered with is found once, however often it is delivered", () => {
  /** A random ledger of which one entry, not a wallet's last, is written wrongly; what the stream and the table say agree. */
  async function findingsAfter(seed: number, tamper: Tampering): Promise<{ table: MemoryTable; entry: Entry }> {
    const dice = new Dice(seed);
    const written = randomLedger(dice, 60);
    const entries = written.flatMap((one) => one.entries);
    const entry = dice.of(entries.filter(({ walletId, seq }) => entries.some((other) => other.walletId === walletId && other.seq === seq + 1)));
    const tampered = tamper(entry);
    const wrong = written.map((one) => ({
      ...one,
      entries: one.entries.flatMap((other) => (other === entry ? (tampered ? [tampered] : []) : [other])),
    }));
    const table = tableWith(wrong);
    const records = recordsOf(dice, wrong);
    await deliverAtRandom(table, dice, records);
    await deliverAtRandom(table, dice, records);
    return { table, entry };
  }
  const kindsAt = ({ table, entry }: { table: MemoryTable; entry: Entry }) =>
    violationsIn(table)
      .map(({ invariant, seq }) => `${invariant} ${seq - entry.seq}`)
      .toSorted();
  const check = (tamper: Tampering, expected: readonly string[]) =>
    fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const found = await findingsAfter(seed, tamper);
        expect(kindsAt(found).filter((kind) => !kind.startsWith("head_equals_fold"))).toEqual(expected);
        const { total } = await openBooks(found.table, programId, first, first);
        expect(sum(Object.values(total.violations))).toBe(violationsIn(found.table).length);
        expect(found.table.told).toEqual(violationsIn(found.table).map(() => "ledger.integrity_violated"));
      }),
      { numRuns: 20 },
    );

  test("an entry that says something else than its hash", () =>
    check((entry) => ({ ...entry, effectiveAt: "2020-01-01T00:00:00.000Z" }), ["chain_verifies 0"]));
  test("an entry with a new hash of its own", () => check((entry) => rehashed({ ...entry, reason: "Forged." }), ["chain_verifies 1"]));
  test("postings that do not sum to zero", () => check((entry) => rehashed(inflated(entry)), ["chain_verifies 1", "postings_sum_to_zero 0"]));
  test("an entry that is missing", () => check(() => undefined, ["sequence_without_gaps 1"]));

  test("a head that holds more than its entries say, until it is mended; and again when it is wrong anew", async () => {
    const dice = new Dice(1);
    const written = randomLedger(dice, 60);
    const { walletId, head } = written.at(-1) as Written;
    const table = tableWith(written);
    await deliverAtRandom(table, dice, recordsOf(dice, written));
    const gift = { expiresOn: null, points: 1_000_000 };
    const show = async (shown: object) => {
      for (const isTwice of [false, true]) await deliver(table, [seen(walletKey(walletId), shown, head)], isTwice);
      return violationsIn(table);
    };
    const [found, ...others] = await show({ ...head, buckets: [...head.buckets, gift] });
    expect([found?.invariant, found?.seq, others]).toEqual(["head_equals_fold", head.sequence, []]);
    const { available } = balancesOf(head);
    expect([JSON.parse(found?.expected as string).available ?? 0, JSON.parse(found?.actual as string).available]).toEqual([available, available + 1_000_000]);
    expect(await show(head)).toHaveLength(1);
  });

  test("entries that are changed or removed when they are long counted", async () => {
    const written = randomLedger(new Dice(2), 60);
    const table = tableWith(written);
    await deliverAtRandom(table, new Dice(3), recordsOf(new Dice(4), written));
    const [entry, other] = written.flatMap(({ entries }) => entries) as [Entry, Entry];
    const changed = seen(entryKey(entry.walletId, entry.seq), { ...entry, points: 1 }, entry);
    const removed = seenItem(entryKey(other.walletId, other.seq), { before: JSON.stringify(other), after: undefined }) as Seen;
    for (const isTwice of [false, true, false]) await deliver(table, [changed, removed], isTwice);
    expect(violationsIn(table).map(({ invariant, walletId, seq }) => [invariant, walletId, seq])).toEqual([
      ["chain_verifies", entry.walletId, entry.seq],
      ["sequence_without_gaps", other.walletId, other.seq],
    ]);
    expect(seenItem(entryKey(entry.walletId, 1), { before: "{}", after: "{}" })).toBeUndefined();
  });
});

test("entries that cannot be seen yet are waited for, and counted when they are there", async () => {
  const [one] = randomLedger(new Dice(5), 40) as [Written];
  const table = tableWith([{ ...one, entries: [] }]);
  const count = (isLastLook: boolean) => countEntries(table, programId, sightingsOf([seen(walletKey(one.walletId), one.head)]), now, isLastLook);
  await expect(count(false)).rejects.toThrow(Contention);
  for (const entry of one.entries) table.set(entryKey(one.walletId, entry.seq), entry);
  table.commit((await count(false)).changes);
  expect([(await openBooks(table, programId, first, first)).total.entries, violationsIn(table)]).toEqual([one.entries.length, []]);
});

test("everything wrong at once still fits into transactions", async () => {
  const written = randomLedger(new Dice(6), 120).map((one) => ({ ...one, entries: one.entries.map((entry) => inflated({ ...entry, prevHash: "?" })) }));
  const table = tableWith(written);
  const entries = written.flatMap((one) => one.entries);
  const altered = entries.map((entry) => seen(entryKey(entry.walletId, entry.seq), { ...entry, points: 1 }, entry));
  await deliverAtRandom(table, new Dice(7), recordsOf(new Dice(8), written));
  for (let from = 0; from < altered.length; from += 28) await deliver(table, altered.slice(from, from + 28), false);
  const kinds = Map.groupBy(violationsIn(table), ({ invariant }) => invariant);
  expect([kinds.get("postings_sum_to_zero")?.length, kinds.get("chain_verifies")?.length]).toEqual([entries.length, entries.length]);
});

test("points are worth their share to the nearest minor unit, halves upwards, and exactly so however many they are", () => {
  const worth = (points: number, per: number, amountMinor: number) => worthOf(points, { points: per, amount: { amountMinor, currency: "EUR" } }).amountMinor;
  expect([worth(1, 100, 50), worth(1, 100, 49), worth(-1, 100, 50), worth(-2, 100, 50), worth(0, 3, 1), worth(2, 3, 1)]).toEqual([1, 0, 0, -1, 0, 1]);
  expect(worth(9_007_199_254_740_991, 1_000_000_000, 999_999_999)).toBe(9_007_199_245_733_792);
});
