/**
 * Makes true what has come due: activations, expiries, holds that have run out, one after the other as they happened. Their
 * order matters when the member owes points, because what comes first pays. So a wallet that nobody touched for a year and
 * one that was rolled every day tell the same story, entry by entry; only `recordedAt` differs.
 */
import { lastDayOf } from "./buckets.ts";
import { addDays } from "./calendar.ts";
import { release } from "./hold-commands.ts";
import type { LedgerDraft } from "./ledger-draft.ts";
import type { LedgerTime } from "./ledger-time.ts";
import { pointsIn } from "./wallet-head.ts";

/** Why a hold was given back that nobody voided. */
export const holdExpiredReason = "expired";

type Due = { readonly at: string; readonly settle: (effectiveAt: string) => void };

/** `since`: nothing that is settled here took effect earlier, such as the expiry of points that came in when their date had passed. Ends with `entriesMax`. */
export function roll(draft: LedgerDraft, time: LedgerTime, since = "", entriesMax = Number.POSITIVE_INFINITY): void {
  let effectiveAt = since;
  for (let due = nextDue(draft, time); due !== undefined && draft.entries.length < entriesMax; due = nextDue(draft, time)) {
    effectiveAt = due.at > effectiveAt ? due.at : effectiveAt;
    due.settle(effectiveAt);
  }
}

/** Of what begins or ends at the same instant, activations come first, then expiries, then holds. */
function nextDue(draft: LedgerDraft, time: LedgerTime): Due | undefined {
  const due = [dueActivation(draft, time), dueExpiry(draft, time), dueHold(draft, time)].filter((one) => one !== undefined);
  return due.toSorted((one, other) => (one.at === other.at ? 0 : one.at < other.at ? -1 : 1))[0];
}

function dueActivation(draft: LedgerDraft, { today, startOf }: LedgerTime): Due | undefined {
  const activatesOn = draft.head.pending[0]?.activatesOn;
  if (activatesOn === undefined || activatesOn > today) return undefined;
  const active = draft.head.pending.filter((bucket) => bucket.activatesOn === activatesOn);
  const settle = (effectiveAt: string) =>
    draft.record({ type: "activate", points: pointsIn(active), activatesOn, effectiveAt }, () => {
      for (const bucket of active) draft.takePending(bucket, bucket.points);
      draft.deposit(active);
      return active;
    });
  return { at: startOf(activatesOn), settle };
}

function dueExpiry(draft: LedgerDraft, { today, startOf }: LedgerTime): Due | undefined {
  const dead = draft.head.buckets.flatMap((bucket) => {
    const lastDay = lastDayOf(bucket, draft.head);
    return lastDay !== null && lastDay < today ? [{ bucket, lastDay }] : [];
  });
  const first = dead.toSorted((one, other) => (one.lastDay === other.lastDay ? 0 : one.lastDay < other.lastDay ? -1 : 1))[0];
  if (first === undefined) return undefined;
  const { expiresOn, points } = first.bucket;
  const settle = (effectiveAt: string) =>
    draft.record({ type: "expire", points, effectiveAt }, () => {
      draft.count("expired", points);
      return draft.withdrawOf(expiresOn, points);
    });
  return { at: startOf(addDays(first.lastDay, 1)), settle };
}

function dueHold(draft: LedgerDraft, { now, dayOf }: LedgerTime): Due | undefined {
  const [first] = draft.head.holds.toSorted((one, other) => (one.expiresAt + one.id < other.expiresAt + other.id ? -1 : 1));
  if (first === undefined || first.expiresAt > now.toISOString()) return undefined;
  const settle = (effectiveAt: string) => release(draft, first.id, dayOf(first.expiresAt), { reason: holdExpiredReason, effectiveAt });
  return { at: first.expiresAt, settle };
}
