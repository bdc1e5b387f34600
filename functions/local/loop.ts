/** Work that goes on for as long as the process does. */
import { setTimeout as pause } from "node:timers/promises";
import { log } from "../shell/log.ts";

const longestBackOffMilliseconds = 5_000;

/**
 * Does `work` again and again, never twice at once; `work` answers how many milliseconds to wait before the next time.
 * An error is logged and the work tried again, ever later. The answer stops it, and resolves when the work in hand is done;
 * long work may look at the signal it gets, and end early.
 */
export function startLoop(name: string, work: (stopped: AbortSignal) => Promise<number>): () => Promise<void> {
  const stopped = new AbortController();
  let failures = 0;
  const turn = async (): Promise<number> => {
    try {
      const milliseconds = await work(stopped.signal);
      failures = 0;
      return milliseconds;
    } catch (error) {
      failures += 1;
      if (!stopped.signal.aborted) log("error", `${name} failed`, { failures, error: String((error as Error).stack ?? error) });
      return Math.min(100 * 2 ** failures, longestBackOffMilliseconds);
    }
  };
  const turns = (async () => {
    while (!stopped.signal.aborted) await pause(await turn(), undefined, { signal: stopped.signal }).catch(() => {});
  })();
  return () => {
    stopped.abort();
    return turns;
  };
}
