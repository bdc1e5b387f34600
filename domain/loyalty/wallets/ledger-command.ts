/** A command on one wallet, from the request to the changes: one round trip of reads, one transaction. */
import * as z from "zod";
import { tell } from "../../kernel/event.ts";
import { type Change, create, type Key, type Reader, replace } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { checkpointChanges } from "../history/checkpoint.ts";
import { programKey } from "../keys.ts";
import { addDays, startOfDay } from "../ledger/calendar.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import { type Applied, apply, type Command } from "../ledger/ledger.ts";
import { type LedgerTime, ledgerTimeIn } from "../ledger/ledger-time.ts";
import type { RefusalCode } from "../ledger/refusal.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { eventOfEntry } from "./ledger-events.ts";
import { Entry, entryExample, programIdOf, toEntry, toWallet, Wallet, WalletId, walletExample } from "./wallet.ts";
import { entryKey, type ReferenceRecord, referenceKey, walletKey } from "./wallet-keys.ts";

export const walletParams = z.object({ walletId: WalletId });
export const walletNotFound = { wallet_not_found: { status: 404, title: "There is no such wallet." } } as const;
export const referenceUsed = { reference_used: { status: 409, title: "The reference stands for something else in this wallet." } } as const;
export const insufficientPoints = { insufficient_points: { status: 409, title: "The wallet has fewer points than that." } } as const;
export const tooManyBuckets = { too_many_buckets: { status: 409, title: "The wallet's points would have more than 64 different dates." } } as const;
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
  readonly head: WalletHead;
  readonly program: ProgramRecord;
  readonly time: LedgerTime;
  /** What the reference has led to before. */
  readonly used: ReferenceRecord | undefined;
};

/** The wallet, its programme, what a reference has led to, and the documents that are read `alongside`, in one round trip. */
export async function loadWallet<Documents extends object[] = []>(
  table: Reader,
  walletId: string,
  now: Date,
  { reference, kind, alongside }: Partial<Reference> & { alongside?: { [Index in keyof Documents]: Key<Documents[Index]> } } = {},
): Promise<(OpenWallet & { alongside: { [Index in keyof Documents]: Documents[Index] | undefined } }) | undefined> {
  const referenceKeys = kind !== undefined && reference !== undefined ? [referenceKey(walletId, kind, reference)] : [];
  const keys = [walletKey(walletId), programKey(programIdOf(walletId)), ...(alongside ?? []), ...referenceKeys];
  const [head, program, ...others] = (await table.getMany<object>(keys)) as [WalletHead?, ProgramRecord?, ...object[]];
  if (!head || !program) return undefined;
  const used = referenceKeys.length > 0 ? (others.pop() as ReferenceRecord | undefined) : undefined;
  return { head, program, time: ledgerTimeIn(program.timeZone, now), used, alongside: others as never };
}

/** The wallet as it is now, whatever was written last. */
export function rolled({ head, time }: Pick<OpenWallet, "head" | "time">): WalletHead {
  const result = apply(head, { kind: "roll" }, time);
  // A wallet that is only looked at keeps the version under which it can be changed.
  return result.kind === "applied" ? { ...result.head, version: head.version } : head;
}

export const walletNow = (wallet: OpenWallet): Wallet => toWallet(rolled(wallet), wallet.program);

type Fail = (code: RefusalCode, members: Record<string, unknown>) => never;

/** Applies a command, or ends the operation with why it is refused. */
export function decide({ head, time }: OpenWallet, command: Command, fail: Fail): Applied & { entry: LedgerEntry } {
  const result = apply(head, command, time);
  if (result.kind === "refused") return fail(result.code, { ...result.members });
  return { ...result, entry: result.entry as LedgerEntry };
}

/** The head and each entry, which tells its event; with a reference, what it led to. */
export function ledgerChanges(before: OpenWallet, applied: Applied, reference?: Reference): Change[] {
  const { head, entries, entry } = applied;
  const due = nextDue(head, before.program.timeZone);
  return [
    replace(walletKey(head.id), before.head, head, { placement: due ? { due: { at: due, kind: rollKind } } : {} }),
    ...checkpointChanges(before.head, head),
    ...entries.map((one) => create(entryKey(head.id, one.seq), one, { events: [tell(eventOfEntry[one.type])] })),
    ...(reference?.reference && entry ? [create(referenceKey(head.id, reference.kind, reference.reference), { seq: entry.seq, points: entry.points })] : []),
  ];
}

export const rollKind = "roll_wallet";
/** When something next happens to the wallet by itself: points become available, a hold runs out, points expire. */
function nextDue({ pending, holds, buckets }: WalletHead, timeZone: string): string | undefined {
  const activations = pending.slice(0, 1).map(({ activatesOn }) => startOfDay(activatesOn, timeZone));
  const expiries = buckets.slice(0, 1).flatMap(({ expiresOn }) => (expiresOn === null ? [] : [startOfDay(addDays(expiresOn, 1), timeZone)]));
  return [...activations, ...expiries, ...holds.map(({ expiresAt }) => expiresAt)].toSorted()[0];
}
