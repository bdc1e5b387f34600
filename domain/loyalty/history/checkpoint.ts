/**
 * Checkpoints: the head of a wallet as it was written with every 64th entry. What a wallet was at an instant is found from
 * the one before it, and an entry is proven up to the one after it, however long the history is.
 */
import { type Change, create, type Reader } from "../../kernel/table.ts";
import type { Entry } from "../ledger/entry.ts";
import { nothing } from "../ledger/fold.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { checkpointKey, checkpointSk, checkpointsOf, seqMax } from "../wallets/wallet-keys.ts";

export const checkpointSpacing = 64;

/** For the transaction of a command: a checkpoint in one of 64, else nothing. A command with several entries may pass the 64th. */
export function checkpointChanges(before: WalletHead, head: WalletHead): Change[] {
  const passed = ({ sequence }: WalletHead) => Math.floor(sequence / checkpointSpacing);
  return passed(head) > passed(before) ? [create(checkpointKey(head), head)] : [];
}

/** The newest head known to have been written by `instant`: that of today, a checkpoint, or the wallet before its first entry. */
export async function headBy(table: Reader, head: WalletHead, instant: string): Promise<WalletHead> {
  if (head.updatedAt <= instant) return head;
  const after = checkpointSk(instant, seqMax);
  const [row] = await table.query<WalletHead>({ from: "items", ...checkpointsOf(head.id), order: "descending", after, limit: 1 });
  return row?.document ?? beforeFirstEntry(head);
}

function beforeFirstEntry({ movingExpiresOn: _, ...head }: WalletHead): WalletHead {
  return { ...head, ...nothing, updatedAt: head.createdAt };
}

/** The first checkpoint that was written with the entry or after it. */
export async function checkpointFrom(table: Reader, { walletId, recordedAt, seq }: Entry): Promise<WalletHead | undefined> {
  const after = checkpointSk(recordedAt, seq - 1);
  const [row] = await table.query<WalletHead>({ from: "items", ...checkpointsOf(walletId), order: "ascending", after, limit: 1 });
  return row?.document;
}
