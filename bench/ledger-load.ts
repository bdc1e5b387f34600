/** A process that puts load on one side of the ledger's bench: `node bench/ledger-load.ts product|engine <data folder> <wallets>`. */
import type { Demo } from "../functions/local/demo.ts";
import type { Loads, Side } from "./load.ts";
import { serveJobs } from "./load.ts";

export const ledgerOperations = ["earn", "redeem on one wallet"] as const;
export type LedgerLoads = Loads<(typeof ledgerOperations)[number]>;

async function loadsOf(side: Side, demo: Demo, wallets: number): Promise<LedgerLoads> {
  if (side === "product") return (await import("./ledger-product-loads.ts")).ledgerProductLoads(demo, wallets);
  const { liveCaller } = await import("./population.ts");
  return (await import("./ledger-engine-loads.ts")).ledgerEngineLoads(await liveCaller(demo.tenantId), wallets);
}

if (import.meta.main) await serveJobs(loadsOf);
