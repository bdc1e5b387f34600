/** A wallet of the ledger beside its naive model. Each entry that is committed is looked at: hash, chain, sums, holds. */
import { isDeepStrictEqual } from "node:util";
import { type Entry, entryHash, firstPrevHash } from "./entry.ts";
import { LedgerFold } from "./fold.ts";
import type { Applied } from "./ledger.ts";
import { type Earned, type Expired, NaiveWallet, type Spent } from "./naive-ledger.test-model.ts";
import { newWalletHead, pointsIn, type WalletHead } from "./wallet-head.ts";

export type Undoable = { readonly entry: Entry; readonly made: Earned | Spent | Expired; undone: number };
type HoldTally = { authorized: number; settled: number; isClosed: boolean };

export function same(what: string, ledger: unknown, model: unknown): void {
  // Text is compared faster, but names may stand in another order.
  if (JSON.stringify(ledger) !== JSON.stringify(model) && !isDeepStrictEqual(ledger, model))
    throw new Error(`${what}: the ledger says ${JSON.stringify(ledger)}, it should be ${JSON.stringify(model)}`);
}

/** As it comes out of the table: nobody can change it, and nothing rests on what JSON cannot say. */
export function stored<T>(value: T): T {
  return frozen(JSON.parse(JSON.stringify(value))) as T;
}
function frozen(value: unknown): unknown {
  if (value !== null && typeof value === "object") for (const member of Object.values(Object.freeze(value))) frozen(member);
  return value;
}

export class WatchedWallet {
  head: WalletHead;
  headText: string;
  readonly model = new NaiveWallet();
  readonly fold = new LedgerFold();
  readonly undoables: Undoable[] = [];
  readonly holds = new Map<string, HoldTally>();
  #previous = { hash: firstPrevHash, seq: 0, available: 0 };
  #expiries = 0;

  constructor(id: string, now: number) {
    this.head = stored(newWalletHead({ id, customerId: "cus_1", programId: "prg_1", livemode: true, metadata: {} }, new Date(now)));
    this.headText = JSON.stringify(this.head);
  }

  /** Answers the command's own entry. */
  commit(applied: Applied): Entry | undefined {
    const entries = stored(applied.entries);
    for (const entry of entries) this.#take(entry);
    this.headText = JSON.stringify(applied.head);
    this.head = frozen(JSON.parse(this.headText)) as WalletHead;
    return entries.find(({ id }) => id === applied.entry?.id);
  }

  #take(entry: Entry): void {
    const { hash, ...body } = entry;
    same("hash", entryHash(body), hash);
    same("chain", { prevHash: entry.prevHash, seq: entry.seq }, { prevHash: this.#previous.hash, seq: this.#previous.seq + 1 });
    same("sum of the postings", pointsIn(entry.postings), 0);
    const moved = entry.postings.find(({ account }) => account === "available")?.points ?? 0;
    same("running balance", entry.availableAfter, this.#previous.available + moved);
    this.#previous = { hash, seq: entry.seq, available: entry.availableAfter };
    this.fold.add(entry);
    this.#tallyHold(entry);
    if (entry.type !== "expire") return;
    const made = this.model.expiries[this.#expiries++] as Expired;
    same("expired points", entry.points, made?.points);
    this.undoables.push({ entry, made, undone: 0 });
  }

  #tallyHold({ type, holdId = "", points }: Entry): void {
    if (type === "hold") this.holds.set(holdId, { authorized: points, settled: 0, isClosed: false });
    const hold = this.holds.get(holdId);
    if (!hold || type === "hold") return;
    same("a closed hold stays closed", hold.isClosed, false);
    hold.settled += points;
    hold.isClosed = type === "void" || hold.settled === hold.authorized;
    if (hold.settled > hold.authorized) throw new Error("more was captured and released than authorised");
  }
}
