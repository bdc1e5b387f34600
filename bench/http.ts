/** `npm run bench`: the product beside the bare engine, in turn and on both populations in one run. See README.md. */
import { parseArgs } from "node:util";
import { operationNames } from "./load.ts";
import { aims, type Case, resultTable } from "./report.ts";
import { saveResults } from "./results.ts";
import { measureRounds } from "./rounds.ts";
import { openSite, type Site } from "./site.ts";

const { quick, save } = parseArgs({ options: { quick: { type: "boolean", default: false }, save: { type: "boolean", default: false } } }).values;
const plan = quick ? { populations: [1_000], rounds: 3, milliseconds: 250 } : { populations: [1_000, 200_000], rounds: 7, milliseconds: 800 };
const cases: Case[] = operationNames.flatMap((operation) => [1, 16].map((connections) => ({ operation, connections })));

const sites: Site[] = [];
try {
  for (const customers of plan.populations) {
    console.error(`Filling a table with ${customers.toLocaleString("en")} customers`);
    sites.push(await openSite(customers));
  }
  const measurements = await measureRounds(sites, cases, plan);
  const longest = Math.round(Math.max(...sites.map((site) => site.longestCatchUp())));
  const background = `While its rounds run, Clientele also appends an event to the log for every write (two items each); the engine's side does not. The log had caught up with what both sides wrote in a round within ${longest} ms.`;
  const text = [...plan.populations.map((customers) => resultTable(measurements, customers)), aims(measurements), background].join("\n\n");
  console.log(`\n${text}\n`);
  if (save) saveResults("http", text, measurements);
} finally {
  for (const site of sites) await site.close();
}
process.exit();
