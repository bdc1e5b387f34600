import * as z from "zod";
import { tell } from "../../kernel/event.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { revise } from "../../kernel/revision.ts";
import { type Change, replace } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { addDays } from "../ledger/calendar.ts";
import { decide, ledgerChanges } from "../wallets/ledger-command.ts";
import { tooManyBuckets, toResult } from "../wallets/ledger-result.ts";
import { rolled } from "../wallets/load-wallet.ts";
import { type LoadedEntry, loadEntry, tallyChange } from "../wallets/reverse-entry.ts";
import { countForMember, placementOf } from "./claim-reward.ts";
import { redemptionNotFound, redemptionParams } from "./get-redemption.ts";
import { type RedemptionRecord, RedemptionResult, redemptionExample, redemptionResultExample, toRedemption } from "./redemption.ts";
import { redemptionCanceled } from "./redemption-events.ts";
import { type MemberUse, memberUseKey, redemptionKey } from "./reward-keys.ts";
import { countInOwnShard } from "./stock.ts";

export const cancelRedemption = operation({
  id: "cancelRedemption",
  summary: "Cancel a redemption",
  description:
    "Pending or fulfilled. Gives back the points, to the dates that they came from, less what reverseEntry gave back before; the unit, to the stock; and the place under the member limit. A unique code is not issued again, because it was seen. When all its points were given back before, `entry` is the one that spent them.",
  method: "post",
  path: "/v1/redemptions/{redemptionId}/cancel",
  permission: "loyalty:write",
  params: redemptionParams,
  body: z.strictObject({ reason: text(200) }),
  example: { reason: "Sold out in the store." },
  success: {
    status: 200,
    output: RedemptionResult,
    example: {
      ...redemptionResultExample,
      redemption: {
        ...redemptionExample,
        status: "canceled",
        canceledAt: "2026-11-21T10:00:00.000Z",
        cancelReason: "Sold out in the store.",
        updatedAt: "2026-11-21T10:00:00.000Z",
        version: 2,
      },
      entry: { ...redemptionResultExample.entry, type: "reimbursement", reverses: redemptionExample.entryId },
    },
  },
  problems: {
    ...redemptionNotFound,
    redemption_canceled: { status: 409, title: "The redemption was cancelled before." },
    ...tooManyBuckets,
  },
  async run({ table, now, fail }, { params, body: { reason } }) {
    const before = (await table.get(redemptionKey(params.redemptionId))) ?? fail("redemption_not_found");
    if (before.status === "canceled") return fail("redemption_canceled");
    const [loaded, use] = await Promise.all([loadEntry(table, before.entryId, now), table.get(memberUseKey(before.walletId, before.rewardId))]);
    const { wallet, entry, tally } = loaded ?? fail("redemption_not_found");
    const command = reimbursement({ wallet, entry, tally }, before.id, reason);
    const applied = command.points > 0 ? decide(wallet, command, (code, members) => fail(code as "too_many_buckets", members)) : undefined;
    const ledger = applied ? [...ledgerChanges(wallet, applied), tallyChange(entry, tally, command.points)] : [];
    const after = revise(before, { status: "canceled", canceledAt: now.toISOString(), cancelReason: reason }, now);
    return plan(
      { ...toResult(wallet.program, applied ?? { entry, head: rolled(wallet) }), object: "redemption_result" as const, redemption: toRedemption(after) },
      [
        ...ledger,
        replace(redemptionKey(before.id), before, after, { placement: placementOf(after), events: [tell(redemptionCanceled)] }),
        ...givenBack(before, use),
      ],
      { replaces: before.version },
    );
  },
});

/** Of what was redeemed, all that was not given back before. */
const reimbursement = ({ wallet: { program, time }, entry, tally }: LoadedEntry, redemptionId: string, reason: string) => ({
  kind: "reverse" as const,
  entry,
  reversedBefore: tally?.points ?? 0,
  points: entry.points - (tally?.points ?? 0),
  debtPolicy: program.debtPolicy,
  reason,
  redemptionId,
  ...(program.reimbursementGraceDays > 0 && { graceExpiresOn: addDays(time.today, program.reimbursementGraceDays) }),
});

const givenBack = (redemption: RedemptionRecord, use: MemberUse | undefined): Change[] => [
  ...(redemption.takesStock ? [countInOwnShard(redemption.rewardId, redemption.walletId, 1)] : []),
  ...(redemption.countsForMember && use ? [countForMember(redemption, use, -1)] : []),
];
