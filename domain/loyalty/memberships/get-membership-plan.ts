import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { membershipPlanKey } from "./membership-keys.ts";
import { MembershipPlan, membershipPlanExample } from "./membership-plan.ts";

export const membershipPlanNotFound = { membership_plan_not_found: { status: 404, title: "There is no such membership plan." } } as const;
export const membershipPlanParams = z.object({ membershipPlanId: idOf("mpl") });

export const getMembershipPlan = operation({
  id: "getMembershipPlan",
  summary: "Get a membership plan",
  description: "Strongly consistent.",
  method: "get",
  path: "/v1/membership-plans/{membershipPlanId}",
  permission: "loyalty:read",
  params: membershipPlanParams,
  success: { status: 200, output: MembershipPlan, example: membershipPlanExample },
  problems: membershipPlanNotFound,
  async run({ table, fail }, { params }) {
    return plan((await table.get(membershipPlanKey(params.membershipPlanId))) ?? fail("membership_plan_not_found"));
  },
});
