/**
 * | question                             | where                                       | order     |
 * |--------------------------------------|---------------------------------------------|-----------|
 * | a programme, the programmes          | PRG / <programId>                           | createdAt |
 *
 * Wallets and what belongs to them: wallet-keys.ts.
 */
import { type Key, key } from "../kernel/table.ts";
import type { ProgramRecord } from "./program.ts";

export const programsPk = "PRG";
export const programKey = (programId: string): Key<ProgramRecord> => key<ProgramRecord>(programsPk, programId);
