/**
 * Movements: what entries did to the accounts, summed by kind of entry and account. Everything that accounting shows is read
 * off these sums, so it adds up because each entry's postings do.
 *
 * The balance of a programme is what its members could still spend, sooner or later: available + pending + held − debt. It
 * changes only with the accounts outside of the wallets; activations, holds and their releases move points within it.
 */
import { type Account, accounts, type Entry, type EntryType } from "../ledger/entry.ts";

/** Points by account. An account that is missing is 0. */
export type Amounts = Readonly<Partial<Record<Account, number>>>;
export type Movements = Readonly<Partial<Record<EntryType, Amounts>>>;

/** `debt` is never above zero, so that the four of them sum to the balance. */
export const walletAccounts = ["available", "pending", "held", "debt"] as const satisfies readonly Account[];
const isOutside = (account: Account): boolean => !(walletAccounts as readonly Account[]).includes(account);

export function addAmounts(one: Amounts, other: Amounts): Amounts {
  const sums = accounts.map((account) => [account, (one[account] ?? 0) + (other[account] ?? 0)] as const);
  return Object.fromEntries(sums.filter(([, points]) => points !== 0));
}

export const amountsOf = ({ postings }: Pick<Entry, "postings">): Amounts =>
  postings.reduce<Amounts>((sums, { account, points }) => addAmounts(sums, { [account]: points }), {});

export function addMovements(one: Movements, other: Movements): Movements {
  const types = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<EntryType>;
  return Object.fromEntries([...types].map((type) => [type, addAmounts(one[type] ?? {}, other[type] ?? {})]));
}

/** What the movements have brought each account. */
export const totalOf = (movements: Movements): Amounts => Object.values(movements).reduce<Amounts>(addAmounts, {});
export const balanceOf = (amounts: Amounts): number => walletAccounts.reduce((sum, account) => sum + (amounts[account] ?? 0), 0);
/** Zero, unless an entry's postings do not sum to zero. */
export const imbalanceOf = (amounts: Amounts): number => Object.values(amounts).reduce((sum, points) => sum + points, 0);

export const kindsOfChange = ["earned", "reversed", "redeemed", "reimbursed", "expired", "reinstated", "transferredIn", "transferredOut", "adjusted"] as const;
export type KindOfChange = (typeof kindsOfChange)[number];
/** How each kind changes the balance. */
export const signs: Readonly<Record<KindOfChange, 1 | -1>> = {
  earned: 1,
  reversed: -1,
  redeemed: -1,
  reimbursed: 1,
  expired: -1,
  reinstated: 1,
  transferredIn: 1,
  transferredOut: -1,
  adjusted: 1,
};

/** Each pair of an entry type and an outside account is of exactly one kind, so no point is missing and none counts twice. */
function kindOf(type: EntryType, account: Account): KindOfChange {
  if (type === "adjustment") return "adjusted";
  switch (account) {
    case "redeemed":
      return type === "reimbursement" ? "reimbursed" : "redeemed";
    case "expired":
      return type === "reinstatement" ? "reinstated" : "expired";
    case "reversed":
      return "reversed";
    case "transferred":
      return type === "transfer_in" ? "transferredIn" : "transferredOut";
    default:
      return "earned";
  }
}

/** Points of each kind; opening balance + these with their signs = closing balance. None is below zero, but for `adjusted`. */
export function changesOf(movements: Movements): Record<KindOfChange, number> {
  const changes = Object.fromEntries(kindsOfChange.map((kind) => [kind, 0])) as Record<KindOfChange, number>;
  for (const [type, amounts] of Object.entries(movements) as [EntryType, Amounts][])
    for (const [account, points] of Object.entries(amounts) as [Account, number][]) {
      if (!isOutside(account)) continue;
      const kind = kindOf(type, account);
      // What an outside account gains, the wallets lose. `+ 0` because minus zero is another number.
      changes[kind] += -points * signs[kind] + 0;
    }
  return changes;
}

/** Points that changed their account within the balance. */
export const shiftsOf = (movements: Movements): { activated: number; held: number; captured: number; released: number } => ({
  activated: -(movements.activate?.pending ?? 0) + 0,
  held: movements.hold?.held ?? 0,
  captured: -(movements.capture?.held ?? 0) + 0,
  released: -(movements.void?.held ?? 0) + 0,
});
