/** How far an import has come, kept beside the data so that the same command goes on after an interruption. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { writeAtomically } from "../data-folder.ts";
import { ImportFailure } from "./failure.ts";

const count = z.int().min(0);
const Checkpoint = z.strictObject({
  source: z.strictObject({ bytes: count, modifiedAt: z.string() }),
  /** Every row up to this line of the file is loaded or refused. */
  linesDone: count,
  /** Where in the file that is, for the progress bar. */
  bytesDone: count,
  rows: count,
  refused: count,
  /** How much of the report of refused rows belongs to those lines. */
  reportBytes: count,
  loaded: z.strictObject({
    customersCreated: count,
    customersKnown: count,
    eventsRecorded: count,
    eventsKnown: count,
    earningsRecorded: count,
    earningsKnown: count,
    /** Of the recorded earnings. */
    points: count,
  }),
  seconds: z.number(),
  finished: z.boolean(),
});
export type Checkpoint = z.output<typeof Checkpoint>;
export type Loaded = Checkpoint["loaded"];

export const nothingLoaded: Loaded = {
  customersCreated: 0,
  customersKnown: 0,
  eventsRecorded: 0,
  eventsKnown: 0,
  earningsRecorded: 0,
  earningsKnown: 0,
  points: 0,
};
export const sumLoaded = (one: Loaded, other: Loaded): Loaded =>
  Object.fromEntries(Object.entries(one).map(([name, count]) => [name, count + other[name as keyof Loaded]])) as Loaded;

export const startOf = (source: Checkpoint["source"]): Checkpoint => ({
  source,
  linesDone: 0,
  bytesDone: 0,
  rows: 0,
  refused: 0,
  reportBytes: 0,
  loaded: nothingLoaded,
  seconds: 0,
  finished: false,
});

/** One import is one file through one mapping into one tenant and mode. */
export const importName = (parts: readonly string[]): string => createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);

/** Undefined when the import has not been started. Throws ImportFailure when it was started with another version of the file. */
export function readCheckpoint(file: string, source: Checkpoint["source"]): Checkpoint | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const result = Checkpoint.safeParse(jsonOf(text));
  if (!result.success) throw new ImportFailure(`${file} is not the state of an import. Use --restart to begin anew.`);
  const { bytes, modifiedAt } = result.data.source;
  if (bytes !== source.bytes || modifiedAt !== source.modifiedAt)
    throw new ImportFailure("The file has changed since this import was started. Use --restart to send every row again.");
  return result.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
  writeAtomically(file, `${JSON.stringify(checkpoint)}\n`);
}

/** Makes the folder of a file that will be written. */
export function prepareFolderOf(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw new ImportFailure(`${dirname(file)} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}
