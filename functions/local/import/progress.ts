/** Shows how far the import is: a bar on a terminal, elsewhere a line every tenth of the way. */
import { Presets, SingleBar } from "cli-progress";

export type Progress = { show(bytes: number, rows: number, refused: number): void; stop(): void };

export function startProgress(totalBytes: number): Progress {
  return process.stderr.isTTY ? bar(totalBytes) : lines(totalBytes);
}

function bar(totalBytes: number): Progress {
  const startedAt = Date.now();
  const single = new SingleBar({ format: " {bar} {percentage} % | {rows} rows | {rate} rows/s | {refused} refused", hideCursor: true }, Presets.shades_classic);
  single.start(totalBytes, 0, { rows: "0", rate: "-", refused: "0" });
  let rowsBefore: number | undefined;
  return {
    show(bytes, rows, refused) {
      rowsBefore ??= rows;
      const rate = Math.round(((rows - rowsBefore) * 1000) / (Date.now() - startedAt));
      single.update(bytes, { rows: rows.toLocaleString("en"), rate: rate.toLocaleString("en"), refused: refused.toLocaleString("en") });
    },
    stop: () => single.stop(),
  };
}

function lines(totalBytes: number): Progress {
  let shown = 0;
  return {
    show(bytes, rows, refused) {
      const tenths = Math.floor((bytes * 10) / totalBytes);
      if (tenths <= shown) return;
      shown = tenths;
      console.error(`${tenths * 10} % | ${rows.toLocaleString("en")} rows | ${refused.toLocaleString("en")} refused`);
    },
    stop() {},
  };
}
