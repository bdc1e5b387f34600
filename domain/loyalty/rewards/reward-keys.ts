/**
 * | question                              | where                                        | order           |
 * |---------------------------------------|----------------------------------------------|-----------------|
 * | a reward, the rewards                 | RWD / <rewardId>                             | createdAt       |
 * | what is left of it, by shard          | RWS#<rewardId>#<shard> / LEFT (a counter)    |                 |
 * | how many a wallet has redeemed        | W#<walletId> / RWD#<rewardId>                |                 |
 * | a code                                | RWC#<rewardId>#<hash> / META                 |                 |
 * | the free codes                        | list: RWC#<rewardId>                         | hash            |
 * | a redemption                          | RDM#<redemptionId> / META                    |                 |
 * | the redemptions of a wallet           | list: RDM#<walletId>                         | createdAt       |
 */
import { createHash } from "node:crypto";
import { type Counter, type Key, key } from "../../kernel/table.ts";
import type { RedemptionRecord } from "./redemption.ts";
import type { RewardRecord } from "./reward.ts";

export const rewardsPk = "RWD";
export const rewardKey = (rewardId: string): Key<RewardRecord> => key<RewardRecord>(rewardsPk, rewardId);
export const stockKey = (rewardId: string, shard: number): Key<Counter> => key<Counter>(`RWS#${rewardId}#${shard}`, "LEFT");

/** Redemptions that count for the reward's member limit. */
export type MemberUse = { readonly version: number; readonly redeemed: number };
export const memberUseKey = (walletId: string, rewardId: string): Key<MemberUse> => key<MemberUse>(`W#${walletId}`, `RWD#${rewardId}`);

export type RewardCode = {
  readonly code: string;
  readonly rewardId: string;
  readonly status: "free" | "claimed";
  /** Of the request that brought it: two that bring the same codes at once must not take each other's for their own. */
  readonly importId: string;
  /** Whose it is; it stays so when the redemption is cancelled, since its code has been seen. */
  readonly redemptionId?: string;
  readonly version: number;
};
export const hashOfCode = (code: string): string => createHash("sha256").update(code).digest("hex");
export const codeKey = (rewardId: string, code: string): Key<RewardCode> => key<RewardCode>(`RWC#${rewardId}#${hashOfCode(code)}`, "META");
export const freeCodesPk = (rewardId: string): string => `RWC#${rewardId}`;

export const redemptionKey = (redemptionId: string): Key<RedemptionRecord> => key<RedemptionRecord>(`RDM#${redemptionId}`, "META");
export const redemptionsPk = (walletId: string): string => `RDM#${walletId}`;
