/** `npm start`: Clientele on this machine, until Ctrl-C. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Demo } from "./demo.ts";
import { startClientele } from "./runtime.ts";
import { StartFailure } from "./start-failure.ts";

const usage = "Use: npm start -- [--port 3000] [--data .data | --memory]";

function readOptions(): { port: number; dataDir: string; isTemporary: boolean } {
  const { port, data, memory } = parse();
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new StartFailure(`--port takes a number from 0 to 65535. ${usage}`);
  if (memory && data !== undefined) throw new StartFailure(`--data and --memory exclude each other. ${usage}`);
  // Not the engine's own mode without a file: its stream could not be given the index that keeps it fast.
  const dataDir = memory ? mkdtempSync(join(tmpdir(), "clientele-")) : (data ?? ".data");
  return { port: Number(port), dataDir, isTemporary: memory };
}

function parse() {
  try {
    return parseArgs({ options: { port: { type: "string", default: "3000" }, data: { type: "string" }, memory: { type: "boolean", default: false } } }).values;
  } catch (error) {
    throw new StartFailure(`${(error as Error).message.split(". ")[0]}. ${usage}`);
  }
}

function greeting({ baseUrl, tenantId, testKey, liveKey }: Demo, dataDir: string): string {
  const body = JSON.stringify({ displayName: "Ada Lovelace", identities: [{ type: "email", value: "ada@example.com" }] });
  return `
Clientele is running. Ctrl-C stops it.

  Address    ${baseUrl}
  Docs       ${baseUrl}/docs
  Tenant     ${tenantId}
  Test key   ${testKey}
  Live key   ${liveKey}
  Data       ${dataDir} (the same facts in ${join(dataDir, "demo.json")})

Create a customer (again as often as you like: it stays one):

curl -s ${baseUrl}/v1/customers -H "Authorization: Bearer ${testKey}" -H "Content-Type: application/json" -H "Idempotency-Key: first-try" -d '${body}'
`;
}

function fail(error: unknown): void {
  const isExpected = error instanceof StartFailure;
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { port, dataDir, isTemporary } = readOptions();
  process.once("exit", () => {
    if (isTemporary) rmSync(dataDir, { recursive: true, force: true });
  });
  const clientele = await startClientele({
    port,
    dataDir,
    onEngineLost(error) {
      console.error(error.message);
      process.exit(1);
    },
  });
  const stop = async () => {
    await clientele.stop();
    process.exit(0);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  console.log(greeting(clientele.demo, dataDir));
}

await main().catch(fail);
