/** `npm run bench:ledger`: what earning and redeeming cost, whatever the history, and how fast they are. See README.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startClientele } from "../functions/local/runtime.ts";
import type { Cost } from "./costs.ts";
import type { WrittenItem } from "./ledger-costs.ts";
import { ledgerOperations } from "./ledger-load.ts";
import { type Case, resultTable } from "./report.ts";
import { saveResults } from "./results.ts";
import { measureRounds } from "./rounds.ts";
import { openSite } from "./site.ts";
import { table } from "./table.ts";

const { quick, save } = parseArgs({ options: { quick: { type: "boolean", default: false }, save: { type: "boolean", default: false } } }).values;
const wallets = 1_000;
const plan = quick ? { rounds: 2, milliseconds: 250, history: 2_000 } : { rounds: 7, milliseconds: 800, history: 100_000 };
const cases: Case[] = ledgerOperations.flatMap((operation) => [1, 16, 64].map((connections) => ({ operation, connections })));
const writeUnitsAim = 6;

async function measureSpeed() {
  console.error(`Opening ${wallets.toLocaleString("en")} wallets`);
  const site = await openSite(wallets, { seed: "ledger-seed.ts", load: "ledger-load.ts" });
  try {
    return await measureRounds([site], cases, plan);
  } finally {
    await site.close();
  }
}

const count = (number: number, one: string, many: string) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
type Counted = { readonly wallet: string; readonly costs: Cost[]; readonly items: WrittenItem[] };

async function countCosts(): Promise<Counted[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "clientele-bench-"));
  const clientele = await startClientele({ port: 0, dataDir });
  try {
    // Imported late, as the product does itself: the endpoint is known only now.
    const { apiWith } = await import("./api.ts");
    const { itemsWrittenBy, ledgerCalls, ledgerCosts, openWalletWith } = await import("./ledger-costs.ts");
    const api = apiWith(clientele.demo.liveKey);
    const histories: [entries: number, dates: number][] = [
      [1, 1],
      [plan.history, 1],
      [plan.history, 25],
    ];
    const counted: Counted[] = [];
    for (const [entries, dates] of histories) {
      console.error(`Writing a wallet with ${count(entries, "entry", "entries")}`);
      const walletId = await openWalletWith(api, clientele.demo.tenantId, entries, dates);
      const costs = await ledgerCosts(api, walletId);
      const items = await itemsWrittenBy(
        () =>
          ledgerCalls(api)
            .find(({ name }) => name === "earn, with both")
            ?.call(walletId) ?? Promise.resolve(),
      );
      counted.push({ wallet: `${count(entries, "entry", "entries")}, ${count(dates, "date", "dates")}`, costs, items });
    }
    return counted;
  } finally {
    await clientele.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function costTable(counted: readonly Counted[]): string {
  const [first] = counted;
  const rows = (first?.costs ?? []).map(({ operation, calls }, row) => [
    operation,
    calls.join(", "),
    ...counted.flatMap(({ costs }) => [String(costs[row]?.readUnits), String(costs[row]?.writeUnits)]),
  ]);
  return table([["operation", "calls", ...counted.flatMap(({ wallet }) => [`${wallet}: read units`, "write units"])], ...rows]);
}

const itemTable = (counted: readonly Counted[]): string =>
  table([
    ["written by an earning with both", ...counted.flatMap(({ wallet }) => [`${wallet}: bytes`, "write units"])],
    ...(counted[0]?.items ?? []).map(({ item }, row) => [item, ...counted.flatMap(({ items }) => [String(items[row]?.bytes), String(items[row]?.units)])]),
  ]);

function aims(counted: readonly Counted[]): string {
  const verdict = (isMet: boolean) => (isMet ? "met" : "NOT MET");
  const [one, many] = counted.map(({ costs }) => costs);
  const earning = many?.find(({ operation }) => operation === "earn, with reference");
  const reads = earning?.calls.filter((call) => /Get|Query/.test(call)).length;
  const ofOne = (cost: Cost) => JSON.stringify({ ...cost, limiterWrites: 0 });
  return table([
    ["aim", "wanted", "measured", ""],
    ["earn, with reference: reads", "1 call", String(reads), verdict(reads === 1)],
    ["earn, with reference: write units", `at most ${writeUnitsAim}`, String(earning?.writeUnits), verdict((earning?.writeUnits ?? Infinity) <= writeUnitsAim)],
    [
      `the same with 1 and with ${plan.history.toLocaleString("en")} entries`,
      "all of the above",
      `${one?.filter((cost, index) => many?.[index] && ofOne(cost) === ofOne(many[index])).length} of ${one?.length}`,
      verdict(JSON.stringify(one?.map(ofOne)) === JSON.stringify(many?.map(ofOne))),
    ],
  ]);
}

const measurements = await measureSpeed();
const counted = await countCosts();
const text = [resultTable(measurements, wallets, "wallets"), costTable(counted), itemTable(counted), aims(counted)].join("\n\n");
console.log(`\n${text}\n`);
if (save) saveResults("ledger", text, { measurements, counted });
process.exit();
