/** A wallet as a command finds it: one round trip of reads, whatever else the command looks at. */
import type { DocumentsFound, KeysOf, Reader } from "../../kernel/table.ts";
import { programKey } from "../keys.ts";
import { apply } from "../ledger/ledger.ts";
import { type LedgerTime, ledgerTimeIn } from "../ledger/ledger-time.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { withStanding } from "../tiers/standing.ts";
import { assembled } from "./segments.ts";
import { programIdOf, toWallet, type Wallet } from "./wallet.ts";
import { type ReferenceRecord, referenceKey, walletKey } from "./wallet-keys.ts";

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
export type Alongside<Documents extends object[]> = Partial<Reference> & { readonly alongside?: KeysOf<Documents> };
export type Found<Documents extends object[]> = { readonly alongside: DocumentsFound<Documents> };

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
