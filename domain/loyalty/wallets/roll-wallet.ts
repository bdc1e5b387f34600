import type { DueWork } from "../../kernel/due-work.ts";
import { apply } from "../ledger/ledger.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { ledgerChanges, loadWallet, rollKind } from "./ledger-command.ts";

/** Balances never wait for this: it writes down, and so tells, what has become true by itself. */
export const rollWallet: DueWork<WalletHead> = {
  kind: rollKind,
  description: "Writes down activations, expiries and holds that have run out.",
  async run({ table, now }, _, { id }) {
    const wallet = await loadWallet(table, id, now);
    const applied = wallet && apply(wallet.head, { kind: "roll" }, wallet.time);
    return {
      changes: wallet && applied?.kind === "applied" ? ledgerChanges(wallet, { ...applied, head: { ...applied.head, version: wallet.head.version + 1 } }) : [],
    };
  },
};
