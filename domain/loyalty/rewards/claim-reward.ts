/** What a wallet's points buy: a unit or a code of a reward, and the redemption that shows it. */
import { tell } from "../../kernel/event.ts";
import type { Context } from "../../kernel/operation.ts";
import { type Change, type Counter, create, type DocumentsFound, type KeysOf, type Reader, replace } from "../../kernel/table.ts";
import type { Applied } from "../ledger/ledger.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { OpenWallet } from "../wallets/load-wallet.ts";
import { type RedemptionRecord, toRedemption } from "./redemption.ts";
import { rewardRedeemed } from "./redemption-events.ts";
import { isAvailable, type RewardRecord } from "./reward.ts";
import { claimCode } from "./reward-codes.ts";
import { type MemberUse, memberUseKey, redemptionKey, redemptionsPk, rewardKey } from "./reward-keys.ts";
import { countInOwnShard, nearStockKeys, takeUnit } from "./stock.ts";

export const claimProblems = {
  reward_not_found: { status: 404, title: "There is no such reward." },
  reward_not_available: { status: 409, title: "The reward is paused, or it is not its time." },
  member_limit_reached: { status: 409, title: "The wallet has redeemed the reward as often as it may." },
  out_of_stock: { status: 409, title: "Nothing is left of the reward." },
} as const;

/** The documents that a claim needs besides the wallet, to be read with it. */
export type ClaimDocuments = [RewardRecord, MemberUse, Counter, Counter, Counter];
export const claimKeys = (walletId: string, rewardId: string): KeysOf<ClaimDocuments> => [
  rewardKey(rewardId),
  memberUseKey(walletId, rewardId),
  ...nearStockKeys(rewardId, walletId),
];

export type Claim = { readonly reward: RewardRecord; readonly use: MemberUse | undefined; readonly near: readonly (Counter | undefined)[] };

/** The reward as the wallet may redeem it now, whatever is left of it; or ends the operation. */
export function admitClaim(
  { program }: OpenWallet,
  [reward, use, ...near]: DocumentsFound<ClaimDocuments>,
  { now, fail }: Pick<Context<keyof typeof claimProblems>, "now" | "fail">,
): Claim {
  if (!reward || reward.programId !== program.id) return fail("reward_not_found");
  if (!isAvailable(reward, now)) return fail("reward_not_available");
  const { memberLimit } = reward;
  if (memberLimit !== undefined && (use?.redeemed ?? 0) >= memberLimit) return fail("member_limit_reached", { memberLimit });
  return { reward, use, near };
}

type Taken = { readonly changes: readonly Change[]; readonly code?: string };

/** One of what is left, or undefined when nothing is. */
export async function takeFromStock(
  table: Reader,
  { reward, near }: Claim,
  { id: walletId, version }: WalletHead,
  redemptionId: string,
): Promise<Taken | undefined> {
  if (reward.stock.kind === "unlimited") return { changes: [] };
  if (reward.stock.kind === "counted") {
    const unit = await takeUnit(table, reward.id, walletId, near);
    return unit && { changes: [unit] };
  }
  const claimed = await claimCode(table, reward.id, redemptionId, `${walletId} ${version}`);
  return claimed && { code: claimed.code, changes: [claimed.change, countInOwnShard(reward.id, walletId, -1)] };
}

/** The redemption of a claim that the ledger has taken points for, and the changes that it makes besides the ledger's. */
export function redeem(claim: Claim, taken: Taken, { id, entry }: { id: string; entry: NonNullable<Applied["entry"]> }, wallet: OpenWallet, now: Date) {
  const { reward, use } = claim;
  const isImmediate = reward.fulfilment === "immediate";
  const record: RedemptionRecord = {
    id,
    object: "redemption",
    walletId: wallet.head.id,
    customerId: wallet.head.customerId,
    programId: wallet.program.id,
    rewardId: reward.id,
    rewardName: reward.name,
    points: entry.points,
    status: isImmediate ? "fulfilled" : "pending",
    entryId: entry.id,
    ...(entry.reference && { reference: entry.reference }),
    ...(taken.code !== undefined && { code: taken.code }),
    ...(isImmediate && { fulfilledAt: now.toISOString() }),
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    version: 1,
    livemode: wallet.head.livemode,
    takesStock: reward.stock.kind === "counted",
    countsForMember: reward.memberLimit !== undefined,
  };
  const changes = [
    create(redemptionKey(id), record, { placement: placementOf(record), events: [tell(rewardRedeemed)] }),
    ...taken.changes,
    ...(record.countsForMember ? [countForMember(record, use, 1)] : []),
  ];
  return { redemption: toRedemption(record), changes };
}

export const placementOf = ({ id, walletId }: RedemptionRecord) => ({ list: { pk: redemptionsPk(walletId), sk: id } });

/** Guarded, since what is read beside the wallet's head may be older than it. */
export function countForMember({ walletId, rewardId }: RedemptionRecord, use: MemberUse | undefined, add: number): Change {
  const key = memberUseKey(walletId, rewardId);
  return use ? replace(key, use, { version: use.version + 1, redeemed: use.redeemed + add }) : create(key, { version: 1, redeemed: add });
}
