/** `npm run bench:webhooks`: from a write to the first attempt of its deliveries, under load. See README.md. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Demo } from "../functions/local/demo.ts";
import { post } from "../functions/shell/outbound/post.ts";
import { saveResults } from "./results.ts";
import { table } from "./table.ts";
import type { Received } from "./webhook-receiver.ts";

const { quick, save } = parseArgs({ options: { quick: { type: "boolean", default: false }, save: { type: "boolean", default: false } } }).values;
const seconds = quick ? 5 : 20;
const warmUpSeconds = 2;
const drainSecondsMax = 180;
const unansweredMax = 64;
const cases = [50, 200].flatMap((eventsPerSecond) => [1, 20].map((endpoints) => ({ eventsPerSecond, endpoints })));
type Case = (typeof cases)[number];
type Result = Case & {
  events: number;
  perSecond: number;
  deliveriesPerSecond: number;
  p50: number;
  p99: number;
  lost: number;
  repeated: number;
  senderPerSecond: number;
};

const program = (name: string) => join(import.meta.dirname, name);
const ask = async <Answer>(child: ChildProcess, question: string): Promise<Answer> => {
  child.send(question);
  const [answer] = (await once(child, "message")) as [Answer];
  return answer;
};

async function measure({ eventsPerSecond, endpoints }: Case): Promise<Result> {
  const dataDir = mkdtempSync(join(tmpdir(), "clientele-bench-"));
  const env = { ...process.env, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" };
  const receiver = fork(program("webhook-receiver.ts"), { env });
  const [port] = (await once(receiver, "message")) as [number];
  const product = spawn(process.execPath, [program("../functions/local/main.ts"), "--port", "0", "--data", dataDir], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(product.stdout as NonNullable<typeof product.stdout>, "data");
    const { baseUrl, liveKey }: Demo = JSON.parse(readFileSync(join(dataDir, "demo.json"), "utf8"));
    const send = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${liveKey}`, "content-type": "application/json" };
      const response = await fetch(baseUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    };
    const senderPerSecond = await bareSends(`http://127.0.0.1:${port}/bare`);
    for (let index = 0; index < endpoints; index++)
      await send("/v1/webhook-endpoints", { url: `http://127.0.0.1:${port}/${index}`, eventTypes: ["customer.created"] });
    await ask<Received>(receiver, "take");
    const create = () => send("/v1/customers", { displayName: "Ada Lovelace", tags: ["vip"] });
    await drained(receiver, (await paced(create, eventsPerSecond, warmUpSeconds)) * endpoints);
    await ask<Received>(receiver, "take");
    const startedAt = Date.now();
    const events = await paced(create, eventsPerSecond, seconds);
    const perSecond = events / ((Date.now() - startedAt) / 1000);
    await drained(receiver, events * endpoints);
    const { latencies, requests, firstAt, lastAt } = await ask<Received>(receiver, "take");
    const sorted = latencies.toSorted((one, other) => one - other);
    const percentile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const deliveriesPerSecond = latencies.length / ((lastAt - firstAt) / 1000);
    const lost = events * endpoints - latencies.length;
    return {
      eventsPerSecond,
      endpoints,
      events,
      perSecond,
      deliveriesPerSecond,
      p50: percentile(0.5),
      p99: percentile(0.99),
      lost,
      repeated: requests - latencies.length,
      senderPerSecond,
    };
  } finally {
    product.kill("SIGTERM");
    await once(product, "exit");
    receiver.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Writes at a rate, whether or not earlier ones are answered, as long as not too many are open. Answers how many there were. */
async function paced(write: () => Promise<void>, perSecond: number, forSeconds: number): Promise<number> {
  const open = new Set<Promise<void>>();
  const startedAt = Date.now();
  let count = 0;
  for (; Date.now() < startedAt + forSeconds * 1000; count++) {
    await pause(Math.max(0, startedAt + (count * 1000) / perSecond - Date.now()));
    while (open.size >= unansweredMax) await Promise.race(open);
    const one = write().finally(() => open.delete(one));
    open.add(one);
  }
  await Promise.all(open);
  return count;
}

async function drained(receiver: ChildProcess, expected: number): Promise<void> {
  const end = Date.now() + drainSecondsMax * 1000;
  while ((await ask<number>(receiver, "count")) < expected && Date.now() < end) await pause(50);
}

/** The yardstick of the same minute: the sender alone, from this process, without events, signatures and records. */
async function bareSends(url: string): Promise<number> {
  const body = JSON.stringify({ createdAt: new Date().toISOString(), filler: "x".repeat(700) });
  const until = performance.now() + 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (; performance.now() < until; count++) await post(url, { "content-type": "application/json" }, body, { allowLoopback: true });
    }),
  );
  return count;
}

const results: Result[] = [];
for (const each of cases) {
  console.error(`${each.eventsPerSecond} events a second, ${each.endpoints} endpoints`);
  results.push(await measure(each));
}
const whole = (value: number) => Math.round(value).toLocaleString("en");
const text = table([
  ["events/s asked", "endpoints", "events/s written", "deliveries/s", "p50 ms", "p99 ms", "lost", "repeated", "bare sender/s", "deliveries/sends"],
  ...results.map((one) => [
    String(one.eventsPerSecond),
    String(one.endpoints),
    whole(one.perSecond),
    whole(one.deliveriesPerSecond),
    whole(one.p50),
    whole(one.p99),
    String(one.lost),
    String(one.repeated),
    whole(one.senderPerSecond),
    (one.deliveriesPerSecond / one.senderPerSecond).toFixed(2),
  ]),
]);
console.log(`\n${text}\n`);
if (save) saveResults("webhooks", text, results);
process.exit();
