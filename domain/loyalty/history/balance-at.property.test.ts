/** Random lives of a wallet: what it was at an instant is found from any head before it, and no sweeper can change it. */
import { expect, test } from "vitest";
import { Dice } from "../ledger/dice.test-model.ts";
import type { Entry } from "../ledger/entry.ts";
import { apply, type Command } from "../ledger/ledger.ts";
import { ledgerTimeIn } from "../ledger/ledger-time.ts";
import { balancesOf, newWalletHead, type WalletHead } from "../ledger/wallet-head.ts";
import { type Balances, balanceAt, headAfter, reversedBefore } from "./balance-at.ts";

const day = 86_400_000;
const start = Date.parse("2027-10-01T10:00:00.000Z");
const zone = "Europe/Paris";
const lives = 120;
const deedsPerLife = 70;
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
const dateIn = (milliseconds: number) => iso(milliseconds).slice(0, 10);
const seqOf = (entryId: string) => Number(entryId.slice(-10));

/** A wallet with all its heads and entries; `entriesOfDeeds` has what each deed wrote, so that a later one can undo it. */
class Life {
  head: WalletHead = newWalletHead({ id: "wal_1", customerId: "cus_1", programId: "prg_1", livemode: true, metadata: {} }, new Date(start));
  readonly heads: WalletHead[] = [this.head];
  readonly entries: Entry[] = [];
  readonly entriesOfDeeds: (Entry | undefined)[] = [];

  do(at: number, command: Command): Entry | undefined {
    const result = apply(this.head, command, ledgerTimeIn(zone, new Date(at)));
    if (result.kind === "refused") return undefined;
    this.head = result.head;
    this.entries.push(...result.entries);
    if (result.entries.length > 0) this.heads.push(this.head);
    return result.entry;
  }
  headBy = (instant: string): WalletHead => this.heads.findLast(({ updatedAt }, index) => index === 0 || updatedAt <= instant) as WalletHead;

  /** From a head before `at` and one before `knownAt`, `skipped` heads earlier than need be. */
  balance(at: string, knownAt: string, skipped: number): Balances {
    const earlier = (instant: string) => this.heads[Math.max(0, this.heads.indexOf(this.headBy(instant)) - skipped)] as WalletHead;
    const [base, end] = [earlier(at), earlier(knownAt)];
    const later = this.entries.filter(({ seq, recordedAt }) => seq > base.sequence && recordedAt <= knownAt);
    const following = later.filter(({ seq }) => seq > end.sequence);
    const reversed = reversedBefore(end.sequence, following, seqOf).map((id) => this.entries[seqOf(id) - 1] as Entry);
    return balanceAt(base, later, headAfter(end, following, reversed), ledgerTimeIn(zone, new Date(knownAt)), at);
  }

  /** All entries of all time, and those that a roll of the head as it then was would add. */
  naive(at: string, knownAt: string): Balances {
    const known = this.entries.filter(({ recordedAt }) => recordedAt <= knownAt);
    const rolled = apply(this.headBy(knownAt), { kind: "roll" }, ledgerTimeIn(zone, new Date(knownAt)));
    if (rolled.kind === "refused") throw new Error(rolled.code);
    const sum = (account: string) =>
      [...known, ...rolled.entries]
        .filter(({ effectiveAt }) => effectiveAt <= at)
        .flatMap(({ postings }) => postings.filter((posting) => posting.account === account))
        .reduce((total, { points }) => total + points, 0);
    const net = sum("available") + sum("debt");
    const owed = Math.max(-sum("debt"), 0);
    return { available: net + owed, pending: sum("pending"), held: sum("held"), debt: owed };
  }
}

type Deed = { at: number; done: (life: Life) => Entry | undefined };
function deeds(dice: Dice, { late }: { late: boolean }): Deed[] {
  let now = start;
  return Array.from({ length: deedsPerLife }, (_, index): Deed => {
    if (dice.chance(0.6)) now += dice.between(1, 6 * day);
    const at = ++now;
    const points = dice.between(1, 200);
    const expiresOn = dice.chance(0.15) ? null : dice.chance(0.2) ? "inactivity" : dateIn(at + dice.between(late ? -20 : 0, 40) * day);
    const told = late && dice.chance(0.3) ? { effectiveAt: iso(at - dice.between(0, 30 * day)) } : {};
    const activity = { activeUntil: dateIn(at + 25 * day) };
    const activatesOn = dice.chance(0.4) ? dateIn(at + dice.between(0, 15) * day) : undefined;
    const undone = dice.between(0, Math.max(index - 1, 0));
    const holdId = `hld_${dice.between(Math.max(0, index - 8), index)}`;
    const command = dice.of<() => Command | undefined>([
      () => ({ kind: "earn", points, expiresOn, activatesOn, ...told, ...activity }),
      () => ({ kind: "earn", points, expiresOn, activatesOn, ...told, ...activity }),
      () => ({ kind: "redeem", points, ...activity }),
      () => ({ kind: "authorize", holdId: `hld_${index}`, points, expiresAt: iso(at + dice.between(1, 10 * day)), ...activity }),
      () => ({ kind: "capture", holdId, points: Math.ceil(points / 4), ...activity }),
      () => ({ kind: "void", holdId }),
      () => ({ kind: "adjust", points: dice.chance(0.5) ? points : -points, expiresOn, debtPolicy: "allow_negative", ...activity }),
      () => undefined,
      () => undefined,
    ])();
    return {
      at,
      done(life) {
        if (command) return life.do(at, command);
        const entry = life.entriesOfDeeds[undone];
        if (entry?.type !== "earn" && entry?.type !== "redeem") return undefined;
        life.entriesOfDeeds[undone] = undefined;
        return life.do(at, { kind: "reverse", entry, reversedBefore: 0, points: entry.points, debtPolicy: "allow_negative" });
      },
    };
  });
}

function lived(story: readonly Deed[], sweepEveryDays?: number): Life {
  const life = new Life();
  let sweptAt = start;
  for (const { at, done } of story) {
    for (; sweepEveryDays !== undefined && sweptAt + sweepEveryDays * day < at; ) life.do((sweptAt += sweepEveryDays * day), { kind: "roll" });
    life.entriesOfDeeds.push(done(life));
  }
  return life;
}

test("from any head, near or far, a balance is what all entries together say, also of late earnings", () => {
  let [lateAnswers, negative] = [0, 0];
  for (let seed = 1; seed <= lives; seed++) {
    const dice = new Dice(seed);
    const story = deeds(dice, { late: true });
    const life = lived(story);
    const end = (story.at(-1) as Deed).at + 5 * day;
    for (let count = 0; count < 25; count++) {
      const knownAt = dice.between(start - day, end);
      const at = iso(dice.chance(0.2) ? knownAt : dice.between(start - day, knownAt));
      const expected = life.naive(at, iso(knownAt));
      expect(life.balance(at, iso(knownAt), dice.between(0, 40)), `${seed}: ${at} known ${iso(knownAt)}`).toEqual(expected);
      if (JSON.stringify(expected) !== JSON.stringify(life.naive(at, at))) lateAnswers++;
      if (Object.values(expected).some((points) => points < 0)) negative++;
    }
  }
  expect(negative).toBe(0);
  expect(lateAnswers).toBeGreaterThan(100);
});

test("without late earnings, what was true at a time stays true, and is what the wallet then showed", () => {
  for (let seed = 1; seed <= lives; seed++) {
    const dice = new Dice(seed);
    const story = deeds(dice, { late: false });
    const life = lived(story);
    for (let count = 0; count < 10; count++) {
      const at = dice.between(start, (story.at(-1) as Deed).at);
      const rolled = apply(life.headBy(iso(at)), { kind: "roll" }, ledgerTimeIn(zone, new Date(at)));
      if (rolled.kind === "refused") throw new Error(rolled.code);
      const { available, pending, held, debt } = balancesOf(rolled.head);
      const later = dice.between(at, (story.at(-1) as Deed).at + 60 * day);
      for (const knownAt of [at, later])
        expect(life.balance(iso(at), iso(knownAt), 3), `${seed}: ${iso(at)} known ${iso(knownAt)}`).toEqual({ available, pending, held, debt: 0 - debt });
    }
  }
});

test("a sweeper that comes every day, every tenth day or never changes no balance of any time", () => {
  for (let seed = 1; seed <= lives; seed++) {
    const dice = new Dice(seed);
    const story = deeds(dice, { late: true });
    const [never, daily, seldom] = [lived(story), lived(story, 1), lived(story, 10)];
    expect(daily.heads.length).toBeGreaterThan(never.heads.length);
    for (let count = 0; count < 10; count++) {
      const knownAt = dice.between(start, (story.at(-1) as Deed).at + 30 * day);
      const at = iso(dice.between(start, knownAt));
      const expected = never.balance(at, iso(knownAt), 0);
      expect(
        [daily, seldom].map((life) => life.balance(at, iso(knownAt), 5)),
        `${seed}: ${at} known ${iso(knownAt)}`,
      ).toEqual([expected, expected]);
    }
  }
});
