/**
 * | question                               | where                                 | order     |
 * |----------------------------------------|---------------------------------------|-----------|
 * | a membership plan, the plans           | MPL / <planId>                        | createdAt |
 * | the membership of a wallet             | W#<walletId> / MEMBERSHIP             |           |
 * | what a payment was taken for           | W#<walletId> / PAID#<hash>            |           |
 *
 * A membership stands beside the wallet's head, so that earning reads both in one round trip.
 */
import { createHash } from "node:crypto";
import { type Key, key } from "../../kernel/table.ts";
import type { Membership } from "./membership.ts";
import type { MembershipPlan } from "./membership-plan.ts";

export const membershipPlansPk = "MPL";
export const membershipPlanKey = (planId: string): Key<MembershipPlan> => key<MembershipPlan>(membershipPlansPk, planId);
export const membershipKey = (walletId: string): Key<Membership> => key<Membership>(`W#${walletId}`, "MEMBERSHIP");

/** Which command a payment was sent with, and what that asked for. */
export type MembershipPayment = { readonly command: "start" | "renew"; readonly asked: string };
const membershipPaymentKey = (walletId: string, reference: string): Key<MembershipPayment> =>
  key<MembershipPayment>(`W#${walletId}`, `PAID#${createHash("sha256").update(reference).digest("base64url")}`);
/** Where it stands what a payment was taken for; nowhere without its id. */
export const membershipPaymentKeys = (walletId: string, reference: string | undefined): Key<MembershipPayment>[] =>
  reference === undefined ? [] : [membershipPaymentKey(walletId, reference)];
