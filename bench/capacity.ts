/** `npm run bench:capacity`: reads and writes per operation, counted by the database. See README.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startClientele } from "../functions/local/runtime.ts";
import { newBody } from "./population.ts";
import { saveResults } from "./results.ts";
import { table } from "./table.ts";

const dataDir = mkdtempSync(join(tmpdir(), "clientele-bench-"));
const clientele = await startClientele({ port: 0, dataDir });
try {
  // Imported late, as the product does itself: the endpoint is known only now.
  const { apiWith } = await import("./api.ts");
  const { costs, customerWithHistory } = await import("./costs.ts");
  const api = apiWith(clientele.demo.liveKey);
  for (let count = 0; count < 50; count++) await api("POST /v1/customers", { body: newBody() });
  const customer = await customerWithHistory(api, 20);
  // The timeline is filled from the stream.
  await pause(1_500);
  const all = await costs(api, customer);
  const rows = all.map(({ operation, calls, readUnits, writeUnits }) => [
    operation,
    calls.join(", "),
    String(calls.length),
    String(readUnits),
    String(writeUnits),
  ]);
  const text = table([["operation", "calls", "round trips", "read units", "write units"], ...rows]);
  console.log(text);
  if (process.argv.includes("--save")) saveResults("capacity", text, all);
} finally {
  await clientele.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
