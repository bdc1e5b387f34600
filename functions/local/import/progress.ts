/** Shows how far the import is: a bar on a terminal, elsewhere a line every tenth of the way. */
import { Presets, SingleBar } from "cli-progress";

export type Progress = { show(bytes: number, rows: number, refused: number): void; stop(): void };

/** `rowsBefore` were loaded by an earlier run of the same import. */
export function startProgress(totalBytes: number, rowsBefore: number): Progress {
  return process.stderr.isTTY ? bar(totalBytes, rowsBefore) : lines(totalBytes);
}

function bar(totalBytes: number, rowsBefore: number): Progress {
  const startedAt = Date.now();
  const single = new SingleBar({ format: " {bar} {percentage} % | {rows} rows | {rate} rows/s | {refused} refused", hideCursor: true }, Presets.shades_classic);
  single.start(totalBytes, 0, { rows: rowsBefore.toLocaleString("en"), rate: "-", refused: "0" });
  return {
    show(bytes, rows, refused) {
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
