/** What a wallet was at an instant, with what was known of it at another. Pure. */
import type { Account, Entry } from "../ledger/entry.ts";
import { foldedPartOf, LedgerFold } from "../ledger/fold.ts";
import { apply } from "../ledger/ledger.ts";
import type { LedgerTime } from "../ledger/ledger-time.ts";
import { balancesOf, type WalletHead } from "../ledger/wallet-head.ts";

export type Balances = { readonly available: number; readonly pending: number; readonly held: number; readonly debt: number };

/**
 * The sum of all postings that were effective by `at`. `base` is a head from not after `at`; `later` are all entries after
 * it that were recorded by `knownAt`; `known` is the head after the last of them. What had come due by `knownAt` counts
 * whether or not it was written down, so that a late sweeper changes nothing.
 */
export function balanceAt(base: WalletHead, later: readonly Entry[], known: WalletHead, knownAt: LedgerTime, at: string): Balances {
  const sums: Record<Account, number> = { ...balancesOf(base) };
  for (const { effectiveAt, postings } of [...later, ...dueEntries(known, knownAt)])
    if (effectiveAt <= at) for (const { account, points } of postings) sums[account] += points;
  // A late earning may have paid a debt that the member did not have yet at that time: then its points were available.
  const paidAhead = Math.max(sums.debt, 0);
  return { available: sums.available + paidAhead, pending: sums.pending, held: sums.held, debt: paidAhead - sums.debt };
}

function dueEntries(known: WalletHead, time: LedgerTime): readonly Entry[] {
  const rolled = apply(known, { kind: "roll" }, time);
  return rolled.kind === "applied" ? rolled.entries : [];
}

/** The head after the entries that follow it; `reversed` are entries before it that these undo (see `reversedBefore`). */
export function headAfter(head: WalletHead, following: readonly Entry[], reversed: readonly Entry[]): WalletHead {
  const fold = new LedgerFold(foldedPartOf(head), reversed);
  for (const entry of following) fold.add(entry);
  return { ...head, ...fold.head };
}

/** The ids of entries up to `sequence` whose pending points were taken back by `following`, which do not say what day these waited for. */
export const reversedBefore = (sequence: number, following: readonly Entry[], seqOf: (entryId: string) => number): string[] =>
  following
    .filter(({ type, postings }) => type === "reversal" && postings.some(({ account }) => account === "pending"))
    .flatMap(({ reverses }) => (reverses !== undefined && seqOf(reverses) <= sequence ? [reverses] : []));
