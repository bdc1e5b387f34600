/** Earning and redeeming as a shop's till sends them: each with the reference of an order. */
import { randomUUID } from "node:crypto";
import type { Demo } from "../functions/local/demo.ts";
import type { LedgerLoads } from "./ledger-load.ts";
import { walletOf } from "./ledger-population.ts";
import { randomIndex } from "./population.ts";
import { senderTo } from "./product-loads.ts";

export function ledgerProductLoads({ baseUrl, liveKey }: Demo, wallets: number): LedgerLoads {
  const { send, reconnect } = senderTo(baseUrl, liveKey);
  const prepare = async () => reconnect();
  return {
    earn: {
      prepare,
      call(connection, connections) {
        const wallet = walletOf(randomIndex(wallets, connection, connections));
        return send(201, "POST", `/v1/wallets/${wallet}/earnings`, { points: 10, reference: randomUUID() });
      },
    },
    "redeem on one wallet": {
      prepare,
      async call() {
        const body = { points: 1, reference: randomUUID() };
        for (;;) {
          try {
            return await send(201, "POST", `/v1/wallets/${walletOf(wallets)}/redemptions`, body);
          } catch (error) {
            // Sent again as clients do: the latency is that of the redemption, not of a refusal.
            if (!(error as Error).message.includes('"contention"')) throw error;
          }
        }
      },
    },
  };
}
