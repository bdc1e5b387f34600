import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { create } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { dayMilliseconds, InstantInput, instantAfter, secondMilliseconds } from "../../kernel/time.ts";
import { HoldResult, holdKey, holdResultExample, newHold } from "./hold.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { insufficientPoints, toResult, walletNotFound, walletParams } from "./ledger-result.ts";
import { loadWallet } from "./load-wallet.ts";

const longestDays = 90;

export const authorizeHold = operation({
  id: "authorizeHold",
  summary: "Authorise a hold",
  description: `Sets points aside, those that expire first; they can be captured even when their date passes meanwhile. It ends by itself after the programme's \`holdSeconds\`, or when you say, within ${longestDays} days. A wallet has up to 20 open holds.`,
  method: "post",
  path: "/v1/wallets/{walletId}/holds",
  permission: "loyalty:write",
  params: walletParams,
  body: z.strictObject({
    points: z.int().min(1).max(1_000_000_000).meta({ description: "How many are set aside." }),
    expiresAt: InstantInput.optional().meta({ description: "When what is left of it goes back." }),
    reason: text(200).optional(),
  }),
  example: { points: 50 },
  exampleAfter: ["earnPoints"],
  success: { status: 201, output: HoldResult, example: holdResultExample },
  problems: {
    ...walletNotFound,
    ...insufficientPoints,
    too_many_holds: { status: 409, title: "The wallet has 20 open holds." },
    expiry_out_of_range: { status: 422, title: "A hold ends in the future, within 90 days." },
  },
  async run({ table, caller, now, newId, fail }, { params, body }) {
    const wallet = (await loadWallet(table, params.walletId, now)) ?? fail("wallet_not_found");
    const expiresAt = body.expiresAt ?? instantAfter(now, wallet.program.holdSeconds * secondMilliseconds);
    if (expiresAt <= now.toISOString() || expiresAt > instantAfter(now, longestDays * dayMilliseconds)) return fail("expiry_out_of_range");
    const holdId = newId("hld");
    const { points, reason } = body;
    const applied = decide(wallet, { kind: "authorize", holdId, points, expiresAt, ...(reason && { reason }) }, (code, members) =>
      fail(code as "insufficient_points", members),
    );
    const hold = newHold({ id: holdId, walletId: params.walletId, authorizedPoints: points, expiresAt, livemode: caller.livemode }, now);
    const { entry, wallet: after } = toResult(wallet.program, applied);
    const changes = [...ledgerChanges(wallet, applied), create(holdKey(holdId), hold)];
    return plan({ object: "hold_result" as const, hold, entry, wallet: after }, changes, { replaces: wallet.head.version });
  },
});
