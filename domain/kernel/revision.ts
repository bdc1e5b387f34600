/** Versions: every change of a mutable object makes the next one. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { Instant } from "./time.ts";

/** What every object of the API has besides `id` and `object`. */
export const recordFields = {
  createdAt: Instant,
  updatedAt: Instant,
  version: z.int().meta({ description: "1, 2, 3, …; also the ETag." }),
  livemode: z.boolean().meta({ description: "false: test data." }),
};

type Revised = { readonly version: number; readonly updatedAt: string };

/** `record` after `changes`: the next version, changed now. A change to undefined takes the field away. */
export const revise = <R extends Revised>(record: R, changes: Partial<R>, now: Date): R => ({
  ...record,
  ...changes,
  version: record.version + 1,
  updatedAt: now.toISOString(),
});

/** Whether `changes` would change nothing: then nothing is written and no version is made. */
export const changesNothing = <R extends object>(record: R, changes: Partial<R>): boolean =>
  Object.entries(changes).every(([name, value]) => isDeepStrictEqual(record[name as keyof R], value));
