import { createProgram } from "./create-program.ts";
import { getProgram } from "./get-program.ts";
import { listPrograms } from "./list-programs.ts";
import { updateProgram } from "./update-program.ts";

export const loyaltyOperations = [createProgram, listPrograms, getProgram, updateProgram];
