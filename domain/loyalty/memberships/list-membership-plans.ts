import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { fillPage, pageOf, pageQuery, walkQuery } from "../../kernel/page.ts";
import { membershipPlansPk } from "./membership-keys.ts";
import { MembershipPlan, membershipPlanExample } from "./membership-plan.ts";

export const listMembershipPlans = operation({
  id: "listMembershipPlans",
  summary: "List membership plans",
  description: "Of the credential's mode, oldest first; strongly consistent.",
  method: "get",
  path: "/v1/membership-plans",
  permission: "loyalty:read",
  query: z.strictObject({
    ...pageQuery,
    programId: idOf("prg").optional().meta({ description: "Only plans of this programme." }),
    status: MembershipPlan.shape.status.unwrap().optional().meta({ description: "Only plans in this status." }),
  }),
  success: { status: 200, output: pageOf(MembershipPlan, "MembershipPlan"), example: { object: "list", data: [membershipPlanExample], hasMore: false } },
  problems: {},
  async run({ table, cursor, page }, { query: { limit, programId, status } }) {
    const walk = walkQuery<MembershipPlan>(table, { from: "items", pk: membershipPlansPk, order: "ascending" }, cursor);
    const matches = ({ document }: { document: MembershipPlan }) =>
      (programId === undefined || document.programId === programId) && (status === undefined || document.status === status);
    const { found, last } = await fillPage(limit, walk, matches);
    return plan(
      page(
        found.map(({ document }) => document),
        last?.position,
      ),
    );
  },
});
