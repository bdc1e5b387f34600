/** A wallet while a command works on it: moves points between accounts, and writes each move down as an entry. */
import { byExpiry, takeFirst, takeOf, withAdded } from "./buckets.ts";
import { type Account, type Bucket, type Entry, type EntryType, entryHash, entryIdOf, type Posting } from "./entry.ts";
import type { DebtPolicy } from "./ledger.ts";
import { refuse } from "./refusal.ts";
import { balancesOf, type OpenHold, type PendingBucket, pointsIn, type Totals, type WalletHead } from "./wallet-head.ts";

/** What an entry says besides the moves. */
export type Facts = Pick<Entry, "type" | "points"> &
  Partial<
    Pick<
      Entry,
      | "effectiveAt"
      | "activatesOn"
      | "expiresAt"
      | "reference"
      | "reason"
      | "holdId"
      | "reverses"
      | "redemptionId"
      | "qualifyingPoints"
      | "movingExpiresOn"
      | "purchase"
      | "rules"
    >
  >;

type PendingDates = Pick<PendingBucket, "activatesOn" | "expiresOn">;

export class LedgerDraft {
  #head: WalletHead;
  readonly #now: Date;
  readonly entries: Entry[] = [];
  /** Of an activity that no entry has told yet. */
  #movedTo: string | undefined;

  constructor(head: WalletHead, now: Date) {
    this.#head = head;
    this.#now = now;
  }

  get head(): WalletHead {
    return this.#head;
  }

  /**
   * Writes down what `move` does to the wallet as one entry. The postings are the difference that it makes, so that an
   * entry cannot say something else than what happened. `move` answers the buckets that it touched.
   */
  record(facts: Facts, move: () => readonly Bucket[]): void {
    const before = balancesOf(this.#head);
    const allocations = withAdded([], move());
    const after = balancesOf(this.#head);
    const postings = (Object.keys(before) as Account[])
      .map((account): Posting => ({ account, points: after[account] - before[account] }))
      .filter(({ points }) => points !== 0);
    const seq = this.#head.sequence + 1;
    // Clocks of different machines differ a little; what was recorded later never says an earlier time.
    const recordedAt = this.#now.toISOString() > this.#head.updatedAt ? this.#now.toISOString() : this.#head.updatedAt;
    const { type, points, effectiveAt = recordedAt, ...others } = facts;
    const told = Object.fromEntries(Object.entries({ ...others, movingExpiresOn: this.#movedTo }).filter(([, value]) => value !== undefined));
    const body = {
      id: entryIdOf(this.#head.id, seq),
      walletId: this.#head.id,
      seq,
      type: type as EntryType,
      points,
      postings,
      allocations,
      availableAfter: after.available,
      effectiveAt,
      recordedAt,
      ...told,
      prevHash: this.#head.lastHash,
    };
    const entry: Entry = { ...body, hash: entryHash(body) };
    this.#movedTo = undefined;
    this.entries.push(entry);
    this.#head = { ...this.#head, sequence: seq, lastHash: entry.hash, updatedAt: recordedAt };
  }

  /** Moves points between what is outside of the wallet and the wallet. */
  count(account: keyof Totals, points: number): void {
    this.#head = { ...this.#head, totals: { ...this.#head.totals, [account]: this.#head.totals[account] + points } };
  }

  /** Puts points where they can be spent; what the member owes is paid first. */
  deposit(buckets: readonly Bucket[]): void {
    const { taken: paid, left } = takeFirst([...buckets].toSorted(byExpiry), this.#head.debt);
    this.#head = { ...this.#head, debt: this.#head.debt - pointsIn(paid), buckets: withAdded(this.#head.buckets, left) };
  }

  /** Takes up to `points` of those that expire first. */
  withdraw(points: number): Bucket[] {
    const { taken, left } = takeFirst(this.#head.buckets, points);
    this.#head = { ...this.#head, buckets: left };
    return taken;
  }
  /** Takes `points` of those that expire first, or refuses. */
  take(points: number): Bucket[] {
    const { available } = balancesOf(this.#head);
    if (available < points) refuse("insufficient_points", { available, missing: points - available });
    return this.withdraw(points);
  }
  /** How many of `points` are taken from a member who has `usable` ones, or refuses. */
  withinDebtPolicy(policy: DebtPolicy, points: number, usable: number): number {
    if (policy === "allow_negative" || usable >= points) return points;
    if (policy === "forbid" || usable === 0) refuse("insufficient_points", { available: usable, missing: points - usable });
    return usable;
  }
  /** Takes up to `points` of one date. */
  withdrawOf(expiresOn: string | null, points: number): Bucket[] {
    const { taken, left } = takeOf(this.#head.buckets, expiresOn, points);
    this.#head = { ...this.#head, buckets: left };
    return taken;
  }
  owe(points: number): void {
    this.#head = { ...this.#head, debt: this.#head.debt + points };
  }

  addPending(added: PendingBucket): void {
    const same = ({ activatesOn, expiresOn }: PendingBucket) => activatesOn === added.activatesOn && expiresOn === added.expiresOn;
    const points = pointsIn(this.#head.pending.filter(same)) + added.points;
    const pending = [...this.#head.pending.filter((one) => !same(one)), { ...added, points }];
    this.#head = {
      ...this.#head,
      pending: pending
        .filter((one) => one.points > 0)
        .toSorted((one, other) => (one.activatesOn === other.activatesOn ? byExpiry(one, other) : one.activatesOn < other.activatesOn ? -1 : 1)),
    };
  }
  pendingOf({ activatesOn, expiresOn }: PendingDates): number {
    return pointsIn(this.#head.pending.filter((one) => one.activatesOn === activatesOn && one.expiresOn === expiresOn));
  }
  /** Takes up to `points` of a pending bucket. */
  takePending(dates: PendingDates, points: number): number {
    const taken = Math.min(this.pendingOf(dates), points);
    if (taken > 0) this.addPending({ activatesOn: dates.activatesOn, expiresOn: dates.expiresOn, points: -taken });
    return taken;
  }

  /** Points that expire by inactivity live through `lastDay` at least; the next entry tells it. */
  keepAlive(lastDay: string): void {
    if (lastDay <= (this.#head.movingExpiresOn ?? "")) return;
    this.#head = { ...this.#head, movingExpiresOn: lastDay };
    this.#movedTo = lastDay;
  }

  /** Puts a hold in the place of the one with its id; without points it is closed. */
  setHold(hold: OpenHold): void {
    const others = this.#head.holds.filter(({ id }) => id !== hold.id);
    this.#head = { ...this.#head, holds: pointsIn(hold.buckets) > 0 ? [...others, hold] : others };
  }
}
