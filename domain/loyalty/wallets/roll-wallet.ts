import type { DueWork } from "../../kernel/due-work.ts";
import { tell } from "../../kernel/event.ts";
import { apply } from "../ledger/ledger.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { withStanding } from "../tiers/standing.ts";
import { announce, entriesMax, rollKind } from "./due.ts";
import { ledgerChanges } from "./ledger-command.ts";
import { pointsExpiring } from "./ledger-events.ts";
import { loadWallet } from "./load-wallet.ts";

/** Balances never wait for this: it writes down, and so tells, what has become true by itself. */
export const rollWallet: DueWork<WalletHead> = {
  kind: rollKind,
  description: "Writes down activations, expiries and holds that have run out, the end of a tier, and announces what will expire soon.",
  async run({ table, now }, _, { id }) {
    const wallet = await loadWallet(table, id, now);
    if (!wallet) return { changes: [] };
    // What one transaction cannot hold is still due then, and comes in the next turn.
    const applied = apply(wallet.head, { kind: "roll", entriesMax }, wallet.time);
    if (applied.kind === "refused") throw new Error(`What is due in ${id} cannot be settled: ${applied.code}.`);
    const standing = withStanding(applied.head, wallet.program, wallet.time);
    const { head, announcements } = announce(standing.head, wallet.time.today);
    const [headChange, ...others] = ledgerChanges(wallet, {
      ...standing,
      head: { ...head, version: wallet.head.version + 1 },
      entries: applied.entries,
      own: [],
    });
    if (headChange?.kind !== "put") throw new Error("The first change is the head's.");
    return { changes: [{ ...headChange, events: [...headChange.events, ...announcements.map((one) => tell(pointsExpiring, one))] }, ...others] };
  },
};
