/** Points set aside: authorised, then captured in parts or given back. */
import { splitExpired, takeFirst } from "./buckets.ts";
import type { Of, Told } from "./ledger.ts";
import type { LedgerDraft } from "./ledger-draft.ts";
import { refuse } from "./refusal.ts";
import { openHoldsMax, pointsIn } from "./wallet-head.ts";

export function authorize(draft: LedgerDraft, { holdId, points, expiresAt }: Of<"authorize">, told: Told): void {
  if (draft.head.holds.length >= openHoldsMax) refuse("too_many_holds", { openHoldsMax });
  if (draft.head.holds.some(({ id }) => id === holdId)) throw new Error(`The hold ${holdId} is open already.`);
  draft.record({ type: "hold", points, holdId, expiresAt, ...told }, () => {
    const buckets = draft.take(points);
    draft.setHold({ id: holdId, expiresAt, buckets });
    return buckets;
  });
}

const openHold = (draft: LedgerDraft, holdId: string) => draft.head.holds.find(({ id }) => id === holdId) ?? refuse("hold_not_open", { holdId });

/** Points of a hold are spent even when their date has passed meanwhile: they were promised. */
export function capture(draft: LedgerDraft, { holdId, points: wanted }: Of<"capture">, told: Told): void {
  const hold = openHold(draft, holdId);
  const held = pointsIn(hold.buckets);
  const points = wanted ?? held;
  if (points > held) refuse("capture_exceeds_hold", { held });
  const { taken, left } = takeFirst(hold.buckets, points);
  draft.record({ type: "capture", points, holdId, ...told }, () => {
    draft.setHold({ ...hold, buckets: left });
    draft.count("redeemed", points);
    return taken;
  });
}

/** What is left of a hold goes back to where it came from; what has expired by `day` meanwhile expires now. */
export function release(draft: LedgerDraft, holdId: string, day: string, told: Told): void {
  const hold = openHold(draft, holdId);
  const { alive, dead } = splitExpired(hold.buckets, day, draft.head);
  draft.record({ type: "void", points: pointsIn(hold.buckets), holdId, ...told }, () => {
    draft.setHold({ ...hold, buckets: [] });
    draft.deposit(alive);
    draft.count("expired", pointsIn(dead));
    return hold.buckets;
  });
}
