/** The product as a process of its own, that can be killed and started again on the same data. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Demo } from "../functions/local/demo.ts";
import type { Json } from "./clientele.ts";

const startedWithinMilliseconds = 20_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) => (child.exitCode !== null || child.signalCode ? resolve() : child.once("exit", () => resolve())));
const childrenOf = (pid: number): number[] => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

export type ProductProcess = {
  readonly baseUrl: string;
  /** Where its engine's file and `demo.json` stand. */
  readonly dataDir: string;
  /** Resolves when it serves. */
  start(): Promise<void>;
  demo(): Demo;
  /** SIGKILL, to the product or to its engine, which ends the product too. */
  kill(victim: "product" | "engine"): Promise<void>;
  /** Ends it in order and removes its data. */
  remove(): Promise<void>;
};

export async function productProcess(): Promise<ProductProcess> {
  const dataDir = mkdtempSync(join(tmpdir(), "clientele-crash-"));
  const port = await freePort();
  let product: ChildProcess;
  // It runs below a shell that ends it with the product.
  const enginePid = () =>
    childrenOf(product.pid as number)
      .flatMap(childrenOf)
      .find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "dynoxide") as number;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    dataDir,
    async start() {
      const { DYNAMODB_ENDPOINT: _, TABLE_NAME: _1, ...env } = process.env;
      product = spawn(process.execPath, ["functions/local/main.ts", "--port", String(port), "--data", dataDir], { env, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [product.stdout, product.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
      const end = Date.now() + startedWithinMilliseconds;
      while (!said.includes("Clientele is running")) {
        if (product.exitCode !== null || Date.now() > end) throw new Error(`The product did not start: ${said}`);
        await delay(20);
      }
    },
    demo: () => JSON.parse(readFileSync(join(dataDir, "demo.json"), "utf8")),
    async kill(victim) {
      process.kill(victim === "engine" ? enginePid() : (product.pid as number), "SIGKILL");
      await ended(product);
    },
    async remove() {
      product.kill("SIGTERM");
      await ended(product);
      rmSync(dataDir, { recursive: true });
    },
  };
}

export type Request = { method: string; path: string; body?: object | undefined; idempotencyKey?: string | undefined };

/** The answer's body, or undefined when the request was not acknowledged: the product is down, or goes down under it. */
export async function requestTo(baseUrl: string, apiKey: string, { method, path, body, idempotencyKey }: Request): Promise<Json> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...(idempotencyKey && { "idempotency-key": idempotencyKey }) };
  try {
    const response = await fetch(baseUrl + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const answer = await response.json();
    if (response.ok) return answer;
    // While the engine goes down requests may be refused as 503; whatever else is refused is a fault of the product.
    if (response.status === 503) return undefined;
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  } catch (error) {
    if (error instanceof TypeError || (error as Error).name === "SyntaxError") return undefined;
    throw error;
  }
}
