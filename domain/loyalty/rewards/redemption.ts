/** Redemption: one reward that a member got for points. Fulfilled when it was handed over; cancelled, its points are given back. */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { recordFields } from "../../kernel/revision.ts";
import { Instant } from "../../kernel/time.ts";
import { Entry, EntryId, entryExample, Wallet, WalletId, walletExample } from "../wallets/wallet.ts";

const facts = {
  id: idOf("rdm"),
  object: z.literal("redemption"),
  walletId: WalletId,
  customerId: idOf("cus"),
  programId: idOf("prg"),
  rewardId: idOf("rwd"),
  rewardName: z.string().meta({ description: "As it was called then." }),
  points: z.int().meta({ description: "What it cost." }),
  status: z.enum(["pending", "fulfilled", "canceled"]),
  entryId: EntryId.meta({ description: "The ledger entry that spent the points." }),
  reference: z.string().optional(),
  fulfilledAt: Instant.optional(),
  canceledAt: Instant.optional(),
  cancelReason: z.string().optional(),
  ...recordFields,
};
export const Redemption = z
  .object({ ...facts, code: z.string().optional().meta({ description: "The unique code, of rewards that have them." }) })
  .meta({ id: "Redemption" });
export type Redemption = z.infer<typeof Redemption>;
/** What is told to the world: whoever listens may not have the code. */
export const RedemptionFact = z.object(facts).meta({ id: "RedemptionFact", description: "A redemption without its code." });

/** With what a cancellation has to give back. */
export type RedemptionRecord = Redemption & { readonly takesStock: boolean; readonly countsForMember: boolean };
export const toRedemption = ({ takesStock: _stock, countsForMember: _member, ...redemption }: RedemptionRecord): Redemption => redemption;
export const toFact = (record: RedemptionRecord): z.infer<typeof RedemptionFact> => {
  const { code: _, ...fact } = toRedemption(record);
  return fact;
};

/** `redemption` is absent when points were redeemed without a reward. */
export const RedemptionResult = z
  .object({ object: z.literal("redemption_result"), redemption: Redemption.optional(), entry: Entry, wallet: Wallet })
  .meta({ id: "RedemptionResult" });

export const redemptionExample = {
  id: "rdm_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "redemption" as const,
  walletId: walletExample.id,
  customerId: walletExample.customerId,
  programId: walletExample.programId,
  rewardId: "rwd_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  rewardName: "Cinema ticket",
  points: 20,
  status: "pending" as const,
  entryId: entryExample.id.replace(/1$/, "2"),
  reference: "voucher-88",
  code: "LUMIERE-7F3K-01",
  createdAt: "2026-11-21T09:32:00.000Z",
  updatedAt: "2026-11-21T09:32:00.000Z",
  version: 1,
  livemode: true,
};
const { code: _, ...factExample } = redemptionExample;
export const redemptionFactExample = factExample;
export const redemptionResultExample = {
  object: "redemption_result" as const,
  redemption: redemptionExample,
  entry: {
    ...entryExample,
    id: redemptionExample.entryId,
    seq: 2,
    type: "redeem" as const,
    points: 20,
    availableAfter: 100,
    reference: redemptionExample.reference,
  },
  wallet: { ...walletExample, available: 100, sequence: 2, version: 3 },
};
