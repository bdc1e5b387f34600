/** What the Lambda service does with a bundle: a process for each event that is in work, frozen between two events. */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Invocation, Outcome } from "./runtime.ts";

export type Lambda = {
  readonly name: string;
  /** Only what JSON can carry arrives, and comes back. Rejects when the handler throws, takes too long or ends its process. */
  invoke(event: unknown, remainingMilliseconds?: number): Promise<unknown>;
  invocations(): number;
  /** What was thrown, and what was logged as an error. */
  failures(): readonly string[];
  stop(): void;
};

/** As the function's reserved concurrency: others wait. Two, so that nothing that one process remembers is all there is. */
const processesMax = 2;

export type Settings = {
  readonly name: string;
  /** Of the bundle. */
  readonly file: string;
  /** All that its processes find in theirs. */
  readonly environment: Record<string, string>;
  readonly timeoutMilliseconds: number;
};

export function startLambda({ name, file, environment, timeoutMilliseconds }: Settings): Lambda {
  const processes = new Set<ChildProcess>();
  const idle: ChildProcess[] = [];
  const waiting: ((child: ChildProcess) => void)[] = [];
  const failures: string[] = [];
  let invocations = 0;

  const start = (): ChildProcess => {
    const execArgv = ["--disable-warning=ExperimentalWarning"];
    const child = fork(join(import.meta.dirname, "runtime.ts"), [file], { env: environment, execArgv, silent: true });
    processes.add(child);
    child.once("exit", () => processes.delete(child));
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (said: string) => {
        console.log(`${name}: ${said}`);
        failures.push(...said.split("\n").filter((line) => /"level":"(?:error|fatal)"/i.test(line)));
      });
    return child;
  };
  const take = async (): Promise<ChildProcess> => {
    const child = idle.pop() ?? (processes.size < processesMax ? start() : await new Promise<ChildProcess>((resolve) => waiting.push(resolve)));
    child.kill("SIGCONT");
    return child;
  };
  /** What a process still does after its answer waits until its next event, or is lost. */
  const giveBack = (child: ChildProcess): void => {
    const next = waiting.shift();
    if (child.exitCode !== null || child.signalCode !== null) {
      if (next) next(start());
    } else if (next) next(child);
    else {
      child.kill("SIGSTOP");
      idle.push(child);
    }
  };
  return {
    name,
    async invoke(event, remainingMilliseconds = timeoutMilliseconds) {
      invocations += 1;
      const child = await take();
      try {
        const invocation = { requestId: randomUUID(), event, deadline: Date.now() + remainingMilliseconds };
        return await run(child, invocation, timeoutMilliseconds);
      } catch (error) {
        failures.push((error as Error).message);
        throw error;
      } finally {
        giveBack(child);
      }
    },
    invocations: () => invocations,
    failures: () => failures,
    stop() {
      for (const child of processes) child.kill("SIGKILL");
    },
  };
}

/** One event in one process, which is ended when it takes too long. */
function run(child: ChildProcess, invocation: Invocation, timeoutMilliseconds: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMilliseconds);
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      child.off("message", end).off("exit", ended);
      if ("failure" in outcome) reject(new Error(outcome.failure));
      else resolve(outcome.answer);
    };
    const ended = () => end({ failure: "The process ended before it answered." });
    child.once("message", end).once("exit", ended);
    child.send(invocation);
  });
}
