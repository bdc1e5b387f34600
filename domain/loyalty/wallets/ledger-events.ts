/** What is told of ledgers: every entry, under the name of what happened. */
import * as z from "zod";
import { type EventDraft, eventType, tell } from "../../kernel/event.ts";
import { idOf } from "../../kernel/id.ts";
import type { EntryType, Entry as LedgerEntry } from "../ledger/entry.ts";
import { holdExpiredReason } from "../ledger/roll.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { type Announcement, announcedDays } from "./due.ts";
import { customerIdOf, Entry, entryExample, toEntry, toWallet, Wallet, WalletId, walletExample } from "./wallet.ts";

const ofEntry = (type: `${"points" | "hold"}.${string}`, description: string) =>
  eventType<LedgerEntry>()({
    type,
    description,
    object: Entry,
    example: entryExample,
    render: ({ after }) => toEntry(after),
    customerId: ({ walletId }) => customerIdOf(walletId),
  });

export const walletOpened = eventType<WalletHead>()({
  type: "wallet.opened",
  description: "A customer got a wallet in a programme.",
  object: Wallet,
  example: { ...walletExample, available: 0, nextExpiries: [], sequence: 0, version: 1 },
  render: ({ after }) => toWallet(after, {}),
  customerId: ({ customerId }) => customerId,
});
export const pointsEarned = ofEntry("points.earned", "Points were earned; with `activatesOn` they are pending until that day.");
export const pointsActivated = ofEntry("points.activated", "Pending points became available.");
export const pointsRedeemed = ofEntry("points.redeemed", "Points were spent.");
export const pointsExpired = ofEntry("points.expired", "Points expired. Told when it was noticed; they could not be spent before.");
export const pointsReversed = ofEntry("points.reversed", "Earned points were taken back, or spent points given back.");
export const pointsReinstated = ofEntry("points.reinstated", "Expired points were given back.");
export const pointsTransferred = ofEntry("points.transferred", "Points moved to or from another wallet.");
export const pointsAdjusted = ofEntry("points.adjusted", "Points were given or taken by hand.");
export const holdAuthorized = ofEntry("hold.authorized", "Points were set aside.");
export const holdCaptured = ofEntry("hold.captured", "Points of a hold were spent.");
export const holdVoided = ofEntry("hold.voided", "What was left of a hold went back to the wallet, on request.");
export const holdExpired = ofEntry("hold.expired", "What was left of a hold went back to the wallet, because its time was over.");

const PointsExpiring = z
  .object({
    object: z.literal("points_expiring"),
    walletId: WalletId,
    customerId: idOf("cus"),
    programId: idOf("prg"),
    expiresOn: z.iso.date().meta({ description: "The last day on which they can be used." }),
    points: z.int(),
    daysLeft: z.int(),
  })
  .meta({ id: "PointsExpiring" });
export const pointsExpiring = eventType<WalletHead, Announcement>()({
  type: "points.expiring",
  description: `Points will expire: told ${announcedDays.join(" and ")} days before.`,
  object: PointsExpiring,
  example: {
    object: "points_expiring",
    walletId: walletExample.id,
    customerId: walletExample.customerId,
    programId: walletExample.programId,
    expiresOn: "2028-11-30",
    points: 120,
    daysLeft: 30,
  },
  render: ({ after: { id, customerId, programId }, subject }) => ({ object: "points_expiring" as const, walletId: id, customerId, programId, ...subject }),
  customerId: ({ customerId }) => customerId,
});

const eventOfType: Readonly<Record<EntryType, ReturnType<typeof ofEntry>>> = {
  earn: pointsEarned,
  activate: pointsActivated,
  redeem: pointsRedeemed,
  expire: pointsExpired,
  hold: holdAuthorized,
  capture: holdCaptured,
  void: holdVoided,
  reversal: pointsReversed,
  reimbursement: pointsReversed,
  reinstatement: pointsReinstated,
  transfer_in: pointsTransferred,
  transfer_out: pointsTransferred,
  adjustment: pointsAdjusted,
};

/** Only a sweeper's release says that a hold has expired. */
export const eventOf = ({ type, reason }: LedgerEntry): EventDraft => tell(type === "void" && reason === holdExpiredReason ? holdExpired : eventOfType[type]);

export const ledgerEventTypes = [walletOpened, ...new Set(Object.values(eventOfType)), holdExpired, pointsExpiring];
