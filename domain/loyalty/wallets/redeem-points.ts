import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { text } from "../../kernel/text.ts";
import {
  decide,
  insufficientPoints,
  LedgerResult,
  ledgerChanges,
  ledgerResultExample,
  loadWallet,
  ReferenceText,
  referenceUsed,
  rolled,
  toResult,
  walletNotFound,
  walletParams,
} from "./ledger-command.ts";
import { entryExample, walletExample } from "./wallet.ts";
import { entryKey } from "./wallet-keys.ts";

const kind = "redeem";

export const redeemPoints = operation({
  id: "redeemPoints",
  summary: "Redeem points",
  description: "Spends those that expire first. A `reference` redeems once for ever: sent again, it answers the first entry with 200.",
  method: "post",
  path: "/v1/wallets/{walletId}/redemptions",
  permission: "loyalty:write",
  params: walletParams,
  body: z.strictObject({ points: z.int().min(1).max(1_000_000_000), reference: ReferenceText.optional(), reason: text(200).optional() }),
  example: { points: 20, reference: "voucher-88" },
  exampleAfter: ["earnPoints"],
  success: {
    status: 201,
    alternatives: [200],
    output: LedgerResult,
    example: {
      ...ledgerResultExample,
      entry: { ...entryExample, type: "redeem", points: 20 },
      wallet: { ...walletExample, available: 100, sequence: 2, version: 3 },
    },
  },
  problems: { ...walletNotFound, ...referenceUsed, ...insufficientPoints },
  async run({ table, now, fail }, { params: { walletId }, body }) {
    const reference = { kind, reference: body.reference };
    const wallet = (await loadWallet(table, walletId, now, reference)) ?? fail("wallet_not_found");
    if (wallet.used) {
      const entry = (await table.get(entryKey(walletId, wallet.used.seq))) ?? fail("wallet_not_found");
      if (entry.points !== body.points) return fail("reference_used", { entryId: entry.id });
      return plan(toResult(wallet.program, { entry, head: rolled(wallet) }), [], { status: 200 });
    }
    const told = { ...(body.reference && { reference: body.reference }), ...(body.reason && { reason: body.reason }) };
    const applied = decide(wallet, { kind, points: body.points, ...told }, (code, members) => fail(code as "insufficient_points", members));
    return plan(toResult(wallet.program, applied), ledgerChanges(wallet, applied, reference));
  },
});
