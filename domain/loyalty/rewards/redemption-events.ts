/** What is told of redemptions; never their codes. */
import { eventType } from "../../kernel/event.ts";
import { RedemptionFact, type RedemptionRecord, redemptionFactExample, toFact } from "./redemption.ts";

const ofRedemption = (type: `${"reward" | "redemption"}.${string}`, description: string, example: Partial<typeof RedemptionFact._zod.input> = {}) =>
  eventType<RedemptionRecord>()({
    type,
    description,
    object: RedemptionFact,
    example: { ...redemptionFactExample, ...example },
    render: ({ after }) => toFact(after),
    customerId: ({ customerId }) => customerId,
  });

const later = { updatedAt: "2026-11-21T10:00:00.000Z", version: 2 };
export const rewardRedeemed = ofRedemption("reward.redeemed", "A member got a reward for points; `fulfilled` at once when its fulfilment is immediate.");
export const redemptionFulfilled = ofRedemption("redemption.fulfilled", "A pending redemption was handed over.", {
  status: "fulfilled",
  fulfilledAt: later.updatedAt,
  ...later,
});
export const redemptionCanceled = ofRedemption("redemption.canceled", "A redemption was cancelled, and its points given back.", {
  status: "canceled",
  canceledAt: later.updatedAt,
  cancelReason: "Sold out in the store.",
  ...later,
});

export const redemptionEventTypes = [rewardRedeemed, redemptionFulfilled, redemptionCanceled];
