/**
 * The ledger: what a command makes of a wallet. Pure: the same head, command and time give the same entries. Before the
 * command, everything that has come due meanwhile is made true: activations, holds that have run out, expiries. So a
 * balance is a function of the head and the time, and a sweeper that comes late changes nothing but when it is told.
 */
import { isExpired, slice, splitExpired, takeFirst } from "./buckets.ts";
import type { Bucket, Entry } from "./entry.ts";
import { LedgerDraft } from "./ledger-draft.ts";
import { balancesOf, bucketsMax, openHoldsMax, pendingBucketsMax, pointsIn, type WalletHead } from "./wallet-head.ts";

export type DebtPolicy = "forbid" | "within_balance" | "allow_negative";
/** `today` is the date of `now` in the programme's zone, which decides what is active and what has expired. */
export type LedgerTime = { readonly now: Date; readonly today: string };
type Told = { readonly effectiveAt?: string; readonly reference?: string; readonly reason?: string; readonly rules?: readonly object[] };

export type Command = Told &
  (
    | { readonly kind: "roll" }
    | { readonly kind: "earn"; readonly points: number; readonly expiresOn: string | null; readonly activatesOn?: string | undefined }
    | { readonly kind: "redeem"; readonly points: number }
    | { readonly kind: "authorize"; readonly holdId: string; readonly points: number; readonly expiresAt: string }
    | { readonly kind: "capture"; readonly holdId: string; readonly points?: number | undefined }
    | { readonly kind: "void"; readonly holdId: string }
    /** `reversedBefore`: how many points of the entry were reversed by earlier commands. */
    | {
        readonly kind: "reverse";
        readonly entry: Entry;
        readonly reversedBefore: number;
        readonly points: number;
        readonly debtPolicy: DebtPolicy;
        readonly graceExpiresOn?: string | undefined;
      }
    | { readonly kind: "reinstate"; readonly entry: Entry; readonly reversedBefore: number; readonly points: number; readonly expiresOn: string | null }
    | { readonly kind: "transfer_out"; readonly points: number }
    | { readonly kind: "transfer_in"; readonly buckets: readonly Bucket[] }
    | { readonly kind: "adjust"; readonly points: number; readonly expiresOn: string | null; readonly debtPolicy: DebtPolicy }
  );

export type Refusal = { readonly kind: "refused"; readonly code: RefusalCode; readonly members: Readonly<Record<string, unknown>> };
export type RefusalCode =
  | "insufficient_points"
  | "hold_not_open"
  | "capture_exceeds_hold"
  | "reversal_exceeds_entry"
  | "entry_not_reversible"
  | "too_many_holds"
  | "too_many_buckets";
/** The wallet after the command, and the entries that lead there: what was due, then the command's own, which is `entry`. */
export type Applied = { readonly kind: "applied"; readonly head: WalletHead; readonly entries: readonly Entry[]; readonly entry: Entry | undefined };

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(code: RefusalCode, members: Record<string, unknown> = {}) {
    super(code);
    this.refusal = { kind: "refused", code, members };
  }
}
const refuse = (code: RefusalCode, members?: Record<string, unknown>): never => {
  throw new Refused(code, members);
};

/** Refused commands change nothing: `head` stays as it is, to the byte. */
export function apply(head: WalletHead, command: Command, time: LedgerTime): Applied | Refusal {
  const draft = new LedgerDraft(head, time.now);
  try {
    roll(draft, time);
    const rolled = draft.entries.length;
    run(draft, command, time);
    if (draft.head.buckets.length > bucketsMax || draft.head.pending.length > pendingBucketsMax) refuse("too_many_buckets", { bucketsMax });
    assertInvariants(draft.head);
    const after = draft.entries.length > 0 ? { ...draft.head, version: head.version + 1 } : head;
    return { kind: "applied", head: after, entries: draft.entries, entry: draft.entries[rolled] };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/** Everything that has come due by `time`, whatever it costs: activations first, then holds that have run out, then expiries. */
function roll(draft: LedgerDraft, { now, today }: LedgerTime): void {
  const due = draft.head.pending.filter(({ activatesOn }) => activatesOn <= today);
  if (due.length > 0)
    draft.record({ type: "activate", points: pointsIn(due) }, () => {
      for (const bucket of due) draft.takePending(bucket, bucket.points);
      return draft.deposit(due);
    });
  for (const hold of draft.head.holds.filter(({ expiresAt }) => expiresAt <= now.toISOString()))
    release(draft, hold.id, today, { reason: "expired", effectiveAt: hold.expiresAt });
  const { dead, alive } = splitExpired(draft.head.buckets, today);
  if (dead.length > 0)
    draft.record({ type: "expire", points: pointsIn(dead) }, () => {
      draft.withdraw(pointsIn(draft.head.buckets) - pointsIn(alive));
      draft.count("expired", pointsIn(dead));
      return dead;
    });
}

function run(draft: LedgerDraft, command: Command, time: LedgerTime): void {
  const { effectiveAt, reference, reason, rules } = command;
  const told = { effectiveAt, reference, reason, rules } as Told;
  switch (command.kind) {
    case "roll":
      break;
    case "earn":
      earn(draft, command, told, time);
      break;
    case "redeem":
      redeem(draft, command.points, told);
      break;
    case "authorize":
      authorize(draft, command, told);
      break;
    case "capture":
      capture(draft, command.holdId, command.points, told);
      break;
    case "void":
      release(draft, command.holdId, time.today, told);
      break;
    case "reverse":
      reverse(draft, command, told, time);
      break;
    case "reinstate":
      reinstate(draft, command, told);
      break;
    case "transfer_out":
      transferOut(draft, command.points, told);
      break;
    case "transfer_in":
      transferIn(draft, command.buckets, told, time);
      break;
    case "adjust":
      adjust(draft, command, told);
      break;
  }
}

type Of<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

function earn(draft: LedgerDraft, { points, expiresOn, activatesOn }: Of<"earn">, told: Told, { today }: LedgerTime): void {
  const isPending = activatesOn !== undefined && activatesOn > today;
  draft.record({ type: "earn", points, ...told, ...(isPending && { activatesOn }) }, () => {
    draft.count("issued", -points);
    if (isPending) draft.addPending({ activatesOn, expiresOn, points });
    else draft.deposit([{ expiresOn, points }]);
    return [{ expiresOn, points }];
  });
}

/** Takes the points or refuses. */
function take(draft: LedgerDraft, points: number): Bucket[] {
  const { available } = balancesOf(draft.head);
  if (available < points) refuse("insufficient_points", { available, missing: points - available });
  return draft.withdraw(points);
}

function redeem(draft: LedgerDraft, points: number, told: Told): void {
  draft.record({ type: "redeem", points, ...told }, () => {
    const taken = take(draft, points);
    draft.count("redeemed", points);
    return taken;
  });
}

function authorize(draft: LedgerDraft, { holdId, points, expiresAt }: Of<"authorize">, told: Told): void {
  if (draft.head.holds.length >= openHoldsMax) refuse("too_many_holds", { openHoldsMax });
  draft.record({ type: "hold", points, holdId, ...told }, () => {
    const buckets = take(draft, points);
    draft.setHold({ id: holdId, expiresAt, buckets });
    return buckets;
  });
}

function openHold(draft: LedgerDraft, holdId: string) {
  return draft.head.holds.find(({ id }) => id === holdId) ?? refuse("hold_not_open", { holdId });
}

/** Points of a hold are spent even when their date has passed meanwhile: they were promised. */
function capture(draft: LedgerDraft, holdId: string, wanted: number | undefined, told: Told): void {
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

/** What is left of a hold goes back to where it came from; what has expired meanwhile expires now. */
function release(draft: LedgerDraft, holdId: string, today: string, told: Told): void {
  const hold = openHold(draft, holdId);
  const { alive, dead } = splitExpired(hold.buckets, today);
  draft.record({ type: "void", points: pointsIn(hold.buckets), holdId, ...told }, () => {
    draft.setHold({ ...hold, buckets: [] });
    draft.deposit(alive);
    draft.count("expired", pointsIn(dead));
    return hold.buckets;
  });
}

function reverse(draft: LedgerDraft, command: Of<"reverse">, told: Told, time: LedgerTime): void {
  const { entry, points, reversedBefore } = command;
  if (points > entry.points - reversedBefore) refuse("reversal_exceeds_entry", { reversible: entry.points - reversedBefore });
  if (entry.type === "earn") clawBack(draft, command, told);
  else if (entry.type === "redeem" || entry.type === "capture") reimburse(draft, command, told, time);
  else refuse("entry_not_reversible", { entryType: entry.type });
}

/** Earned points are taken back: those still pending first, then the entry's own bucket, then what expires first, then the policy decides. */
function clawBack(draft: LedgerDraft, { entry, points, debtPolicy }: Of<"reverse">, told: Told): void {
  const [own] = entry.allocations;
  const expiresOn = own?.expiresOn ?? null;
  const pendingLeft =
    entry.activatesOn === undefined ? 0 : pointsIn(draft.head.pending.filter((one) => one.activatesOn === entry.activatesOn && one.expiresOn === expiresOn));
  const usable = Math.min(points, pendingLeft) + balancesOf(draft.head).available;
  if (debtPolicy === "forbid" && usable < points) refuse("insufficient_points", { available: usable, missing: points - usable });
  const taken = debtPolicy === "within_balance" ? Math.min(points, usable) : points;
  if (taken === 0) refuse("insufficient_points", { available: 0, missing: points });
  draft.record({ type: "reversal", points: taken, reverses: entry.id, ...told }, () => {
    const fromPending = entry.activatesOn === undefined ? 0 : draft.takePending({ activatesOn: entry.activatesOn, expiresOn }, taken);
    const fromOwn = draft.withdrawOf(expiresOn, taken - fromPending);
    const others = draft.withdraw(taken - fromPending - pointsIn(fromOwn));
    draft.owe(taken - fromPending - pointsIn(fromOwn) - pointsIn(others));
    draft.count("reversed", taken);
    return [...(fromPending > 0 ? [{ expiresOn, points: fromPending }] : []), ...fromOwn, ...others];
  });
}

/** Redeemed points go back to the buckets that they came from, the last to expire first; the grace decides over those that have expired. */
function reimburse(draft: LedgerDraft, { entry, points, reversedBefore, graceExpiresOn }: Of<"reverse">, told: Told, { today }: LedgerTime): void {
  const original = slice([...entry.allocations].reverse(), reversedBefore, points);
  const { alive, dead } = splitExpired(original, today);
  const revived = graceExpiresOn === undefined ? [] : dead.map((bucket) => ({ ...bucket, expiresOn: graceExpiresOn }));
  draft.record({ type: "reimbursement", points, reverses: entry.id, ...told }, () => {
    draft.count("redeemed", -points);
    draft.deposit([...alive, ...revived]);
    if (graceExpiresOn === undefined) draft.count("expired", pointsIn(dead));
    return [...alive, ...(graceExpiresOn === undefined ? dead : revived)];
  });
}

function reinstate(draft: LedgerDraft, { entry, points, reversedBefore, expiresOn }: Of<"reinstate">, told: Told): void {
  if (entry.type !== "expire") refuse("entry_not_reversible", { entryType: entry.type });
  if (points > entry.points - reversedBefore) refuse("reversal_exceeds_entry", { reversible: entry.points - reversedBefore });
  draft.record({ type: "reinstatement", points, reverses: entry.id, ...told }, () => {
    draft.count("expired", -points);
    draft.deposit([{ expiresOn, points }]);
    return [{ expiresOn, points }];
  });
}

function transferOut(draft: LedgerDraft, points: number, told: Told): void {
  draft.record({ type: "transfer_out", points, ...told }, () => {
    const taken = take(draft, points);
    draft.count("transferred", points);
    return taken;
  });
}

/** `buckets` are the allocations of the other wallet's entry: what moves keeps its expiry. */
function transferIn(draft: LedgerDraft, buckets: readonly Bucket[], told: Told, { today }: LedgerTime): void {
  const usable = buckets.filter((bucket) => !isExpired(bucket, today));
  draft.record({ type: "transfer_in", points: pointsIn(buckets), ...told }, () => {
    draft.count("transferred", -pointsIn(buckets));
    draft.deposit(usable);
    draft.count("expired", pointsIn(buckets) - pointsIn(usable));
    return buckets;
  });
}

function adjust(draft: LedgerDraft, { points, expiresOn, debtPolicy }: Of<"adjust">, told: Told): void {
  if (points > 0) {
    draft.record({ type: "adjustment", points, ...told }, () => {
      draft.count("issued", -points);
      draft.deposit([{ expiresOn, points }]);
      return [{ expiresOn, points }];
    });
    return;
  }
  const { available } = balancesOf(draft.head);
  if (debtPolicy === "forbid" && available < -points) refuse("insufficient_points", { available, missing: -points - available });
  const taken = debtPolicy === "within_balance" ? Math.min(-points, available) : -points;
  if (taken === 0) refuse("insufficient_points", { available, missing: -points });
  draft.record({ type: "adjustment", points: -taken, ...told }, () => {
    const buckets = draft.withdraw(taken);
    draft.owe(taken - pointsIn(buckets));
    draft.count("reversed", taken);
    return buckets;
  });
}

/** What must hold for every wallet at every time; a fault here is ours, and nothing is written. */
export function assertInvariants(head: WalletHead): void {
  const balances = balancesOf(head);
  const sum = Object.values(balances).reduce((total, points) => total + points, 0);
  const all = [...head.buckets, ...head.pending, ...head.holds.flatMap(({ buckets }) => buckets)];
  const isSound = sum === 0 && head.debt >= 0 && all.every(({ points }) => Number.isSafeInteger(points) && points > 0);
  const isPaid = head.debt === 0 || head.buckets.length === 0;
  if (!isSound || !isPaid) throw new Error(`The ledger of ${head.id} would break an invariant: ${JSON.stringify(balances)}`);
}
