import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../../kernel/page.ts";
import { programsPk } from "../keys.ts";
import { Program, type ProgramRecord, programExample } from "./program.ts";

export const listPrograms = operation({
  id: "listPrograms",
  summary: "List programmes",
  description: "Of the credential's mode, oldest first; strongly consistent.",
  method: "get",
  path: "/v1/programs",
  permission: "loyalty:read",
  query: z.strictObject(pageQuery),
  success: { status: 200, output: pageOf(Program, "Program"), example: { object: "list", data: [programExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit } }) {
    const walk = walkQuery<ProgramRecord>(table, { from: "items", pk: programsPk, order: "ascending" }, cursor);
    const { found, last } = await fillPage(limit, walk);
    return plan(
      page(
        found.map(({ document }) => document),
        last?.position,
      ),
    );
  },
});
