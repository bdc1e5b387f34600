/** A process that puts load on one side: `node bench/load.ts product|engine <data folder> <customers>`. It takes jobs by message. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Demo } from "../functions/local/demo.ts";

// biome-ignore format: one word a line would hide the list.
export const operationNames = ["get by id", "get by identity", "create", "create, with key", "update", "list of 50"] as const;
export type OperationName = (typeof operationNames)[number];
export type Side = "product" | "engine";
export type Job = { readonly operation: string; readonly connections: number; readonly milliseconds: number };
/** Requests per second, and the latency in milliseconds that 50 and 99 of 100 requests stayed below. */
export type Sample = { readonly perSecond: number; readonly p50: number; readonly p99: number };
/** One operation on one side. `prepare` is not timed; `call` rejects when the answer is not the expected one. */
export type Load = { prepare?(): Promise<void>; call(connection: number, connections: number): Promise<unknown> };
export type Loads<Name extends string = OperationName> = Record<Name, Load>;

/** Each connection sends its next request when it has the answer to the one before. */
async function measure(load: Load, { connections, milliseconds }: Job): Promise<Sample> {
  await load.prepare?.();
  // Opens the connections.
  await Promise.all(Array.from({ length: connections }, (_, connection) => load.call(connection, connections)));
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + milliseconds;
  const connect = async (_: unknown, connection: number) => {
    for (let sentAt = performance.now(); sentAt < until; sentAt = performance.now()) {
      await load.call(connection, connections);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, connect));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { perSecond: latencies.length / seconds, p50: percentile(0.5), p99: percentile(0.99) };
}

async function loadsOf(side: Side, demo: Demo, customers: number): Promise<Loads> {
  if (side === "product") return (await import("./product-loads.ts")).productLoads(demo, customers);
  const { liveCaller } = await import("./population.ts");
  return (await import("./engine-loads.ts")).engineLoads(await liveCaller(demo.tenantId), customers);
}

/** Takes jobs from the process that started this one, with a data folder and the size of the population. */
export async function serveJobs(loadsOf: (side: Side, demo: Demo, population: number) => Promise<Loads<string>>): Promise<void> {
  const [side, dataDir = "", population] = process.argv.slice(2);
  const demo: Demo = JSON.parse(readFileSync(join(dataDir, "demo.json"), "utf8"));
  const loads = await loadsOf(side as Side, demo, Number(population));
  process.on("message", async (job: Job) => process.send?.(await measure(loads[job.operation] as Load, job)));
  process.send?.("ready");
}

if (import.meta.main) await serveJobs(loadsOf);
