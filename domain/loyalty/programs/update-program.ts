import { patched } from "../../kernel/merge-patch.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { changesNothing, revise } from "../../kernel/revision.ts";
import { replace } from "../../kernel/table.ts";
import { programKey } from "../keys.ts";
import { loadProgram } from "../store.ts";
import { programNotFound, programParams } from "./get-program.ts";
import { Program, ProgramPatch, ProgramSettings, programExample } from "./program.ts";

export const updateProgram = operation({
  id: "updateProgram",
  summary: "Change a programme",
  description:
    "JSON merge patch: null brings back the default, levels of tiers are replaced as a whole. Holds for what happens from now on: points that members have keep their dates, and entries are never touched. Where another kind of expiry or period does not have a field of the former one, the patch sets that field to null.",
  method: "patch",
  path: "/v1/programs/{programId}",
  permission: "loyalty:write",
  params: programParams,
  body: ProgramPatch,
  example: { expiry: { months: 36 }, debtPolicy: "allow_negative" },
  success: {
    status: 200,
    output: Program,
    example: { ...programExample, expiry: { ...programExample.expiry, months: 36 }, debtPolicy: "allow_negative", version: 2 },
  },
  problems: programNotFound,
  async run({ table, caller, now, fail }, { params, body }) {
    const program = (await loadProgram(table, params.programId)) ?? fail("program_not_found");
    const settings = patched(ProgramSettings, program, body);
    const changes = { ...settings, timeZone: settings.timeZone ?? caller.settings.timeZone };
    if (changesNothing(program, changes)) return plan(program, [], { replaces: program.version });
    const updated = revise(program, changes, now);
    return plan(updated, [replace(programKey(program.id), program, updated)], { replaces: program.version });
  },
});
