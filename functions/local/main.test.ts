/** `npm start` as a person uses it: a process of its own, its output, its signals, its exit code. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Demo } from "./demo.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-main-"));
const environment = { ...process.env, TABLE_NAME: `clientele-main-${process.pid}-${Date.now()}` };
const hasOwnEngine = !process.env["DYNAMODB_ENDPOINT"];
const started: ChildProcessWithoutNullStreams[] = [];
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 20_000, interval: 25 });
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const command = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "main.ts")];

function launch(...options: string[]) {
  const child = spawn(process.execPath, [...command, ...options], { env: environment });
  started.push(child);
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (said.err += text));
  return { child, said, ended: once(child, "close").then(([code]) => code as number | null) };
}

async function start(dataDir: string) {
  const running = launch("--port", "0", "--data", dataDir);
  await until(() => running.said.out.includes("curl ") || running.child.exitCode !== null);
  const curl = running.said.out.split("\n").find((line) => line.startsWith("curl ")) ?? expect.fail(running.said.err);
  return { ...running, curl, demo: JSON.parse(readFileSync(join(dataDir, "demo.json"), "utf8")) as Demo };
}

const enginesOn = (dataDir: string): string[] =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes("--db-path") && line.includes(dataDir));
const getMe = ({ baseUrl, testKey }: Demo) => fetch(`${baseUrl}/v1/me`, { headers: { authorization: `Bearer ${testKey}` } });

test("what it prints works by copy and paste, and what it made is there after a kill -9 and a restart", async () => {
  const dataDir = join(folder, "killed");
  const first = await start(dataDir);
  const made = JSON.parse(execFileSync("sh", ["-c", first.curl], { encoding: "utf8" }));
  expect(made).toMatchObject({ object: "customer", displayName: "Ada Lovelace" });
  expect(statSync(join(dataDir, "demo.json")).mode & 0o777).toBe(0o600);

  first.child.kill("SIGKILL");
  await first.ended;
  await until(() => enginesOn(dataDir).length === 0);

  const second = await start(dataDir);
  expect({ ...second.demo, baseUrl: "" }).toEqual({ ...first.demo, baseUrl: "" });
  const { baseUrl, testKey, liveKey, platformKey } = second.demo;
  const found = await fetch(`${baseUrl}/v1/customers/${made.id}`, { headers: { authorization: `Bearer ${testKey}` } });
  expect(await found.json()).toEqual(made);
  for (const key of [liveKey, platformKey]) expect((await getMe({ ...second.demo, testKey: key })).status).toBe(200);
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
});

test("Ctrl-C finishes the request in flight, ends with code 0 and leaves no engine behind", async () => {
  const dataDir = join(folder, "interrupted");
  const { child, ended, demo } = await start(dataDir);
  const body = JSON.stringify({ displayName: "In flight" });
  const socket = connect(Number(new URL(demo.baseUrl).port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text) => (answer += text));
  const head = `POST /v1/customers HTTP/1.1\r\nHost: local\r\nAuthorization: Bearer ${demo.testKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, 5));
  // The answer to a later request shows that the server has the first half of ours.
  await getMe(demo);
  child.kill("SIGINT");
  await until(() =>
    getMe(demo).then(
      () => false,
      () => true,
    ),
  );
  socket.write(body.slice(5));
  expect(await ended).toBe(0);
  expect(answer).toMatch(/^HTTP\/1.1 201 /);
  expect(enginesOn(dataDir)).toEqual([]);
});

test.runIf(hasOwnEngine)("ends with code 1 and says why when the engine dies", async () => {
  const dataDir = join(folder, "bereft");
  const { child, ended, said } = await start(dataDir);
  const pids = execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const shell = pids.find(([, parent]) => parent === String(child.pid))?.[0];
  const engine = pids.find(([, parent, program]) => parent === shell && program?.includes("dynoxide"))?.[0];
  process.kill(Number(engine), "SIGKILL");
  expect(await ended).toBe(1);
  // Work that was under way may complain before.
  expect(said.err.trim().split("\n").at(-1)).toContain("engine ended by itself");
});

test("--memory leaves nothing behind", async () => {
  const { child, said, ended } = launch("--port", "0", "--memory");
  await until(() => said.out.includes("curl "));
  const dataDir = /Data +(\S+)/.exec(said.out)?.[1] ?? "";
  expect(existsSync(dataDir)).toBe(true);
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  expect(existsSync(dataDir)).toBe(false);
});

test("a hindrance is told in one line, with code 1", async () => {
  const occupied = createServer().listen(0, "127.0.0.1");
  await once(occupied, "listening");
  const { port } = occupied.address() as { port: number };
  const file = join(folder, "file");
  writeFileSync(file, "");
  const hindrances: [options: string[], words: string][] = [
    [["--port", String(port), "--data", join(folder, "a")], `Port ${port} is in use`],
    [["--port", "0", "--data", join(file, "below")], "cannot be written"],
    [["--port", "0", "--data", "/proc/none"], "cannot be written"],
    [["--port", "many"], "--port takes a number"],
    [["--prot", "1"], "Unknown option '--prot'"],
    [["--memory", "--data", "x"], "exclude each other"],
  ];
  for (const [options, words] of hindrances) {
    const { said, ended } = launch(...options);
    expect(await ended, options.join(" ")).toBe(1);
    expect(said.err.trim().split("\n")).toEqual([expect.stringContaining(words)]);
  }
  occupied.close();
});

test("two processes never share a data folder", async () => {
  const dataDir = join(folder, "shared");
  const first = await start(dataDir);
  const second = launch("--port", "0", "--data", dataDir);
  expect(await second.ended).toBe(1);
  expect(second.said.err).toContain("is in use by another Clientele");
  first.child.kill("SIGINT");
  expect(await first.ended).toBe(0);
});
