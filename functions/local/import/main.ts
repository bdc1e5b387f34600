/** `npm run import`: loads customers, what happened with them and what they earned by it, from a CSV file into a running Clientele. */
import { basename, extname, join, resolve } from "node:path";
import { type Checkpoint, importName, prepareFolderOf, readCheckpoint, startOf } from "./checkpoint.ts";
import { whoAmI } from "./client.ts";
import { ImportFailure } from "./failure.ts";
import { loadRows } from "./load-rows.ts";
import { columnsIn, earningIn, readMapping } from "./mapping.ts";
import { readOptions } from "./options.ts";
import { openRows, type Source } from "./rows.ts";

const someRefused = 2;

async function main(): Promise<void> {
  const options = readOptions();
  const { mapping: read, text } = readMapping(options.map);
  const mapping = earningIn(read, options.program);
  const source = await openRows(options.file, mapping.csv);
  checkColumns(columnsIn(mapping), source.columns);
  const { tenant, livemode } = await whoAmI(options.client);

  const name = basename(options.file, extname(options.file));
  const file = join(options.folder, `${name}-${importName([resolve(options.file), text, tenant.id, String(livemode), options.program ?? ""])}`);
  const state = options.state ?? `${file}.state.json`;
  const report = options.refused ?? `${file}.refused.csv`;
  for (const written of [state, report]) prepareFolderOf(written);

  const before = options.restart ? undefined : readCheckpoint(state, versionOf(source));
  if (before?.finished) console.log("This import is finished; nothing was sent. Use --restart to send every row again.");
  else if (before) console.log(`Going on after line ${number(before.linesDone)}.`);
  console.log(`${options.file} into ${tenant.name} (${tenant.id}, ${livemode ? "live" : "test"} data) at ${options.client.baseUrl}`);
  const start = before ?? startOf(versionOf(source));
  const end = start.finished ? start : await loadRows({ ...options, mapping, source, state, report }, start);
  console.log(summary(end, report));
  process.exitCode = end.refused > 0 ? someRefused : 0;
}

function checkColumns(needed: readonly string[], columns: readonly string[]): void {
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0) throw new ImportFailure(`The file has no column ${missing.map(quoted).join(", ")}. Its columns: ${columns.map(quoted).join(", ")}.`);
  const repeated = needed.filter((column) => columns.indexOf(column) !== columns.lastIndexOf(column));
  if (repeated.length > 0) throw new ImportFailure(`The file has more than one column ${repeated.map(quoted).join(", ")}.`);
}

const versionOf = ({ bytes, modifiedAt }: Source): Checkpoint["source"] => ({ bytes, modifiedAt });
const quoted = (text: string) => `"${text}"`;
const number = (value: number) => value.toLocaleString("en");

const summary = ({ rows, refused, loaded, seconds }: Checkpoint, report: string): string => `
  Rows       ${number(rows)} in ${seconds.toFixed(1)} seconds (${number(Math.round(rows / Math.max(seconds, 0.001)))} rows/s)
  Customers  ${number(loaded.customersCreated)} created, ${number(loaded.customersKnown)} times already there
  Events     ${number(loaded.eventsRecorded)} recorded, ${number(loaded.eventsKnown)} already known
  Earnings   ${number(loaded.earningsRecorded)} recorded, ${number(loaded.points)} points; ${number(loaded.earningsKnown)} already known
  Refused    ${number(refused)}${refused > 0 ? `; what is wrong with each: ${report}` : ""}
`;

await main().catch((error: unknown) => {
  console.error(error instanceof ImportFailure ? error.message : error);
  process.exit(1);
});
