/** The embedded DynamoDB engine, dynoxide, as a child process on one SQLite file. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Readable, Writable } from "node:stream";
import { StartFailure } from "./start-failure.ts";

export type Engine = { readonly endpoint: string; stop(): Promise<void> };
type Child = ChildProcessByStdio<Writable, null, Readable>;

const portAttemptsMax = 3;
const killAfterMilliseconds = 5_000;

/**
 * A shell stands between us and the engine, and ends it when its standard input ends. That input is a pipe that only we
 * hold, so the engine ends with us even when we are killed by a signal that cannot be handled, and the next start finds
 * the file free. No process id is kept anywhere that could by then belong to somebody else.
 */
const endWithParent = `exec 3<&0
"$@" </dev/null 3<&- & engine=$!
{ read -r _ <&3; kill "$engine"; } 2>/dev/null & watcher=$!
exec 3<&-
wait "$engine"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

/** Starts the engine and waits until it listens. `onLost` is called when it ends without having been asked to. */
export async function startEngine(file: string, onLost: (error: Error) => void): Promise<Engine> {
  const program = findProgram();
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    // An own session, since Ctrl-C goes to the whole session of the terminal and requests in flight still need the engine.
    const child: Child = spawn("/bin/sh", ["-c", endWithParent, "sh", program, "--port", String(port), "--db-path", file], {
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
    });
    child.stdin.on("error", () => {});
    const complaint = await untilListening(child);
    if (complaint === undefined) {
      indexStreamRecords(file);
      return running(child, port, onLost);
    }
    if (attempt === portAttemptsMax || !complaint.includes("already in use")) throw new StartFailure(`The embedded engine did not start: ${complaint}`);
  }
}

function running(child: Child, port: number, onLost: (error: Error) => void): Engine {
  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      resolve();
      if (!stopping) onLost(new Error(`The embedded engine ended by itself (code ${code}). What was acknowledged is on disk; start again.`));
    });
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      stopping = true;
      child.stdin.end();
      const last = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), killAfterMilliseconds);
      await ended;
      clearTimeout(last);
    },
  };
}

/** What the engine says when it does not come up; undefined when it listens. Its later words are read and dropped. */
function untilListening(child: Child): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 10_000) said += text;
      if (said.includes("listening on")) resolve(undefined);
    });
    child.once("error", (error) => resolve(error.message));
    child.once("close", () => resolve(said.trim().split("\n").at(-1) || "it gave no reason."));
  });
}

/**
 * The engine finds the next stream sequence number by reading all stream records of the table: after 16,000 records a
 * write takes 10 ms. With this index it reads one entry. GetRecords uses the index too.
 */
function indexStreamRecords(file: string): void {
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec("CREATE INDEX IF NOT EXISTS stream_records_by_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER))");
  database.close();
}

function findProgram(): string {
  try {
    return createRequire(import.meta.url).resolve("@dynoxide/linux-x64/dynoxide");
  } catch {
    const found = (process.env["PATH"] ?? "")
      .split(delimiter)
      .map((folder) => join(folder, "dynoxide"))
      .find(isExecutable);
    if (found) return found;
    throw new StartFailure("No DynamoDB engine: install dynoxide so that it is on the PATH, or set DYNAMODB_ENDPOINT to a DynamoDB-compatible endpoint.");
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
