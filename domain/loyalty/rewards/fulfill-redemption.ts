import { tell } from "../../kernel/event.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { revise } from "../../kernel/revision.ts";
import { replace } from "../../kernel/table.ts";
import { toResult } from "../wallets/ledger-result.ts";
import { rolled } from "../wallets/load-wallet.ts";
import { loadEntry } from "../wallets/reverse-entry.ts";
import { placementOf } from "./claim-reward.ts";
import { redemptionNotFound, redemptionParams } from "./get-redemption.ts";
import { RedemptionResult, redemptionExample, redemptionResultExample, toRedemption } from "./redemption.ts";
import { redemptionFulfilled } from "./redemption-events.ts";
import { redemptionKey } from "./reward-keys.ts";

export const fulfillRedemption = operation({
  id: "fulfillRedemption",
  summary: "Fulfil a redemption",
  description: "Says that a pending redemption was handed over. The wallet does not change; `entry` is the one that spent the points.",
  method: "post",
  path: "/v1/redemptions/{redemptionId}/fulfill",
  permission: "loyalty:write",
  params: redemptionParams,
  success: {
    status: 200,
    output: RedemptionResult,
    example: {
      ...redemptionResultExample,
      redemption: { ...redemptionExample, status: "fulfilled", fulfilledAt: "2026-11-21T10:00:00.000Z", updatedAt: "2026-11-21T10:00:00.000Z", version: 2 },
    },
  },
  problems: { ...redemptionNotFound, redemption_not_pending: { status: 409, title: "The redemption was fulfilled or cancelled before." } },
  async run({ table, now, fail }, { params }) {
    const before = (await table.get(redemptionKey(params.redemptionId))) ?? fail("redemption_not_found");
    if (before.status !== "pending") return fail("redemption_not_pending", { redemptionStatus: before.status });
    const { wallet, entry } = (await loadEntry(table, before.entryId, now)) ?? fail("redemption_not_found");
    const after = revise(before, { status: "fulfilled", fulfilledAt: now.toISOString() }, now);
    const change = replace(redemptionKey(before.id), before, after, { placement: placementOf(after), events: [tell(redemptionFulfilled)] });
    const result = { ...toResult(wallet.program, { entry, head: rolled(wallet) }), object: "redemption_result" as const, redemption: toRedemption(after) };
    return plan(result, [change], { replaces: before.version });
  },
});
