import * as z from "zod";
import { loadCustomer } from "../../customers/store.ts";
import { idOf } from "../../kernel/id.ts";
import { type Context, operation, plan } from "../../kernel/operation.ts";
import { Metadata } from "../../kernel/text.ts";
import { newWalletHead } from "../ledger/wallet-head.ts";
import { openingChanges } from "./ledger-command.ts";
import { programClosed } from "./ledger-result.ts";
import { type Alongside, type Found, findWallet, type OpenWallet, walletNow } from "./load-wallet.ts";
import { Wallet, walletExample, walletIdOf } from "./wallet.ts";

export const openingProblems = {
  customer_not_found: { status: 404, title: "There is no such customer." },
  program_not_found: { status: 404, title: "There is no such programme." },
  ...programClosed,
} as const;
type Opening = { readonly customerId: string; readonly programId: string; readonly metadata?: Record<string, string> };

/** The customer's wallet in the programme, or a new one that the plan's changes are to write: one round trip of reads, two when it is new. */
export async function findOrOpenWallet<Documents extends object[]>(
  { table, caller, now, fail }: Pick<Context<keyof typeof openingProblems>, "table" | "caller" | "now" | "fail">,
  { customerId, programId, metadata = {} }: Opening,
  also: Alongside<Documents> = {},
): Promise<OpenWallet & Found<Documents>> {
  const walletId = walletIdOf(customerId, programId);
  const found = await findWallet<Documents>(table, walletId, now, also);
  if (found.head && found.program) return found as OpenWallet & Found<Documents>;
  const customer = await loadCustomer(table, customerId, now);
  if (customer?.status !== "active") return fail("customer_not_found");
  if (!found.program) return fail("program_not_found");
  if (found.program.status === "closed") return fail("program_closed");
  const head = newWalletHead({ id: walletId, customerId, programId, metadata, livemode: caller.livemode }, now);
  return { ...found, head, isNew: true } as OpenWallet & Found<Documents>;
}

export const openWallet = operation({
  id: "openWallet",
  summary: "Open a wallet",
  description: "A customer has one wallet in a programme: opening it again answers the one that is there.",
  method: "post",
  path: "/v1/wallets",
  permission: "loyalty:write",
  body: z.strictObject({ customerId: idOf("cus"), programId: idOf("prg"), metadata: Metadata.default({}) }),
  example: { customerId: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0", programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0" },
  success: {
    status: 201,
    alternatives: [200],
    output: Wallet,
    example: { ...walletExample, available: 0, nextExpiries: [], sequence: 0, version: 1 },
  },
  problems: openingProblems,
  async run({ table, caller, now, fail }, { body: { customerId, programId, metadata } }) {
    const wallet = await findOrOpenWallet<[]>({ table, caller, now, fail }, { customerId, programId, metadata });
    return wallet.isNew ? plan(walletNow(wallet), openingChanges(wallet.head)) : plan(walletNow(wallet), [], { status: 200 });
  },
});
