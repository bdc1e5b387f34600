import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { type Context, operation, plan } from "../../kernel/operation.ts";
import { text } from "../../kernel/text.ts";
import { admitClaim, type ClaimDocuments, claimKeys, claimProblems, redeem, takeFromStock } from "../rewards/claim-reward.ts";
import { RedemptionResult, redemptionResultExample, toRedemption } from "../rewards/redemption.ts";
import { redemptionKey } from "../rewards/reward-keys.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { insufficientPoints, ReferenceText, referenceUsed, toResult, walletNotFound, walletParams } from "./ledger-result.ts";
import { loadWallet, type OpenWallet, rolled } from "./load-wallet.ts";
import { entryKey } from "./wallet-keys.ts";

const kind = "redeem";
const object = "redemption_result" as const;
const { out_of_stock, ...earlierProblems } = claimProblems;
const problems = { ...walletNotFound, ...referenceUsed, ...earlierProblems, ...insufficientPoints, out_of_stock } as const;
type Fail = Context<keyof typeof problems>["fail"];

const Body = z
  .strictObject({
    points: z.int().min(1).max(1_000_000_000).optional().meta({ description: "So many points, without a reward." }),
    rewardId: idOf("rwd").optional().meta({ description: "One of this reward, for its price." }),
    reference: ReferenceText.optional(),
    reason: text(200).optional(),
  })
  .refine(({ points, rewardId }) => (points === undefined) !== (rewardId === undefined), { error: "Either points or rewardId.", path: ["points"] });
type Body = z.output<typeof Body>;

export const redeemPoints = operation({
  id: "redeemPoints",
  summary: "Redeem points",
  description:
    "Spends points, those that expire first: `points` of them, or the price of a reward (`rewardId`), which then makes a redemption. Points, unit or code and redemption change together or not at all, and no more of a reward is given than there is. A `reference` redeems once for ever: sent again, it answers the first entry with 200.",
  method: "post",
  path: "/v1/wallets/{walletId}/redemptions",
  permission: "loyalty:write",
  params: walletParams,
  body: Body,
  example: { rewardId: "rwd_01JD3S8K9ZQ4T7N2V5X8B1C6F0", reference: "voucher-88" },
  exampleAfter: ["earnPoints", "importRewardCodes"],
  success: { status: 201, alternatives: [200], output: RedemptionResult, example: redemptionResultExample },
  problems,
  async run({ table, now, newId, fail }, { params: { walletId }, body }) {
    const reference = { kind, reference: body.reference };
    const alongside = body.rewardId === undefined ? undefined : claimKeys(walletId, body.rewardId);
    const wallet = (await loadWallet<ClaimDocuments>(table, walletId, now, { ...reference, ...(alongside && { alongside }) })) ?? fail("wallet_not_found");
    if (wallet.used) return answerAgain(table, wallet, wallet.used.seq, body, fail);
    const told = { ...(body.reference && { reference: body.reference }), ...(body.reason && { reason: body.reason }) };
    const spend = (points: number, more: { redemptionId?: string } = {}) =>
      decide(wallet, { kind, points, ...told, ...more }, (code, members) => fail(code as "insufficient_points", members));
    if (body.rewardId === undefined) {
      const applied = spend(body.points as number);
      return plan({ ...toResult(wallet.program, applied), object }, ledgerChanges(wallet, applied, reference), { replaces: wallet.head.version });
    }
    const claim = admitClaim(wallet, wallet.alongside, { now, fail });
    const redemptionId = newId("rdm");
    const applied = spend(claim.reward.pricePoints, { redemptionId });
    const taken = (await takeFromStock(table, claim, wallet.head, redemptionId)) ?? fail("out_of_stock");
    const { redemption, changes } = redeem(claim, taken, { id: redemptionId, entry: applied.entry }, wallet, now);
    return plan({ ...toResult(wallet.program, applied), object, redemption }, [...ledgerChanges(wallet, applied, reference), ...changes], {
      replaces: wallet.head.version,
    });
  },
});

/** What a reference has led to, if it was the same. */
async function answerAgain(table: Context["table"], wallet: OpenWallet, seq: number, { points, rewardId }: Body, fail: Fail) {
  const entry = (await table.get(entryKey(wallet.head.id, seq))) ?? fail("wallet_not_found");
  const redemption = entry.redemptionId === undefined ? undefined : await table.get(redemptionKey(entry.redemptionId));
  if (redemption?.rewardId !== rewardId || (points !== undefined && points !== entry.points)) return fail("reference_used", { entryId: entry.id });
  const result = { ...toResult(wallet.program, { entry, head: rolled(wallet) }), object };
  return plan({ ...result, ...(redemption && { redemption: toRedemption(redemption) }) }, [], { status: 200, replaces: wallet.head.version });
}
