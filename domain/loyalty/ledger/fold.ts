/**
 * The wallet that its entries tell of, from nothing: what the head must be. Amounts come from the postings and dates from the
 * allocations; no rule of the ledger is asked again, so a head that a faulty rule made is found out.
 */
import { byExpiry, lastDayOf, takeFirst, withAdded } from "./buckets.ts";
import { type Account, type Bucket, type Entry, firstPrevHash } from "./entry.ts";
import { type OpenHold, type PendingBucket, pointsIn, type Totals, type WalletHead } from "./wallet-head.ts";

/** All of the head that is told by entries. */
export type FoldedHead = Pick<WalletHead, "sequence" | "lastHash" | "buckets" | "pending" | "holds" | "debt" | "totals" | "movingExpiresOn">;

/** A wallet before its first entry. */
export const nothing: FoldedHead = {
  sequence: 0,
  lastHash: firstPrevHash,
  buckets: [],
  pending: [],
  holds: [],
  debt: 0,
  totals: { issued: 0, redeemed: 0, expired: 0, reversed: 0, transferred: 0 },
};

/** Entries in the order of their `seq`, from the first. */
export function foldEntries(entries: Iterable<Entry>): FoldedHead {
  const fold = new LedgerFold();
  for (const entry of entries) fold.add(entry);
  return fold.head;
}

/** `head` without what no entry tells: to compare it with a fold. */
export const foldedPartOf = ({ sequence, lastHash, buckets, pending, holds, debt, totals, movingExpiresOn }: WalletHead): FoldedHead => ({
  sequence,
  lastHash,
  buckets,
  pending,
  holds,
  debt,
  totals,
  ...(movingExpiresOn !== undefined && { movingExpiresOn }),
});

const negated = <B extends Bucket>(buckets: readonly B[]): B[] => buckets.map((bucket) => ({ ...bucket, points: -bucket.points }));
const posted = ({ postings }: Entry, account: Account): number => postings.find((posting) => posting.account === account)?.points ?? 0;

/** A fold that grows with each entry. */
export class LedgerFold {
  #head: FoldedHead;
  /** The pending bucket of each entry that had one: a reversal names the entry only. */
  readonly #pendingOfEntry = new Map<string, PendingBucket>();

  /** From nothing, or from what a wallet was; then `reversed` are the entries before that which later ones undo. */
  constructor(start: FoldedHead = nothing, reversed: Iterable<Entry> = []) {
    this.#head = start;
    for (const entry of reversed) if (entry.activatesOn !== undefined) this.#rememberPending(entry);
  }

  get head(): FoldedHead {
    return this.#head;
  }

  add(entry: Entry): void {
    this.#move(entry);
    const { debt, totals } = this.#head;
    const counted = Object.entries(totals).map(([account, points]) => [account, points + posted(entry, account as keyof Totals)]);
    this.#head = {
      ...this.#head,
      sequence: entry.seq,
      lastHash: entry.hash,
      debt: debt - posted(entry, "debt"),
      totals: Object.fromEntries(counted) as Totals,
      ...(entry.movingExpiresOn !== undefined && { movingExpiresOn: entry.movingExpiresOn }),
    };
  }

  #move(entry: Entry): void {
    const { allocations } = entry;
    switch (entry.type) {
      case "earn":
        if (entry.activatesOn === undefined) this.#deposit(entry);
        else this.#addPending(entry);
        break;
      case "activate":
        this.#changePending(negated(pendingBuckets(entry)));
        this.#deposit(entry);
        break;
      case "hold":
        this.#changeBuckets(negated(allocations));
        this.#setHold({ id: entry.holdId ?? "", expiresAt: entry.expiresAt ?? "", buckets: allocations });
        break;
      case "capture":
        this.#setHold(this.#holdWithout(entry));
        break;
      case "void":
        this.#setHold(this.#holdWithout(entry));
        this.#deposit(entry);
        break;
      case "reversal":
        this.#takeBack(entry);
        break;
      case "adjustment":
        if (entry.points > 0) this.#deposit(entry);
        else this.#changeBuckets(negated(allocations));
        break;
      case "redeem":
      case "expire":
      case "transfer_out":
        this.#changeBuckets(negated(allocations));
        break;
      case "reimbursement":
      case "reinstatement":
      case "transfer_in":
        this.#deposit(entry);
        break;
    }
  }

  /** Of what came in, the first by their last day had expired; of the others, the first to expire paid the debt. */
  #deposit(entry: Entry): void {
    const lastDay = (bucket: Bucket) => ({ expiresOn: lastDayOf(bucket, this.#head) });
    const byLastDay = entry.allocations.toSorted((one, other) => byExpiry(lastDay(one), lastDay(other)));
    const alive = takeFirst(byLastDay, Math.max(posted(entry, "expired"), 0)).left;
    this.#changeBuckets(takeFirst(alive.toSorted(byExpiry), posted(entry, "debt")).left);
  }

  #takeBack(entry: Entry): void {
    const pending = this.#pendingOfEntry.get(entry.reverses ?? "");
    const fromPending = pending === undefined ? [] : [{ ...pending, points: -posted(entry, "pending") }];
    this.#changePending(negated(fromPending));
    this.#changeBuckets([...negated(entry.allocations), ...fromPending]);
  }

  #addPending(entry: Entry): void {
    this.#rememberPending(entry);
    this.#changePending(pendingBuckets(entry));
  }
  #rememberPending(entry: Entry): void {
    for (const bucket of pendingBuckets(entry)) this.#pendingOfEntry.set(entry.id, bucket);
  }

  #changeBuckets(changes: readonly Bucket[]): void {
    this.#head = { ...this.#head, buckets: withAdded(this.#head.buckets, changes) };
  }

  #changePending(changes: readonly PendingBucket[]): void {
    const days = new Set([...this.#head.pending, ...changes].map(({ activatesOn }) => activatesOn));
    const of = (buckets: readonly PendingBucket[], day: string) => buckets.filter(({ activatesOn }) => activatesOn === day);
    const pending = [...days]
      .sort()
      .flatMap((activatesOn) => withAdded(of(this.#head.pending, activatesOn), of(changes, activatesOn)).map((bucket) => ({ ...bucket, activatesOn })));
    this.#head = { ...this.#head, pending };
  }

  #holdWithout({ holdId = "", allocations }: Entry): OpenHold {
    const hold = this.#head.holds.find(({ id }) => id === holdId);
    return { id: holdId, expiresAt: hold?.expiresAt ?? "", buckets: withAdded(hold?.buckets ?? [], negated(allocations)) };
  }

  #setHold(hold: OpenHold): void {
    const others = this.#head.holds.filter(({ id }) => id !== hold.id);
    this.#head = { ...this.#head, holds: pointsIn(hold.buckets) > 0 ? [...others, hold] : others };
  }
}

const pendingBuckets = ({ allocations, activatesOn = "" }: Entry): PendingBucket[] => allocations.map((bucket) => ({ ...bucket, activatesOn }));
