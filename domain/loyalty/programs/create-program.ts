import { operation, plan } from "../../kernel/operation.ts";
import { create } from "../../kernel/table.ts";
import { programKey } from "../keys.ts";
import { newProgramExample, Program, type ProgramRecord, ProgramSettings, programExample } from "./program.ts";

export const createProgram = operation({
  id: "createProgram",
  summary: "Create a programme",
  description:
    "The rules of one point currency: when points expire, how long they are pending, whether members may owe, and the tiers. Levels of tiers stand in ascending order of qualifying points, each code once.",
  method: "post",
  path: "/v1/programs",
  permission: "loyalty:write",
  body: ProgramSettings,
  example: newProgramExample,
  success: { status: 201, output: Program, example: programExample },
  problems: {},
  async run({ caller, now, newId }, { body }) {
    const at = now.toISOString();
    const program: ProgramRecord = {
      id: newId("prg"),
      object: "program",
      ...body,
      timeZone: body.timeZone ?? caller.settings.timeZone,
      createdAt: at,
      updatedAt: at,
      version: 1,
      livemode: caller.livemode,
    };
    return plan(program, [create(programKey(program.id), program)]);
  },
});
