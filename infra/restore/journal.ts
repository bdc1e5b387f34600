/** How far a scan has come, in a file that grows by a line for each page, so that a killed program goes on where it was. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type StartKey = Record<string, AttributeValue>;
/** An item whose events are not in the log; `at` is when the first of them was told. */
export type Untold = { readonly pk: string; readonly sk: string; readonly at: string };
export type Counts = { items: number; wallets: number; deliveries: number; failed: number };
/** What came of a page. */
export type Page = { readonly untold: readonly Untold[]; readonly counts: Counts };
/** A page of a segment that is done; without `next` it was the segment's last. */
type Line = Page & { readonly segment: number; readonly next?: StartKey };

export type Journal = {
  /** Where a segment goes on; undefined at its begin. `done` when nothing is left of it. */
  placeOf(segment: number): StartKey | "done" | undefined;
  /** Of all pages that are done, those of killed programs too. */
  readonly untold: readonly Untold[];
  readonly counts: Counts;
  add(line: Line): void;
  remove(): void;
};

export function openJournal(file: string): Journal {
  mkdirSync(dirname(file), { recursive: true });
  const places = new Map<number, StartKey | "done">();
  const untold: Untold[] = [];
  const counts: Counts = { items: 0, wallets: 0, deliveries: 0, failed: 0 };
  const take = ({ segment, next, untold: found, counts: more }: Line) => {
    places.set(segment, next ?? "done");
    untold.push(...found);
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += more[name];
  };
  for (const text of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    const line = parse(text);
    if (line) take(line);
  }
  return {
    placeOf: (segment) => places.get(segment),
    untold,
    counts,
    add(line) {
      // A line that a kill has cut short ends where the next one begins.
      appendFileSync(file, `\n${JSON.stringify(line)}`);
      take(line);
    },
    remove: () => rmSync(file, { force: true }),
  };
}

/** Undefined for a line that a kill has cut short: its page is read again. */
function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
