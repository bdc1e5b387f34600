/** A command on one wallet, from the request to the changes: one round trip of reads, one transaction. */
import * as z from "zod";
import { linkKey } from "../../customers/store.ts";
import { type EventDraft, tell } from "../../kernel/event.ts";
import { type Change, Contention, create, type Key, type Placement, type Reader, replace } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { checkpointChanges } from "../history/checkpoint.ts";
import { programKey } from "../keys.ts";
import { activeUntilFor } from "../ledger/calendar.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import { type Applied, apply, type Command } from "../ledger/ledger.ts";
import { type LedgerTime, ledgerTimeIn } from "../ledger/ledger-time.ts";
import type { RefusalCode } from "../ledger/refusal.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { type Qualifying, withStanding } from "../tiers/standing.ts";
import { tellOf } from "../tiers/tier-events.ts";
import type { TierChange } from "../tiers/tiers.ts";
import { entriesMax, nextDueAt, rollKind } from "./due.ts";
import { eventOf, walletOpened } from "./ledger-events.ts";
import { assembled, split } from "./segments.ts";
import { Entry, entryExample, programIdOf, toEntry, toWallet, Wallet, WalletId, walletExample } from "./wallet.ts";
import { entryKey, type ReferenceRecord, referenceKey, walletKey } from "./wallet-keys.ts";

export const walletParams = z.object({ walletId: WalletId });
export const walletNotFound = { wallet_not_found: { status: 404, title: "There is no such wallet." } } as const;
export const referenceUsed = { reference_used: { status: 409, title: "The reference stands for something else in this wallet." } } as const;
export const insufficientPoints = { insufficient_points: { status: 409, title: "The wallet has fewer points than that." } } as const;
export const programClosed = { program_closed: { status: 409, title: "The programme is closed: nobody joins and nothing is earned any more." } } as const;
export const tooManyBuckets = { too_many_buckets: { status: 409, title: "The wallet's points would have too many different dates." } } as const;
export const ReferenceText = text(200).meta({
  description: "Your own id of what this is about, such as an order's. It counts once in a wallet, for ever.",
  example: "order-1017",
});

/** What every write on a wallet answers. */
export const LedgerResult = z.object({ object: z.literal("ledger_result"), entry: Entry, wallet: Wallet }).meta({ id: "LedgerResult" });
export const ledgerResultExample = { object: "ledger_result" as const, entry: entryExample, wallet: walletExample };
export const toResult = (program: ProgramRecord, { entry, head }: { entry: LedgerEntry; head: WalletHead }): z.input<typeof LedgerResult> => ({
  object: "ledger_result",
  entry: toEntry(entry),
  wallet: toWallet(head, program),
});

/** A reference of the caller's and what it is for: it counts once per wallet and kind. */
export type Reference = { readonly kind: string; readonly reference: string | undefined };
export type OpenWallet = {
  /** With all its dates. */
  readonly head: WalletHead;
  /** What the stored head says of segments. */
  readonly far?: WalletHead["far"];
  readonly program: ProgramRecord;
  readonly time: LedgerTime;
  /** What the reference has led to before. */
  readonly used: ReferenceRecord | undefined;
  /** Nothing stands there yet: the command opens it. */
  readonly isNew?: boolean;
};
export type Alongside<Documents extends object[]> = Partial<Reference> & { readonly alongside?: { [Index in keyof Documents]: Key<Documents[Index]> } };
export type Found<Documents extends object[]> = { readonly alongside: { [Index in keyof Documents]: Documents[Index] | undefined } };

/** The wallet, its programme, what a reference has led to, and the documents that are read `alongside`, in one round trip. */
export async function loadWallet<Documents extends object[] = []>(
  table: Reader,
  walletId: string,
  now: Date,
  also: Alongside<Documents> = {},
): Promise<(OpenWallet & Found<Documents>) | undefined> {
  const { head, ...others } = await findWallet(table, walletId, now, also);
  return head && others.program && ({ ...others, head } as OpenWallet & Found<Documents>);
}

/** As `loadWallet`; a wallet, or its programme, that is not there is undefined by itself. */
export async function findWallet<Documents extends object[] = []>(
  table: Reader,
  walletId: string,
  now: Date,
  { reference, kind, alongside }: Alongside<Documents>,
): Promise<Partial<OpenWallet> & Found<Documents>> {
  const referenceKeys = kind !== undefined && reference !== undefined ? [referenceKey(walletId, kind, reference)] : [];
  const keys = [walletKey(walletId), programKey(programIdOf(walletId)), ...(alongside ?? []), ...referenceKeys];
  const [head, program, ...others] = (await table.getMany<object>(keys)) as [WalletHead?, ProgramRecord?, ...object[]];
  const used = referenceKeys.length > 0 ? (others.pop() as ReferenceRecord | undefined) : undefined;
  const found = { ...(head && { head: await assembled(table, head), far: head.far }), ...(program && { program, time: ledgerTimeIn(program.timeZone, now) }) };
  return { ...found, used, alongside: others as never };
}

/** The wallet as it is now, whatever was written last. */
export function rolled({ head, program, time }: OpenWallet): WalletHead {
  const result = apply(head, { kind: "roll" }, time);
  // A wallet that is only looked at keeps the version under which it can be changed.
  return result.kind === "applied" ? { ...withStanding(result.head, program, time).head, version: head.version } : head;
}

export const walletNow = (wallet: OpenWallet): Wallet => toWallet(rolled(wallet), wallet.program);

type Fail = (code: RefusalCode, members: Record<string, unknown>) => never;

/** What commands make of a wallet, with its tier. `entry` is the first one's, `own` are those of all. */
export type Decided = Applied & { readonly entry: LedgerEntry; readonly own: readonly LedgerEntry[]; readonly tierChanges: readonly TierChange[] };

/**
 * Applies commands as one, or ends the operation with why one is refused. A wallet that nobody rolled for so long that a
 * transaction cannot hold what is due must wait for the sweeper: Contention, which is tried again.
 */
export function decide({ head, program, time }: OpenWallet, commands: Command | readonly Command[], fail: Fail): Decided {
  const entries: LedgerEntry[] = [];
  const own: LedgerEntry[] = [];
  const qualifying: Qualifying[] = [];
  let next = head;
  for (const command of [commands].flat()) {
    const result = apply(next, { activeUntil: activeUntilFor(program.expiry, time.today), ...command }, time);
    if (result.kind === "refused") return fail(result.code, { ...result.members });
    next = result.head;
    entries.push(...result.entries);
    const entry = result.entry as LedgerEntry;
    own.push(entry);
    const { effectiveAt } = command.kind === "reverse" ? command.entry : entry;
    qualifying.push({ ...entry, earnedOn: time.dayOf(effectiveAt) });
  }
  if (entries.length > entriesMax) throw new Contention();
  const standing = withStanding({ ...next, version: head.version + 1 }, program, time, qualifying);
  return { kind: "applied", ...standing, entries, own, entry: own[0] as LedgerEntry };
}

/** The head, which tells of its tier, and each entry, which tells its event; with a reference, what it led to. */
export function ledgerChanges(before: OpenWallet, { head, entries, own, tierChanges }: Omit<Decided, "entry" | "kind">, reference?: Reference): Change[] {
  const due = nextDueAt(head, before.program);
  const { document, changes: segments } = split(head, before.head, before.far);
  const placement = due ? { due: { at: due, kind: rollKind } } : {};
  const events = tierChanges.map(tellOf);
  const [first] = own;
  const points = own.reduce((sum, entry) => sum + entry.points, 0);
  return [
    ...(before.isNew ? openingChanges(document, placement, events) : [replace(walletKey(head.id), before.head, document, { placement, events })]),
    ...segments,
    ...checkpointChanges(before.head, head),
    ...entries.map((one) => create(entryKey(head.id, one.seq), one, { events: [eventOf(one)] })),
    ...(reference?.reference && first
      ? [create(referenceKey(head.id, reference.kind, reference.reference), { seq: first.seq, points, entries: own.length })]
      : []),
  ];
}

/** A new wallet, and the link by which its customer's view finds it. */
export const openingChanges = (head: WalletHead, placement: Placement = {}, events: readonly EventDraft[] = []): Change[] => [
  create(walletKey(head.id), head, { placement, events: [tell(walletOpened), ...events] }),
  create(linkKey(head.customerId, `WALLET#${head.programId}`), { walletId: head.id }),
];
