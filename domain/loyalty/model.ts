/** What other contexts show of loyalty: a customer's wallet with all that is asked at a till, see `walletsOf` in store.ts. */
import * as z from "zod";
import { Membership, membershipExample } from "./memberships/membership.ts";
import { Program, programExample } from "./programs/program.ts";
import { Wallet, walletExample } from "./wallets/wallet.ts";

export const CustomerWallet = Wallet.extend({
  programName: Program.shape.name,
  pointsName: z.string().meta({ description: "What members call the points.", example: "beans" }),
  membership: Membership.optional().meta({ description: "What the member has paid for, if anything." }),
}).meta({ id: "CustomerWallet" });
export type CustomerWallet = z.infer<typeof CustomerWallet>;

export const customerWalletExample = {
  ...walletExample,
  programName: programExample.name,
  pointsName: programExample.pointsName,
  membership: membershipExample,
};
