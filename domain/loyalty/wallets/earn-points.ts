import * as z from "zod";
import { operation } from "../../kernel/operation.ts";
import { loadEarningRules } from "../store.ts";
import { type EarnerDocuments, earnerKeys } from "./award.ts";
import { checkEarning, EarningResult, earningProblems, earningResultExample, earningShape, earnKind, planEarning } from "./earning.ts";
import { walletNotFound, walletParams } from "./ledger-result.ts";
import { loadWallet } from "./load-wallet.ts";

export const earnPoints = operation({
  id: "earnPoints",
  summary: "Earn points",
  description:
    "Points that you state, or a purchase that the programme's earning rules turn into points; the answer then explains what became of every rule. `?dryRun=true` is a preview: the same answer, and nothing happens. The programme, or a rule, decides when the points expire and how long they are pending, unless the request says so. A `reference` earns once for ever: sent again, it answers the first entries with 200. What the member owes is paid back first. A purchase that is worth nothing is an entry of 0 points.",
  method: "post",
  path: "/v1/wallets/{walletId}/earnings",
  permission: "loyalty:write",
  params: walletParams,
  body: z.strictObject(earningShape).superRefine(checkEarning),
  example: { points: 120, reference: "order-1017" },
  success: { status: 201, alternatives: [200], output: EarningResult, example: earningResultExample },
  problems: { ...walletNotFound, ...earningProblems },
  async run({ table, now, fail }, { params: { walletId }, body }) {
    const isPurchase = body.purchase !== undefined;
    const [found, rules] = await Promise.all([
      loadWallet<EarnerDocuments | []>(table, walletId, now, {
        kind: earnKind,
        reference: body.reference,
        ...(isPurchase && { alongside: earnerKeys(walletId) }),
      }),
      isPurchase ? loadEarningRules(table) : [],
    ]);
    const wallet = found ?? fail("wallet_not_found");
    return { ...(await planEarning({ table, now, fail }, { ...wallet, rules }, body)), replaces: wallet.head.version };
  },
});
