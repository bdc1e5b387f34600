/** The report of refused rows: a CSV with one line per fault. */
import { appendFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { stringify } from "csv-stringify/sync";
import type { Refusal } from "./items.ts";

/** Drops what an interrupted run reported after its last checkpoint: those rows are judged again. */
export function resumeReport(file: string, bytes: number): void {
  if (bytes === 0) rmSync(file, { force: true });
  else if (sizeOf(file) > bytes) truncateSync(file, bytes);
}

/** Adds rows in the order of their lines; answers the size of the report. */
export function addToReport(file: string, refusals: readonly Refusal[]): number {
  const ordered = refusals.toSorted((a, b) => a.row.line - b.row.line);
  const lines = ordered.flatMap(({ row, faults }) => faults.map(({ column, pointer, code, detail }) => [row.line, column, pointer, code, detail, row.raw]));
  const header = sizeOf(file) === 0 ? [["line", "column", "pointer", "code", "detail", "row"]] : [];
  if (lines.length > 0) appendFileSync(file, stringify([...header, ...lines]), { mode: 0o600 });
  return sizeOf(file);
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
