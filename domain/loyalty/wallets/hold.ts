/** Hold: points set aside for something that is not certain yet, such as an order: captured in one or more parts, or voided. */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { recordFields, revise } from "../../kernel/revision.ts";
import { type Key, key } from "../../kernel/table.ts";
import { Instant } from "../../kernel/time.ts";
import { Entry, entryExample, Wallet, WalletId, walletExample } from "./wallet.ts";

export const Hold = z
  .object({
    id: idOf("hld"),
    object: z.literal("hold"),
    walletId: WalletId,
    status: z
      .enum(["open", "captured", "voided", "expired"])
      .meta({ description: "`captured`: something was, and nothing is left. `voided`, `expired`: what was left went back." }),
    authorizedPoints: z.int(),
    capturedPoints: z.int(),
    releasedPoints: z.int(),
    expiresAt: Instant,
    ...recordFields,
  })
  .meta({ id: "Hold" });
export type Hold = z.infer<typeof Hold>;
export const HoldResult = z.object({ object: z.literal("hold_result"), hold: Hold, entry: Entry, wallet: Wallet }).meta({ id: "HoldResult" });

export const holdKey = (holdId: string): Key<Hold> => key<Hold>(`H#${holdId}`, "META");

export const newHold = (hold: Pick<Hold, "id" | "walletId" | "authorizedPoints" | "expiresAt" | "livemode">, now: Date): Hold => ({
  ...hold,
  object: "hold",
  status: "open",
  capturedPoints: 0,
  releasedPoints: 0,
  createdAt: now.toISOString(),
  updatedAt: now.toISOString(),
  version: 1,
});

export function afterCapture(hold: Hold, points: number, now: Date): Hold {
  const capturedPoints = hold.capturedPoints + points;
  return revise(hold, { capturedPoints, status: capturedPoints === hold.authorizedPoints ? "captured" : "open" }, now);
}
export const afterRelease = (hold: Hold, status: "voided" | "expired", now: Date): Hold =>
  revise(hold, { status, releasedPoints: hold.authorizedPoints - hold.capturedPoints }, now);

/** As it is now: a hold whose time is over is so, whether or not that was written. */
export const holdAt = (hold: Hold, now: Date): Hold =>
  hold.status === "open" && hold.expiresAt <= now.toISOString()
    ? { ...afterRelease(hold, "expired", now), version: hold.version, updatedAt: hold.expiresAt }
    : hold;

export const holdExample = {
  id: "hld_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "hold" as const,
  walletId: walletExample.id,
  status: "open" as const,
  authorizedPoints: 50,
  capturedPoints: 0,
  releasedPoints: 0,
  expiresAt: "2026-11-28T09:31:00.000Z",
  createdAt: "2026-11-21T09:31:00.000Z",
  updatedAt: "2026-11-21T09:31:00.000Z",
  version: 1,
  livemode: true,
};
export const holdResultExample = {
  object: "hold_result" as const,
  hold: holdExample,
  entry: { ...entryExample, type: "hold" as const, points: 50, holdId: holdExample.id },
  wallet: { ...walletExample, available: 70, held: 50, sequence: 2, version: 3 },
};
