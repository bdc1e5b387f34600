import { patched } from "../../kernel/merge-patch.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { changesNothing, revise } from "../../kernel/revision.ts";
import { replace } from "../../kernel/table.ts";
import { membershipPlanNotFound, membershipPlanParams } from "./get-membership-plan.ts";
import { membershipPlanKey } from "./membership-keys.ts";
import { MembershipPlan, MembershipPlanPatch, MembershipPlanSettings, membershipPlanExample } from "./membership-plan.ts";

export const updateMembershipPlan = operation({
  id: "updateMembershipPlan",
  summary: "Change a membership plan",
  description:
    "JSON merge patch: null clears a field or brings back its default, lists are replaced whole. Holds for periods that are paid for from now on: what members have paid for stays as it was. The programme of a plan does not change.",
  method: "patch",
  path: "/v1/membership-plans/{membershipPlanId}",
  permission: "loyalty:write",
  params: membershipPlanParams,
  body: MembershipPlanPatch,
  example: { price: { amountMinor: 4500, currency: "EUR" }, benefits: { earnMultiplier: 2.5 } },
  success: {
    status: 200,
    output: MembershipPlan,
    example: {
      ...membershipPlanExample,
      price: { amountMinor: 4500, currency: "EUR" },
      benefits: { ...membershipPlanExample.benefits, earnMultiplier: 2.5 },
      version: 2,
    },
  },
  problems: membershipPlanNotFound,
  async run({ table, now, fail }, { params, body }) {
    const before = (await table.get(membershipPlanKey(params.membershipPlanId))) ?? fail("membership_plan_not_found");
    const settings = patched(MembershipPlanSettings, before, body);
    if (changesNothing(before, settings)) return plan(before, [], { replaces: before.version });
    const updated = revise(before, settings, now);
    return plan(updated, [replace(membershipPlanKey(before.id), before, updated)], { replaces: before.version });
  },
});
