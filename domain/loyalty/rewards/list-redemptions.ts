import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../../kernel/page.ts";
import { WalletId } from "../wallets/wallet.ts";
import { Redemption, type RedemptionRecord, redemptionExample, toRedemption } from "./redemption.ts";
import { redemptionsPk } from "./reward-keys.ts";

export const listRedemptions = operation({
  id: "listRedemptions",
  summary: "List the redemptions of a wallet",
  description: "Of rewards, newest first; eventually consistent. Points that were redeemed without a reward are entries only: see listEntries.",
  method: "get",
  path: "/v1/redemptions",
  permission: "loyalty:read",
  query: z.strictObject({ ...pageQuery, walletId: WalletId, status: Redemption.shape.status.optional() }),
  success: { status: 200, output: pageOf(Redemption, "Redemption"), example: { object: "list", data: [redemptionExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit, walletId, status } }) {
    const walk = walkQuery<RedemptionRecord>(table, { from: "list", pk: redemptionsPk(walletId), order: "descending" }, cursor);
    const { found, last } = await fillPage(limit, walk, ({ document }) => status === undefined || document.status === status);
    return plan(
      page(
        found.map(({ document }) => toRedemption(document)),
        last?.position,
      ),
    );
  },
});
