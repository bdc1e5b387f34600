/** One population, such as so many customers: an engine on its own file, the product on it, and a process with load for each side. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startEngine } from "../functions/local/engine.ts";
import type { Job, Sample, Side } from "./load.ts";

export type Site = {
  readonly population: number;
  /** Runs one job, while the product is halted unless it is the product's: neither side pays for the other's background work. */
  measure(side: Side, job: Job): Promise<Sample>;
  /** The longest that the event log took to catch up with the writes of both sides, in milliseconds. */
  readonly longestCatchUp: () => number;
  close(): Promise<void>;
};

const program = (name: string) => join(import.meta.dirname, name);
/** The product reads its stream every 100 ms: when its position rests for twice as long, it has told of everything. */
const restMilliseconds = 200;

/** `seed` fills the table, `load` puts load on a side. */
export async function openSite(population: number, { seed, load } = { seed: "seed.ts", load: "load.ts" }): Promise<Site> {
  const dataDir = mkdtempSync(join(tmpdir(), "clientele-bench-"));
  const engine = await startEngine(join(dataDir, "clientele.sqlite"), (error) => {
    throw error;
  });
  const env = { ...process.env, DYNAMODB_ENDPOINT: engine.endpoint, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" };
  const children: ChildProcess[] = [];
  const started = (child: ChildProcess) => {
    children.push(child);
    process.once("exit", () => child.kill("SIGKILL"));
    return child;
  };
  await succeeded(started(spawn(process.execPath, [program(seed), dataDir, String(population)], { env, stdio: ["ignore", "ignore", "inherit"] })));
  const product = started(
    spawn(process.execPath, [program("../functions/local/main.ts"), "--port", "0", "--data", dataDir], { env, stdio: ["ignore", "pipe", "inherit"] }),
  );
  await once(product.stdout as NonNullable<typeof product.stdout>, "data");
  const loads = {} as Record<Side, ChildProcess>;
  for (const side of ["product", "engine"] as const) {
    loads[side] = started(fork(program(load), [side, dataDir, String(population)], { env }));
    await once(loads[side], "message");
  }
  product.kill("SIGSTOP");
  let longestCatchUp = 0;
  return {
    population,
    async measure(side, job) {
      if (side === "engine") return await answerOf(loads.engine, job);
      product.kill("SIGCONT");
      longestCatchUp = Math.max(longestCatchUp, await caughtUp(join(dataDir, "stream-position.json")));
      const sample = await answerOf(loads.product, job);
      product.kill("SIGSTOP");
      return sample;
    },
    longestCatchUp: () => longestCatchUp,
    async close() {
      for (const child of children) child.kill("SIGKILL");
      await engine.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function succeeded(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`Seeding failed with code ${code}.`);
}

async function answerOf(child: ChildProcess, job: Job): Promise<Sample> {
  child.send(job);
  const lost = new AbortController();
  const exit = once(child, "exit", { signal: lost.signal }).then(() => Promise.reject(new Error(`The load process of ${job.operation} ended.`)));
  exit.catch(() => {});
  try {
    const [sample] = (await Promise.race([once(child, "message"), exit])) as [Sample];
    return sample;
  } finally {
    lost.abort();
  }
}

/** Waits until the product has told of all that was written, and answers how long that took. */
async function caughtUp(positionFile: string): Promise<number> {
  const startedAt = Date.now();
  for (;;) {
    const movedAt = statSync(positionFile).mtimeMs;
    const rests = Date.now() - Math.max(movedAt, startedAt);
    if (rests >= restMilliseconds) return Math.max(0, movedAt - startedAt);
    await pause(restMilliseconds - rests);
  }
}
