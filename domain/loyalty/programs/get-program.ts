import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { loadProgram } from "../store.ts";
import { Program, programExample } from "./program.ts";

export const programNotFound = { program_not_found: { status: 404, title: "There is no such programme." } } as const;
export const programParams = z.object({ programId: idOf("prg") });

export const getProgram = operation({
  id: "getProgram",
  summary: "Get a programme",
  description: "Strongly consistent.",
  method: "get",
  path: "/v1/programs/{programId}",
  permission: "loyalty:read",
  params: programParams,
  success: { status: 200, output: Program, example: programExample },
  problems: programNotFound,
  async run({ table, fail }, { params }) {
    return plan((await loadProgram(table, params.programId)) ?? fail("program_not_found"));
  },
});
