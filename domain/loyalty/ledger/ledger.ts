/**
 * The ledger: what a command makes of a wallet. Pure: the same head, command and time give the same entries. Before the
 * command, everything that has come due meanwhile is made true. So a balance is a function of the head and the time, and a
 * sweeper that comes late changes nothing but when it is told.
 */
import type { Bucket, Entry } from "./entry.ts";
import { authorize, capture, release } from "./hold-commands.ts";
import { assertInvariants, assertWithinLimits } from "./invariants.ts";
import { type Facts, LedgerDraft } from "./ledger-draft.ts";
import type { LedgerTime } from "./ledger-time.ts";
import { type Refusal, Refused } from "./refusal.ts";
import { reinstate, reverse } from "./reversal.ts";
import { roll } from "./roll.ts";
import { balancesOf, pointsIn, type WalletHead } from "./wallet-head.ts";

export type DebtPolicy = "forbid" | "within_balance" | "allow_negative";
export type Told = Pick<Facts, "effectiveAt" | "reference" | "reason" | "redemptionId" | "qualifyingPoints" | "purchase" | "rules">;

/**
 * Points are whole and above zero, but those of an adjustment that takes, and of a purchase that earns nothing.
 * `entriesMax`: what is due beyond so many entries stays due.
 * `activeUntil`: the last day of points that expire by inactivity, when this is the member's last activity.
 */
export type Command = Told & { readonly activeUntil?: string | undefined } & (
    | { readonly kind: "roll"; readonly entriesMax?: number }
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
export type Of<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

/** The wallet after the command, and the entries that lead there: what was due, then the command's own, which is `entry`. */
export type Applied = { readonly kind: "applied"; readonly head: WalletHead; readonly entries: readonly Entry[]; readonly entry: Entry | undefined };

/**
 * Refused commands change nothing: `head` stays as it is, to the byte.
 * @throws Error when the caller or the ledger is at fault: points that are no whole number above zero, a broken invariant.
 */
export function apply(head: WalletHead, command: Command, time: LedgerTime): Applied | Refusal {
  assertPoints(command);
  const draft = new LedgerDraft(head, time.now);
  try {
    roll(draft, time, undefined, command.kind === "roll" ? command.entriesMax : undefined);
    const rolled = draft.entries.length;
    if (command.activeUntil !== undefined) stayAlive(draft, command, command.activeUntil, time);
    run(draft, command, time);
    const entry = draft.entries[rolled];
    // What came in when its date had passed does not stay.
    if (entry !== undefined) roll(draft, time, entry.effectiveAt);
    assertWithinLimits(draft.head);
    assertInvariants(draft.head);
    const after = draft.entries.length > 0 ? { ...draft.head, version: head.version + 1 } : head;
    return { kind: "applied", head: after, entries: draft.entries, entry };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/** Less than nothing spent would be points made. */
function assertPoints(command: Command): void {
  const amounts = command.kind === "transfer_in" ? [pointsIn(command.buckets)] : "points" in command && command.points !== undefined ? [command.points] : [];
  const isSound = (points: number) =>
    Number.isSafeInteger(points) &&
    (points > 0 || (command.kind === "adjust" && points < 0) || (command.kind === "earn" && points === 0 && command.purchase !== undefined));
  if (!amounts.every(isSound)) throw new RangeError(`${command.kind} of ${amounts} points`);
}

/** What the member does, or a transfer that brings moving points along. Of other points the first ones alone say how long they live. */
const activities: ReadonlySet<Command["kind"]> = new Set(["earn", "redeem", "authorize", "capture", "transfer_out", "transfer_in"]);
function stayAlive(draft: LedgerDraft, command: Command, lastDay: string, { today }: LedgerTime): void {
  const isAlive = (draft.head.movingExpiresOn ?? "") >= today;
  const gives = command.kind === "reinstate" || (command.kind === "adjust" && command.points > 0);
  if (activities.has(command.kind) || (gives && !isAlive)) draft.keepAlive(lastDay);
}

function run(draft: LedgerDraft, command: Command, time: LedgerTime): void {
  const { effectiveAt, reference, reason, redemptionId, qualifyingPoints, purchase, rules } = command;
  const told = { effectiveAt, reference, reason, redemptionId, qualifyingPoints, purchase, rules } as Told;
  switch (command.kind) {
    case "roll":
      break;
    case "earn":
      earn(draft, command, told, time);
      break;
    case "redeem":
      redeem(draft, command, told);
      break;
    case "authorize":
      authorize(draft, command, told);
      break;
    case "capture":
      capture(draft, command, told);
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
      transferOut(draft, command, told);
      break;
    case "transfer_in":
      transferIn(draft, command, told);
      break;
    case "adjust":
      adjust(draft, command, told);
      break;
  }
}

function earn(draft: LedgerDraft, { points, expiresOn, activatesOn }: Of<"earn">, told: Told, { today }: LedgerTime): void {
  const isPending = activatesOn !== undefined && activatesOn > today;
  draft.record({ type: "earn", points, ...told, ...(isPending && { activatesOn }) }, () => {
    draft.count("issued", -points);
    if (isPending) draft.addPending({ activatesOn, expiresOn, points });
    else draft.deposit([{ expiresOn, points }]);
    return [{ expiresOn, points }];
  });
}

function redeem(draft: LedgerDraft, { points }: Of<"redeem">, told: Told): void {
  draft.record({ type: "redeem", points, ...told }, () => {
    draft.count("redeemed", points);
    return draft.take(points);
  });
}

function transferOut(draft: LedgerDraft, { points }: Of<"transfer_out">, told: Told): void {
  draft.record({ type: "transfer_out", points, ...told }, () => {
    draft.count("transferred", points);
    return draft.take(points);
  });
}

/** `buckets` are the allocations of the other wallet's entry: what moves keeps its expiry. */
function transferIn(draft: LedgerDraft, { buckets }: Of<"transfer_in">, told: Told): void {
  draft.record({ type: "transfer_in", points: pointsIn(buckets), ...told }, () => {
    draft.count("transferred", -pointsIn(buckets));
    draft.deposit(buckets);
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
  const taken = draft.withinDebtPolicy(debtPolicy, -points, balancesOf(draft.head).available);
  draft.record({ type: "adjustment", points: -taken, ...told }, () => {
    const buckets = draft.withdraw(taken);
    draft.owe(taken - pointsIn(buckets));
    draft.count("reversed", taken);
    return buckets;
  });
}
