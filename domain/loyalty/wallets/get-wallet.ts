import * as z from "zod";
import { collectionLinks } from "../../customers/store.ts";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { CustomerWallet, customerWalletExample } from "../model.ts";
import { type WalletLink, walletLinkPrefix, walletsOf } from "../store.ts";
import { walletNotFound, walletParams } from "./ledger-result.ts";
import { loadWallet, walletNow } from "./load-wallet.ts";
import { Wallet, walletExample } from "./wallet.ts";

export const getWallet = operation({
  id: "getWallet",
  summary: "Get a wallet",
  description: "As it is at this moment: what has become available or expired since the last write is counted. Strongly consistent.",
  method: "get",
  path: "/v1/wallets/{walletId}",
  permission: "loyalty:read",
  params: walletParams,
  success: { status: 200, output: Wallet, example: walletExample },
  problems: walletNotFound,
  async run({ table, now, fail }, { params }) {
    return plan(walletNow((await loadWallet(table, params.walletId, now)) ?? fail("wallet_not_found")));
  },
});

export const listWallets = operation({
  id: "listWallets",
  summary: "List the wallets of a customer",
  description: "One for each programme that the customer takes part in, with what the member has paid for there. Strongly consistent; two round trips.",
  method: "get",
  path: "/v1/wallets",
  permission: "loyalty:read",
  query: z.strictObject({ customerId: idOf("cus") }),
  success: {
    status: 200,
    output: z.object({ object: z.literal("list"), data: z.array(CustomerWallet), hasMore: z.literal(false) }).meta({ id: "WalletList" }),
    example: { object: "list", data: [customerWalletExample], hasMore: false },
  },
  problems: {},
  async run({ table, now }, { query: { customerId } }) {
    const links = await collectionLinks<WalletLink>(table, customerId, walletLinkPrefix);
    return plan({ object: "list" as const, data: await walletsOf(table, links, now), hasMore: false as const });
  },
});
