/** How far a scan has come, in a file that grows by a line for each page, so that a killed program goes on where it was. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type StartKey = Record<string, AttributeValue>;
/** An item whose events are not in the log; `at` is when the first of them was told. */
export type Untold = { readonly pk: string; readonly sk: string; readonly at: string };
/** A page of a segment that is done; without `next` it was the segment's last. */
type Line = { readonly segment: number; readonly next?: StartKey; readonly untold: readonly Untold[] };

export type Journal = {
  /** Where a segment goes on; undefined at its begin. `done` when nothing is left of it. */
  placeOf(segment: number): StartKey | "done" | undefined;
  readonly untold: Untold[];
  add(line: Line): void;
  remove(): void;
};

export function openJournal(file: string): Journal {
  mkdirSync(dirname(file), { recursive: true });
  const places = new Map<number, StartKey | "done">();
  const untold: Untold[] = [];
  const take = ({ segment, next, untold: found }: Line) => {
    places.set(segment, next ?? "done");
    untold.push(...found);
  };
  for (const text of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    const line = parse(text);
    if (line) take(line);
  }
  return {
    placeOf: (segment) => places.get(segment),
    untold,
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
