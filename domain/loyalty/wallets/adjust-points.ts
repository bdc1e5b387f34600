import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { text } from "../../kernel/text.ts";
import { expiresOnFor } from "../ledger/calendar.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { insufficientPoints, LedgerResult, ledgerResultExample, tooManyBuckets, toResult, walletNotFound, walletParams } from "./ledger-result.ts";
import { loadWallet } from "./load-wallet.ts";
import { entryExample } from "./wallet.ts";

export const adjustPoints = operation({
  id: "adjustPoints",
  summary: "Adjust points",
  description:
    "Gives or takes points by hand, for a reason that stays in the ledger. What is missing when points are taken is decided by the programme's debt policy.",
  method: "post",
  path: "/v1/wallets/{walletId}/adjustments",
  permission: "loyalty:write",
  params: walletParams,
  body: z.strictObject({
    points: z
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .refine((points) => points !== 0, "Not 0.")
      .meta({ description: "Negative to take." }),
    expiresOn: z.iso.date().optional().meta({ description: "For points that are given; else the programme decides." }),
    reason: text(200),
  }),
  example: { points: 50, reason: "Apology for a late delivery." },
  success: { status: 201, output: LedgerResult, example: { ...ledgerResultExample, entry: { ...entryExample, type: "adjustment", points: 50 } } },
  problems: { ...walletNotFound, ...insufficientPoints, ...tooManyBuckets },
  async run({ table, now, fail }, { params, body }) {
    const wallet = (await loadWallet(table, params.walletId, now)) ?? fail("wallet_not_found");
    const { program, time } = wallet;
    const expiresOn = body.expiresOn ?? expiresOnFor(program.expiry, time.today);
    const applied = decide(wallet, { kind: "adjust", points: body.points, expiresOn, debtPolicy: program.debtPolicy, reason: body.reason }, (code, members) =>
      fail(code as "insufficient_points", members),
    );
    return plan(toResult(wallet.program, applied), ledgerChanges(wallet, applied), { replaces: wallet.head.version });
  },
});
