import { operation, plan } from "../../kernel/operation.ts";
import { create } from "../../kernel/table.ts";
import { programNotFound } from "../programs/get-program.ts";
import { loadProgram } from "../store.ts";
import { membershipPlanKey } from "./membership-keys.ts";
import { MembershipPlan, membershipPlanExample, NewMembershipPlan, newMembershipPlanExample } from "./membership-plan.ts";

export const createMembershipPlan = operation({
  id: "createMembershipPlan",
  summary: "Create a membership plan",
  description:
    "What members of a programme can pay for, for how long, and what it gives them. Payment happens elsewhere: tell of it by starting and renewing memberships.",
  method: "post",
  path: "/v1/membership-plans",
  permission: "loyalty:write",
  body: NewMembershipPlan,
  example: newMembershipPlanExample,
  success: { status: 201, output: MembershipPlan, example: membershipPlanExample },
  problems: programNotFound,
  async run({ table, caller, now, newId, fail }, { body }) {
    if (!(await loadProgram(table, body.programId))) return fail("program_not_found");
    const at = now.toISOString();
    const made: MembershipPlan = {
      id: newId("mpl"),
      object: "membership_plan",
      ...body,
      createdAt: at,
      updatedAt: at,
      version: 1,
      livemode: caller.livemode,
    };
    return plan(made, [create(membershipPlanKey(made.id), made)]);
  },
});
