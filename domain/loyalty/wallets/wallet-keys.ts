/**
 * | question                             | where                                       | order |
 * |--------------------------------------|---------------------------------------------|-------|
 * | a wallet                             | W#<walletId> / HEAD                         |       |
 * | its entries                          | W#<walletId> / E#<seq>                      | seq   |
 * | what it was at an instant            | W#<walletId> / CP#<recordedAt>#<seq>        | time  |
 * | was something with this reference done before | W#<walletId> / REF#<hash>          |       |
 * | how much of an entry was undone      | W#<walletId> / RV#<seq>                     |       |
 * | what earning rules gave it lately    | W#<walletId> / USAGE                        |       |
 * | points of a month that is far ahead  | W#<walletId> / SEG#<month>                  |       |
 * | a hold                               | H#<holdId> / META                           |       |
 * | the wallets of a customer            | C#<customerId> / WALLET#<programId> (a link)|       |
 */
import { createHash } from "node:crypto";
import { type Key, key } from "../../kernel/table.ts";
import type { Entry } from "../ledger/entry.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { WalletUsage } from "../rules/rule-usage.ts";

const walletPk = (walletId: string) => `W#${walletId}`;
const seqDigits = 10;
const seqText = (seq: number) => String(seq).padStart(seqDigits, "0");

/** Anything of a wallet's: it stands with the wallet, and no other context knows it. */
export const walletItemKey = <Document extends object>(walletId: string, sk: string): Key<Document> => key<Document>(walletPk(walletId), sk);
export const walletKey = (walletId: string): Key<WalletHead> => key<WalletHead>(walletPk(walletId), "HEAD");
export const entriesOf = (walletId: string) => ({ pk: walletPk(walletId), skPrefix: "E#" });
export const entrySk = (seq: number) => `E#${seqText(seq)}`;
export const entryKey = (walletId: string, seq: number): Key<Entry> => key<Entry>(walletPk(walletId), entrySk(seq));
/** Every 64th head, as it was written: see ../history/checkpoint.ts. */
export const checkpointsOf = (walletId: string) => ({ pk: walletPk(walletId), skPrefix: "CP#" });
export const checkpointSk = (recordedAt: string, seq: number) => `CP#${recordedAt}#${seqText(seq)}`;
export const checkpointKey = ({ id, updatedAt, sequence }: WalletHead): Key<WalletHead> => key<WalletHead>(walletPk(id), checkpointSk(updatedAt, sequence));
export const seqMax = 10 ** seqDigits - 1;
/** What a reference led to: it counts once for ever, per wallet and kind of command. */
export type ReferenceRecord = { readonly seq: number; readonly points: number; readonly entries: number };
export const referenceKey = (walletId: string, kind: string, reference: string): Key<ReferenceRecord> =>
  key<ReferenceRecord>(
    walletPk(walletId),
    `REF#${createHash("sha256")
      .update(JSON.stringify([kind, reference]))
      .digest("base64url")}`,
  );
/** How many points of an entry were undone by later ones. */
export type ReversalTally = { readonly version: number; readonly points: number };
export const reversalTallyKey = (walletId: string, seq: number): Key<ReversalTally> => key<ReversalTally>(walletPk(walletId), `RV#${seqText(seq)}`);
export const walletUsageKey = (walletId: string): Key<WalletUsage> => key<WalletUsage>(walletPk(walletId), "USAGE");

/** The wallet and the sequence that an entry's id names. */
export const placeOfEntry = (entryId: string): { walletId: string; seq: number } => ({
  walletId: `wal_${entryId.slice("ent_".length, -seqDigits)}`,
  seq: Number(entryId.slice(-seqDigits)),
});
