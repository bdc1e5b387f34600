/** What is told of memberships. Each one that was started lapses once, whatever it ends by. */
import { eventType } from "../../kernel/event.ts";
import { Membership, membershipExample, renewedMembershipExample } from "./membership.ts";

const ofMembership = (type: `membership.${string}`, description: string, example: Membership = membershipExample) =>
  eventType<Membership, Membership>()({
    type,
    description,
    object: Membership,
    example,
    // One that ended unnoticed before it is started again is told as it was.
    render: ({ after, subject }: { after: Membership; subject: Membership | undefined }) => subject ?? after,
    customerId: ({ customerId }) => customerId,
  });

const cancellation = { at: "2026-12-01T10:00:00.000Z", effectiveOn: membershipExample.paidUntil, reason: "Moved away." };
export const membershipStarted = ofMembership("membership.started", "A membership was started, or started again after it was over.");
export const membershipRenewed = ofMembership("membership.renewed", "More was paid for; a cancellation is taken back by that.", renewedMembershipExample);
export const membershipCanceled = ofMembership(
  "membership.canceled",
  "A membership was cancelled; `cancellation.effectiveOn` says from when on. On that day `membership.lapsed` follows.",
  { ...membershipExample, cancellation, endsOn: membershipExample.paidUntil, version: 2 },
);
export const membershipLapsed = ofMembership(
  "membership.lapsed",
  "A membership is over: `status` is `lapsed` when it was not renewed, `canceled` when a cancellation has taken effect. Told when it was noticed; the benefits ended on `endsOn`.",
  { ...membershipExample, status: "lapsed", benefits: {}, version: 2 },
);

export const membershipEventTypes = [membershipStarted, membershipRenewed, membershipCanceled, membershipLapsed];
