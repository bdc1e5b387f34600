/** What is told of tiers: by the wallet, when a write finds that its tier has changed. */
import * as z from "zod";
import { type EventDraft, eventType, tell } from "../../kernel/event.ts";
import { idOf } from "../../kernel/id.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { WalletId, walletExample } from "../wallets/wallet.ts";
import { atRiskDays, type TierChange } from "./tiers.ts";

const TierChanged = z
  .object({
    object: z.literal("tier_change"),
    walletId: WalletId,
    customerId: idOf("cus"),
    programId: idOf("prg"),
    on: z.iso.date().meta({ description: "The day of the change, in the programme's time zone." }),
    from: z.string().nullable().meta({ description: "Code of the tier before; null is none." }),
    to: z.string().nullable().meta({ description: "Code of the tier after; at risk: of the tier that follows." }),
    until: z.iso.date().optional().meta({ description: "At risk: the last day of the tier, unless the member earns." }),
  })
  .meta({ id: "TierChange" });

const example = {
  object: "tier_change" as const,
  walletId: walletExample.id,
  customerId: walletExample.customerId,
  programId: walletExample.programId,
  on: "2026-11-21",
  from: null,
  to: "silver",
};

const changed = (kind: TierChange["kind"], description: string, shown: object = {}) =>
  eventType<WalletHead, TierChange>()({
    type: `tier.${kind}`,
    description,
    object: TierChanged,
    example: { ...example, ...shown },
    render: ({ after: { id, customerId, programId }, subject }) => ({
      object: "tier_change" as const,
      walletId: id,
      customerId,
      programId,
      on: subject.on,
      ...(subject.kind === "at_risk" ? { from: subject.tier, to: subject.fallsTo, until: subject.until } : { from: subject.from, to: subject.to }),
    }),
    customerId: ({ customerId }) => customerId,
  });

const byKind = {
  upgraded: changed("upgraded", "A member reached a higher tier."),
  downgraded: changed("downgraded", "A member fell to a lower tier, or to none.", { from: "silver", to: null }),
  at_risk: changed("at_risk", `A member will lose the tier within ${atRiskDays} days unless something is earned.`, {
    from: "silver",
    to: null,
    until: "2026-12-20",
  }),
};
export const tierEventTypes = Object.values(byKind);
export const tellOf = (change: TierChange): EventDraft => tell(byKind[change.kind], change);
