import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { WalletId } from "../wallets/wallet.ts";
import { Membership, membershipExample, membershipIdOf } from "./membership.ts";
import { loadMembership, membershipNotFound, membershipParams } from "./membership-command.ts";

export const getMembership = operation({
  id: "getMembership",
  summary: "Get a membership",
  description: "As it is at this moment: status and benefits follow from the day in the programme's zone. Strongly consistent.",
  method: "get",
  path: "/v1/memberships/{membershipId}",
  permission: "loyalty:read",
  params: membershipParams,
  success: { status: 200, output: Membership, example: membershipExample },
  problems: membershipNotFound,
  async run({ table, now, fail }, { params }) {
    return plan(((await loadMembership(table, params.membershipId, now)) ?? fail("membership_not_found")).present);
  },
});

export const listMemberships = operation({
  id: "listMemberships",
  summary: "List the memberships of a wallet",
  description: "The wallet's one membership as it is at this moment, or none. Strongly consistent.",
  method: "get",
  path: "/v1/memberships",
  permission: "loyalty:read",
  query: z.strictObject({ walletId: WalletId }),
  success: {
    status: 200,
    output: z.object({ object: z.literal("list"), data: z.array(Membership), hasMore: z.literal(false) }).meta({ id: "MembershipList" }),
    example: { object: "list", data: [membershipExample], hasMore: false },
  },
  problems: {},
  async run({ table, now }, { query: { walletId } }) {
    const found = await loadMembership(table, membershipIdOf(walletId), now);
    return plan({ object: "list" as const, data: found ? [found.present] : [], hasMore: false as const });
  },
});
