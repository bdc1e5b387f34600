import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../../kernel/page.ts";
import { earningRulesPk } from "../keys.ts";
import { EarningRule, earningRuleExample } from "./earning-rule.ts";

export const listEarningRules = operation({
  id: "listEarningRules",
  summary: "List earning rules",
  description: "Of the credential's mode, oldest first, in their present version; strongly consistent.",
  method: "get",
  path: "/v1/earning-rules",
  permission: "loyalty:read",
  query: z.strictObject({
    ...pageQuery,
    programId: idOf("prg").optional().meta({ description: "Only rules of this programme." }),
    status: EarningRule.shape.status.unwrap().optional().meta({ description: "Only rules in this status." }),
  }),
  success: { status: 200, output: pageOf(EarningRule, "EarningRule"), example: { object: "list", data: [earningRuleExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit, programId, status } }) {
    const walk = walkQuery<EarningRule>(table, { from: "items", pk: earningRulesPk, order: "ascending" }, cursor);
    const matches = ({ document: rule }: { document: EarningRule }) =>
      (programId === undefined || rule.programId === programId) && (status === undefined || rule.status === status);
    const { found, last } = await fillPage(limit, walk, matches);
    return plan(
      page(
        found.map(({ document }) => document),
        last?.position,
      ),
    );
  },
});
