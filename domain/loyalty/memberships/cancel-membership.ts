import * as z from "zod";
import { tell } from "../../kernel/event.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { CancellationReason, MembershipResult, membershipExample, membershipResultExample } from "./membership.ts";
import { loadMembership, membershipChange, membershipNotFound, membershipOver, membershipParams, toMembershipResult } from "./membership-command.ts";
import { membershipCanceled, membershipLapsed } from "./membership-events.ts";
import { canceled, isOver } from "./membership-life.ts";

export const cancelMembership = operation({
  id: "cancelMembership",
  summary: "Cancel a membership",
  description:
    "Ends a membership on the day up to which it is paid for, without days of grace, or at once with `atPeriodEnd: false`. Until then the member keeps the benefits, and a renewal takes the cancellation back. Cancelled again in the same way, nothing changes. Nothing is paid back here.",
  method: "post",
  path: "/v1/memberships/{membershipId}/cancel",
  permission: "loyalty:write",
  params: membershipParams,
  body: z
    .strictObject({
      reason: CancellationReason.optional(),
      atPeriodEnd: z.boolean().default(true).meta({ description: "true: when what is paid for ends. false: at once." }),
    })
    .default({ atPeriodEnd: true }),
  example: { reason: "Moved away." },
  success: {
    status: 200,
    output: MembershipResult,
    example: {
      ...membershipResultExample,
      membership: {
        ...membershipExample,
        endsOn: membershipExample.paidUntil,
        cancellation: { at: "2026-12-01T10:00:00.000Z", effectiveOn: membershipExample.paidUntil, reason: "Moved away." },
        version: 2,
      },
    },
  },
  problems: { ...membershipNotFound, ...membershipOver },
  async run({ table, now, fail }, { params, body }) {
    const { kept, present, wallet } = (await loadMembership(table, params.membershipId, now)) ?? fail("membership_not_found");
    if (isOver(present)) return fail("membership_over");
    const membership = canceled(present, body.atPeriodEnd, body.reason, wallet.time);
    const [was, is] = [present.cancellation, membership.cancellation];
    const isSame = was?.effectiveOn === is?.effectiveOn && was?.reason === is?.reason;
    if (isSame) return plan(toMembershipResult(present, wallet), [], { replaces: kept.version });
    const end = isOver(membership) ? tell(membershipLapsed) : undefined;
    const change = membershipChange(kept, membership, wallet.program.timeZone, tell(membershipCanceled), end);
    return plan(toMembershipResult(membership, wallet), [change], { replaces: kept.version });
  },
});
