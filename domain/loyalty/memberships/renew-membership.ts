import * as z from "zod";
import { tell } from "../../kernel/event.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { addMonths } from "../ledger/calendar.ts";
import { ReferenceText, referenceUsed } from "../wallets/ledger-result.ts";
import { MembershipResult, membershipResultExample, renewedMembershipExample } from "./membership.ts";
import {
  isSamePayment,
  loadMembership,
  membershipChange,
  membershipNotFound,
  membershipOver,
  membershipParams,
  paymentChanges,
  paymentOf,
  toMembershipResult,
} from "./membership-command.ts";
import { membershipRenewed } from "./membership-events.ts";
import { membershipPlanKey } from "./membership-keys.ts";
import { isOver, renewed } from "./membership-life.ts";

/** So that what is paid for on different terms stays few. */
const monthsAheadMax = 120;

export const renewMembership = operation({
  id: "renewMembership",
  summary: "Renew a membership",
  description:
    "Tells that a member has paid for more: one period of the plan, or until a day. It follows on what was paid for before, without a gap, in the days of grace too; price and benefits are the plan's present ones and hold from there on. Takes back a cancellation that has not taken effect yet. A `reference`, such as the payment's id, starts or renews once for ever: sent again, it answers the membership as it is now with 200.",
  method: "post",
  path: "/v1/memberships/{membershipId}/renew",
  permission: "loyalty:write",
  params: membershipParams,
  body: z
    .strictObject({
      paidUntil: z.iso
        .date()
        .optional()
        .meta({ description: "The first day that is not paid for; instead of one more period. Later periods begin on its day of the month." }),
      reference: ReferenceText.optional(),
    })
    .default({}),
  example: { reference: "payment-2042" },
  success: { status: 201, alternatives: [200], output: MembershipResult, example: { ...membershipResultExample, membership: renewedMembershipExample } },
  problems: {
    ...membershipNotFound,
    ...referenceUsed,
    ...membershipOver,
    paid_until_out_of_range: { status: 422, title: "A membership is renewed until a day after the present one, within ten years." },
  },
  async run({ table, now, fail }, { params, body }) {
    const { kept, present, wallet, paid } = (await loadMembership(table, params.membershipId, now, body.reference)) ?? fail("membership_not_found");
    const payment = paymentOf("renew", body);
    if (paid)
      return isSamePayment(paid, payment) ? plan(toMembershipResult(present, wallet), [], { status: 200, replaces: kept.version }) : fail("reference_used");
    if (isOver(present)) return fail("membership_over");
    const offered = (await table.get(membershipPlanKey(kept.planId))) ?? fail("membership_not_found");
    const membership = renewed(present, offered, body.paidUntil, wallet.time);
    const isWithin = membership.paidUntil > present.paidUntil && membership.paidUntil <= addMonths(wallet.time.today, monthsAheadMax);
    if (!isWithin || isOver(membership)) return fail("paid_until_out_of_range");
    const change = membershipChange(kept, membership, wallet.program.timeZone, tell(membershipRenewed));
    return plan(toMembershipResult(membership, wallet), [change, ...paymentChanges(kept.walletId, payment)], { replaces: kept.version });
  },
});
