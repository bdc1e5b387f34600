/** Undoing entries, wholly or in parts: earned points are taken back, spent and expired ones given back. */
import { slice, splitExpired } from "./buckets.ts";
import type { Of, Told } from "./ledger.ts";
import type { LedgerDraft } from "./ledger-draft.ts";
import type { LedgerTime } from "./ledger-time.ts";
import { refuse } from "./refusal.ts";
import { balancesOf, pointsIn } from "./wallet-head.ts";

function assertWithin(draft: LedgerDraft, { entry, points, reversedBefore }: Of<"reverse"> | Of<"reinstate">): void {
  if (entry.walletId !== draft.head.id) throw new Error(`${entry.id} is no entry of ${draft.head.id}.`);
  const reversible = entry.points - reversedBefore;
  if (points > reversible) refuse("reversal_exceeds_entry", { reversible });
}

export function reverse(draft: LedgerDraft, command: Of<"reverse">, told: Told, time: LedgerTime): void {
  const { type } = command.entry;
  if (type !== "earn" && type !== "redeem" && type !== "capture") refuse("entry_not_reversible", { entryType: type });
  assertWithin(draft, command);
  if (type === "earn") clawBack(draft, command, told);
  else reimburse(draft, command, told, time);
}

/** Earned points are taken back: those still pending first, then the entry's own bucket, then what expires first, then the policy decides. */
function clawBack(draft: LedgerDraft, { entry, points, reversedBefore, debtPolicy }: Of<"reverse">, told: Told): void {
  const expiresOn = entry.allocations[0]?.expiresOn ?? null;
  const own = { activatesOn: entry.activatesOn ?? "", expiresOn };
  const usable = Math.min(points, draft.pendingOf(own)) + balancesOf(draft.head).available;
  const taken = draft.withinDebtPolicy(debtPolicy, points, usable);
  const qualifyingPoints = entry.qualifyingPoints && -shareOf(entry.qualifyingPoints, entry.points, reversedBefore, taken);
  draft.record({ type: "reversal", points: taken, reverses: entry.id, ...told, ...(qualifyingPoints && { qualifyingPoints }) }, () => {
    const fromPending = draft.takePending(own, taken);
    const fromOwn = draft.withdrawOf(expiresOn, taken - fromPending);
    const others = draft.withdraw(taken - fromPending - pointsIn(fromOwn));
    draft.owe(taken - fromPending - pointsIn(fromOwn) - pointsIn(others));
    draft.count("reversed", taken);
    return [{ expiresOn, points: fromPending }, ...fromOwn, ...others];
  });
}

/** What `some` of `all` points stand for in `total`, when `before` of them were counted already: the shares of all parts sum to `total`. */
export function shareOf(total: number, all: number, before: number, some: number): number {
  const upTo = (points: number) => Number((BigInt(total) * BigInt(points)) / BigInt(all));
  return upTo(before + some) - upTo(before);
}

/** Redeemed points go back to the buckets that they came from, the last to expire first; the grace decides over those that have expired. */
function reimburse(draft: LedgerDraft, { entry, points, reversedBefore, graceExpiresOn }: Of<"reverse">, told: Told, { today }: LedgerTime): void {
  const original = slice([...entry.allocations].reverse(), reversedBefore, points);
  const { alive, dead } = splitExpired(original, today, draft.head);
  const revived = graceExpiresOn === undefined ? [] : dead.map((bucket) => ({ ...bucket, expiresOn: graceExpiresOn }));
  draft.record({ type: "reimbursement", points, reverses: entry.id, ...told }, () => {
    draft.count("redeemed", -points);
    draft.deposit([...alive, ...revived]);
    if (graceExpiresOn === undefined) draft.count("expired", pointsIn(dead));
    return [...alive, ...(graceExpiresOn === undefined ? dead : revived)];
  });
}

export function reinstate(draft: LedgerDraft, command: Of<"reinstate">, told: Told): void {
  const { entry, points, expiresOn } = command;
  if (entry.type !== "expire") refuse("entry_not_reversible", { entryType: entry.type });
  assertWithin(draft, command);
  draft.record({ type: "reinstatement", points, reverses: entry.id, ...told }, () => {
    draft.count("expired", -points);
    draft.deposit([{ expiresOn, points }]);
    return [{ expiresOn, points }];
  });
}
