/** Shows how far a program is: a bar on a terminal, elsewhere a line now and then. */
import { Presets, SingleBar } from "cli-progress";

export type Progress = { show(done: number, counts: Readonly<Record<string, number>>): void; stop(): void };

const linesEveryMilliseconds = 10_000;
const textOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
    .join(" | ");

/** `total` is about how many there will be. */
export function startProgress(what: string, total: number): Progress {
  return process.stderr.isTTY ? bar(what, total) : lines(what);
}

function bar(what: string, total: number): Progress {
  const single = new SingleBar({ format: ` ${what} {bar} {percentage} % | {counts}`, hideCursor: true }, Presets.shades_classic);
  single.start(Math.max(total, 1), 0, { counts: "" });
  return {
    show(done, counts) {
      if (done > single.getTotal()) single.setTotal(done);
      single.update(done, { counts: textOf(counts) });
    },
    stop: () => single.stop(),
  };
}

function lines(what: string): Progress {
  let shownAt = Date.now();
  return {
    show(_, counts) {
      if (Date.now() - shownAt < linesEveryMilliseconds) return;
      shownAt = Date.now();
      console.error(`${what}: ${textOf(counts)}`);
    },
    stop() {},
  };
}
