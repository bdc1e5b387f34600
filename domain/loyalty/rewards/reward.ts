/** Reward: something that is bought with points. Its stock is unlimited, counted, or one code for each. */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { patchShape } from "../../kernel/merge-patch.ts";
import { recordFields } from "../../kernel/revision.ts";
import { Metadata, MetadataPatch, text } from "../../kernel/text.ts";
import { InstantInput } from "../../kernel/time.ts";

const quantity = z.int().min(0).max(1_000_000_000).meta({ description: "How many there are in all, those that were redeemed included." });
export const RewardStock = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("unlimited") }).meta({ id: "UnlimitedStock" }),
    z.strictObject({ kind: z.literal("counted"), quantity }).meta({ id: "CountedStock", description: "Never more than `quantity` are redeemed." }),
    z.strictObject({ kind: z.literal("codes") }).meta({ id: "CodeStock", description: "Each redemption gets a code of its own; see importRewardCodes." }),
  ])
  .meta({ id: "RewardStock" });
export type RewardStock = z.output<typeof RewardStock>;

const settingsShape = {
  name: text(200),
  description: text(2000, { lines: true }).optional(),
  pricePoints: z.int().min(1).max(1_000_000_000).meta({ description: "What one costs." }),
  memberLimit: z.int().min(1).max(1_000_000).optional().meta({
    description: "How many a wallet may redeem; cancelled ones do not count, nor those from before a limit was set.",
  }),
  activeFrom: InstantInput.optional().meta({ description: "From when it can be redeemed." }),
  activeUntil: InstantInput.optional().meta({ description: "The first instant at which it cannot be redeemed any more." }),
  fulfilment: z
    .enum(["manual", "immediate"])
    .default("manual")
    .meta({ description: "`manual`: a redemption is pending until fulfillRedemption. `immediate`: it is fulfilled at once." }),
  status: z.enum(["active", "paused"]).default("active").meta({ description: "`paused`: cannot be redeemed." }),
  metadata: Metadata.default({}),
};
export const RewardSettings = z.strictObject(settingsShape).refine(({ activeFrom, activeUntil }) => !activeFrom || !activeUntil || activeFrom < activeUntil, {
  error: "The end must be later than the beginning.",
  path: ["activeUntil"],
});
const programId = idOf("prg");
export const NewReward = RewardSettings.safeExtend({ programId, stock: RewardStock.default({ kind: "unlimited" }) }).meta({ id: "NewReward" });
export const RewardPatch = z
  .strictObject({ ...patchShape(settingsShape), metadata: MetadataPatch.optional(), stock: z.strictObject({ quantity }).optional() })
  .meta({ id: "RewardPatch" });

export const Reward = z
  .object({
    id: idOf("rwd"),
    object: z.literal("reward"),
    programId,
    ...settingsShape,
    stock: RewardStock,
    left: z.int().optional().meta({ description: "Units or codes that can still be redeemed. Absent when stock is unlimited, and in lists." }),
    ...recordFields,
  })
  .meta({ id: "Reward" });
/** What is kept of a reward: what is left of it is counted elsewhere. */
export type RewardRecord = Omit<z.output<typeof Reward>, "left">;

export const isAvailable = ({ status, activeFrom, activeUntil }: RewardRecord, now: Date): boolean => {
  const at = now.toISOString();
  return status === "active" && (activeFrom === undefined || activeFrom <= at) && (activeUntil === undefined || at < activeUntil);
};

export const newRewardExample = {
  programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  name: "Cinema ticket",
  pricePoints: 20,
  stock: { kind: "codes" as const },
  memberLimit: 5,
};
export const rewardExample = {
  id: "rwd_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  object: "reward" as const,
  ...newRewardExample,
  fulfilment: "manual" as const,
  status: "active" as const,
  left: 250,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:30:00.000Z",
  version: 1,
  livemode: true,
};
