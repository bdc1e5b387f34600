import * as z from "zod";
import { linkKey, loadCustomer } from "../../customers/store.ts";
import { tell } from "../../kernel/event.ts";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { create } from "../../kernel/table.ts";
import { Metadata } from "../../kernel/text.ts";
import { programKey } from "../keys.ts";
import { newWalletHead } from "../ledger/wallet-head.ts";
import { loadWallet, walletNow } from "./ledger-command.ts";
import { walletOpened } from "./ledger-events.ts";
import { toWallet, Wallet, walletExample, walletIdOf } from "./wallet.ts";
import { walletKey } from "./wallet-keys.ts";

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
  problems: {
    customer_not_found: { status: 404, title: "There is no such customer." },
    program_not_found: { status: 404, title: "There is no such programme." },
    program_closed: { status: 409, title: "The programme is closed: nobody joins any more." },
  },
  async run({ table, caller, now, fail }, { body: { customerId, programId, metadata } }) {
    const walletId = walletIdOf(customerId, programId);
    const known = await loadWallet(table, walletId, now);
    if (known) return plan(walletNow(known), [], { status: 200 });
    const [customer, program] = await Promise.all([loadCustomer(table, customerId, now), table.get(programKey(programId))]);
    if (customer?.status !== "active") return fail("customer_not_found");
    if (!program) return fail("program_not_found");
    if (program.status === "closed") return fail("program_closed");
    const head = newWalletHead({ id: walletId, customerId, programId, metadata, livemode: caller.livemode }, now);
    return plan(toWallet(head, program), [
      create(walletKey(walletId), head, { events: [tell(walletOpened)] }),
      create(linkKey(customerId, `WALLET#${programId}`), { walletId }),
    ]);
  },
});
