/** What commands on wallets answer, and the problems that they share. */
import * as z from "zod";
import { text } from "../../kernel/text.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { Entry, entryExample, toEntry, toWallet, Wallet, WalletId, walletExample } from "./wallet.ts";

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
