import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { Contention } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { entriesMax } from "./due.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { insufficientPoints, tooManyBuckets, toResult, walletNotFound } from "./ledger-result.ts";
import { loadWallet } from "./load-wallet.ts";
import { Entry, entryExample, otherWalletExample, Wallet, WalletId, walletExample } from "./wallet.ts";

const TransferResult = z
  .object({ object: z.literal("transfer_result"), entries: z.array(Entry), fromWallet: Wallet, toWallet: Wallet })
  .meta({ id: "TransferResult" });

export const transferPoints = operation({
  id: "transferPoints",
  summary: "Transfer points",
  description:
    "Moves points from a wallet to another of the same programme, those that expire first; they keep their dates. Both wallets change, or neither; `entries` are that of the giver and that of the receiver, in this order.",
  method: "post",
  path: "/v1/transfers",
  permission: "loyalty:write",
  body: z.strictObject({ fromWalletId: WalletId, toWalletId: WalletId, points: z.int().min(1).max(1_000_000_000), reason: text(200).optional() }),
  example: { fromWalletId: walletExample.id, toWalletId: otherWalletExample.id, points: 10 },
  exampleAfter: ["earnPoints"],
  success: {
    status: 201,
    output: TransferResult,
    example: {
      object: "transfer_result",
      entries: [
        { ...entryExample, type: "transfer_out", points: 10 },
        { ...entryExample, walletId: otherWalletExample.id, type: "transfer_in", points: 10 },
      ],
      fromWallet: walletExample,
      toWallet: otherWalletExample,
    },
  },
  problems: {
    ...walletNotFound,
    ...insufficientPoints,
    ...tooManyBuckets,
    same_wallet: { status: 422, title: "The two wallets are one." },
    programs_differ: { status: 422, title: "The wallets belong to different programmes." },
  },
  async run({ table, now, fail }, { body }) {
    if (body.fromWalletId === body.toWalletId) return fail("same_wallet");
    const [from, to] = await Promise.all([loadWallet(table, body.fromWalletId, now), loadWallet(table, body.toWalletId, now)]);
    if (!from || !to) return fail("wallet_not_found");
    if (from.program.id !== to.program.id) return fail("programs_differ");
    const told = body.reason ? { reason: body.reason } : {};
    const refuse = (code: string, members: Record<string, unknown>) => fail(code as "insufficient_points", members);
    const out = decide(from, { kind: "transfer_out", points: body.points, ...told }, refuse);
    const into = decide(to, { kind: "transfer_in", buckets: out.entry.allocations, activeUntil: from.head.movingExpiresOn, ...told }, refuse);
    // What is due in both wallets must fit in one transaction; else it waits for the sweeper, which does one after the other.
    if (out.entries.length + into.entries.length > entriesMax) throw new Contention();
    const [given, taken] = [toResult(from.program, out), toResult(to.program, into)];
    return plan({ object: "transfer_result" as const, entries: [given.entry, taken.entry], fromWallet: given.wallet, toWallet: taken.wallet }, [
      ...ledgerChanges(from, out),
      ...ledgerChanges(to, into),
    ]);
  },
});
