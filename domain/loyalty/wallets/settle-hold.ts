import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { type Reader, replace } from "../../kernel/table.ts";
import { afterCapture, afterRelease, Hold, HoldResult, holdAt, holdExample, holdKey, holdResultExample } from "./hold.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { toResult } from "./ledger-result.ts";
import { loadWallet, type OpenWallet } from "./load-wallet.ts";

const holdParams = z.object({ holdId: idOf("hld") });
const holdNotFound = { hold_not_found: { status: 404, title: "There is no such hold." } } as const;
const holdNotOpen = { hold_not_open: { status: 409, title: "The hold is captured, voided or expired." } } as const;

async function loadHold(table: Reader, holdId: string, now: Date): Promise<{ hold: Hold; wallet: OpenWallet } | undefined> {
  const hold = await table.get(holdKey(holdId));
  const wallet = hold && (await loadWallet(table, hold.walletId, now));
  return hold && wallet && { hold, wallet };
}

export const getHold = operation({
  id: "getHold",
  summary: "Get a hold",
  description: "As it is at this moment: one whose time is over is `expired`. Strongly consistent.",
  method: "get",
  path: "/v1/holds/{holdId}",
  permission: "loyalty:read",
  params: holdParams,
  success: { status: 200, output: Hold, example: holdExample },
  problems: holdNotFound,
  async run({ table, now, fail }, { params }) {
    return plan(holdAt((await table.get(holdKey(params.holdId))) ?? fail("hold_not_found"), now));
  },
});

export const captureHold = operation({
  id: "captureHold",
  summary: "Capture a hold",
  description: "Spends points of the hold: all that is left, or a part; the rest stays on hold and can be captured or voided later.",
  method: "post",
  path: "/v1/holds/{holdId}/captures",
  permission: "loyalty:write",
  params: holdParams,
  body: z.strictObject({ points: z.int().min(1).optional().meta({ description: "All that is left of the hold, unless you say less." }) }).default({}),
  example: { points: 30 },
  success: { status: 201, output: HoldResult, example: { ...holdResultExample, hold: { ...holdExample, capturedPoints: 30, version: 2 } } },
  problems: { ...holdNotFound, ...holdNotOpen, capture_exceeds_hold: { status: 409, title: "More points than the hold has left." } },
  async run({ table, now, fail }, { params, body }) {
    const { hold, wallet } = (await loadHold(table, params.holdId, now)) ?? fail("hold_not_found");
    const applied = decide(wallet, { kind: "capture", holdId: hold.id, points: body.points }, (code, members) =>
      fail(code as "hold_not_open", { ...members, holdStatus: holdAt(hold, now).status }),
    );
    const after = afterCapture(hold, applied.entry.points, now);
    const { entry, wallet: view } = toResult(wallet.program, applied);
    return plan(
      { object: "hold_result" as const, hold: after, entry, wallet: view },
      [...ledgerChanges(wallet, applied), replace(holdKey(hold.id), hold, after)],
      {
        replaces: hold.version,
      },
    );
  },
});

export const voidHold = operation({
  id: "voidHold",
  summary: "Void a hold",
  description: "What is left of it goes back to the wallet, to the dates that it came from; what has expired meanwhile expires now.",
  method: "post",
  path: "/v1/holds/{holdId}/void",
  permission: "loyalty:write",
  params: holdParams,
  success: { status: 200, output: HoldResult, example: { ...holdResultExample, hold: { ...holdExample, status: "voided", releasedPoints: 50, version: 2 } } },
  problems: { ...holdNotFound, ...holdNotOpen },
  async run({ table, now, fail }, { params }) {
    const { hold, wallet } = (await loadHold(table, params.holdId, now)) ?? fail("hold_not_found");
    const applied = decide(wallet, { kind: "void", holdId: hold.id }, (code, members) =>
      fail(code as "hold_not_open", { ...members, holdStatus: holdAt(hold, now).status }),
    );
    const after = afterRelease(hold, "voided", now);
    const { entry, wallet: view } = toResult(wallet.program, applied);
    return plan(
      { object: "hold_result" as const, hold: after, entry, wallet: view },
      [...ledgerChanges(wallet, applied), replace(holdKey(hold.id), hold, after)],
      {
        replaces: hold.version,
      },
    );
  },
});
