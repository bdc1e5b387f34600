import * as z from "zod";
import { type EventDraft, tell } from "../../kernel/event.ts";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { addMonths } from "../ledger/calendar.ts";
import { ReferenceText, referenceUsed, walletNotFound } from "../wallets/ledger-result.ts";
import { loadWallet } from "../wallets/load-wallet.ts";
import { WalletId } from "../wallets/wallet.ts";
import { membershipPlanNotFound } from "./get-membership-plan.ts";
import { type Membership, MembershipResult, membershipExample, membershipResultExample } from "./membership.ts";
import { isSamePayment, membershipChange, paymentChanges, paymentOf, toMembershipResult } from "./membership-command.ts";
import { membershipLapsed, membershipStarted } from "./membership-events.ts";
import { type MembershipPayment, membershipKey, membershipPaymentKeys, membershipPlanKey } from "./membership-keys.ts";
import { isOver, membershipAt, started } from "./membership-life.ts";
import type { MembershipPlan } from "./membership-plan.ts";

const monthsAheadMax = 12;

export const startMembership = operation({
  id: "startMembership",
  summary: "Start a membership",
  description:
    "Tells that a member has paid for a first period, which begins today unless you say otherwise. A wallet has one membership at a time; once that is over, it can be started again. A `reference`, such as the payment's id, starts or renews once for ever: sent again, it answers the membership as it is now with 200.",
  method: "post",
  path: "/v1/memberships",
  permission: "loyalty:write",
  body: z.strictObject({
    walletId: WalletId,
    planId: idOf("mpl"),
    startsOn: z.iso
      .date()
      .optional()
      .meta({ description: "In the programme's time zone. Within twelve months, and not so early that it would be over by now." }),
    reference: ReferenceText.optional(),
  }),
  example: { walletId: membershipExample.walletId, planId: membershipExample.planId, reference: "payment-2041" },
  success: { status: 201, alternatives: [200], output: MembershipResult, example: membershipResultExample },
  problems: {
    ...walletNotFound,
    ...membershipPlanNotFound,
    ...referenceUsed,
    membership_exists: { status: 409, title: "The wallet has a membership that is not over yet." },
    membership_plan_closed: { status: 409, title: "The plan is closed, or its programme is: no membership starts any more." },
    plan_of_another_program: { status: 422, title: "The plan belongs to another programme than the wallet." },
    start_out_of_range: { status: 422, title: "A membership starts within twelve months, and not so early that it would be over by now." },
  },
  async run({ table, now, fail }, { body }) {
    const { walletId, planId, reference } = body;
    const payment = paymentOf("start", body);
    const wallet = await loadWallet<[Membership, MembershipPlan, ...MembershipPayment[]]>(table, walletId, now, {
      alongside: [membershipKey(walletId), membershipPlanKey(planId), ...membershipPaymentKeys(walletId, reference)],
    });
    if (!wallet) return fail("wallet_not_found");
    const [kept, chosen, paid] = wallet.alongside;
    const { program, time } = wallet;
    const before = kept && membershipAt(kept, time.today);
    if (before && paid) return isSamePayment(paid, payment) ? plan(toMembershipResult(before, wallet), [], { status: 200 }) : fail("reference_used");
    if (!chosen) return fail("membership_plan_not_found");
    if (chosen.programId !== program.id) return fail("plan_of_another_program");
    if (before && !isOver(before)) return fail("membership_exists", { membershipId: before.id });
    if (chosen.status === "closed" || program.status === "closed") return fail("membership_plan_closed");
    const startsOn = body.startsOn ?? time.today;
    const membership = started(before, walletId, chosen, startsOn, time);
    if (isOver(membership) || startsOn > addMonths(time.today, monthsAheadMax)) return fail("start_out_of_range");
    const change = membershipChange(kept, membership, program.timeZone, lateEnd(kept, before), tell(membershipStarted));
    return plan(toMembershipResult(membership, wallet), [change, ...paymentChanges(walletId, payment)]);
  },
});

/** The end of the membership before, when no sweeper has told of it yet. */
const lateEnd = (kept: Membership | undefined, before: Membership | undefined): EventDraft | undefined =>
  kept && before && !isOver(kept) ? tell(membershipLapsed, before) : undefined;
