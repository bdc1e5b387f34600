import { tell } from "../../kernel/event.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { revise } from "../../kernel/revision.ts";
import { replace } from "../../kernel/table.ts";
import { placementOf } from "./claim-reward.ts";
import { redemptionNotFound, redemptionParams } from "./get-redemption.ts";
import { Redemption, redemptionExample, toRedemption } from "./redemption.ts";
import { redemptionFulfilled } from "./redemption-events.ts";
import { redemptionKey } from "./reward-keys.ts";

export const fulfillRedemption = operation({
  id: "fulfillRedemption",
  summary: "Fulfil a redemption",
  description: "Says that a pending redemption was handed over. The wallet does not change.",
  method: "post",
  path: "/v1/redemptions/{redemptionId}/fulfill",
  permission: "loyalty:write",
  params: redemptionParams,
  success: {
    status: 200,
    output: Redemption,
    example: { ...redemptionExample, status: "fulfilled", fulfilledAt: "2026-11-21T10:00:00.000Z", updatedAt: "2026-11-21T10:00:00.000Z", version: 2 },
  },
  problems: { ...redemptionNotFound, redemption_not_pending: { status: 409, title: "The redemption was fulfilled or cancelled before." } },
  async run({ table, now, fail }, { params }) {
    const before = (await table.get(redemptionKey(params.redemptionId))) ?? fail("redemption_not_found");
    if (before.status !== "pending") return fail("redemption_not_pending", { redemptionStatus: before.status });
    const after = revise(before, { status: "fulfilled", fulfilledAt: now.toISOString() }, now);
    const change = replace(redemptionKey(before.id), before, after, { placement: placementOf(after), events: [tell(redemptionFulfilled)] });
    return plan(toRedemption(after), [change], { replaces: before.version });
  },
});
