/** Reads of the loyalty context for this and other contexts. */
import type { Reader } from "../kernel/table.ts";
import { programKey } from "./keys.ts";
import type { ProgramRecord } from "./program.ts";

export const loadProgram = (table: Reader, programId: string): Promise<ProgramRecord | undefined> => table.get(programKey(programId));
