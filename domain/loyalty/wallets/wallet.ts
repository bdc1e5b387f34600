/** Wallet: a customer's holding in one programme. What it shows is true at the moment it is asked, however late a sweeper is. */
import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { recordFields } from "../../kernel/revision.ts";
import { Metadata } from "../../kernel/text.ts";
import { lastDayOf } from "../ledger/buckets.ts";
import { accounts, entryTypes, type Entry as LedgerEntry, onInactivity } from "../ledger/entry.ts";
import { balancesOf, type WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { EntryPurchase, EntryRule } from "../rules/entry-purchase.ts";
import { projectionOf, type TierProjection } from "../tiers/tier-projection.ts";
import { countedPoints } from "../tiers/tiers.ts";

const Points = z.int().meta({ description: "Whole points." });
/** Two ULIDs long: the customer's and the programme's. A customer has one wallet in a programme, and its id follows from both. */
export const WalletId = idOf("wal", 2);
export const walletIdOf = (customerId: string, programId: string): string => `wal_${customerId.slice("cus_".length)}${programId.slice("prg_".length)}`;
const ulidCharacters = 26;
export const customerIdOf = (walletId: string): string => `cus_${walletId.slice("wal_".length, "wal_".length + ulidCharacters)}`;
export const programIdOf = (walletId: string): string => `prg_${walletId.slice("wal_".length + ulidCharacters)}`;

const Day = z.iso.date().meta({ description: "A date in the programme's time zone.", example: "2028-11-30" });
const TierOutlook = z
  .object({
    entitlements: z.array(z.string()).optional().meta({ description: "Of the member's tier." }),
    tierUntil: Day.optional().meta({ description: "The last day of the tier if nothing more is earned; absent when it is kept for ever." }),
    fallsTo: z.string().optional().meta({ description: "Code of the tier that follows then; absent when that is none." }),
    keepsTierWith: z.int().optional().meta({ description: "So many points earned today keep the tier beyond that day." }),
    atRisk: z.boolean().meta({ description: "The tier ends within 30 days unless something is earned." }),
    next: z.string().optional().meta({ description: "Code of the next higher tier." }),
    pointsToNext: z.int().optional(),
  })
  .meta({ id: "TierOutlook" });
export const Wallet = z
  .object({
    id: WalletId,
    object: z.literal("wallet"),
    customerId: idOf("cus"),
    programId: idOf("prg"),
    available: Points.meta({ description: "Points that can be spent now." }),
    pending: Points.meta({ description: "Points that become available later." }),
    held: Points.meta({ description: "Points set aside by open holds." }),
    debt: Points.meta({ description: "What the member owes; paid back by the next points." }),
    qualifying: Points.meta({ description: "Points that count for tiers now; never spent." }),
    tier: z.string().optional().meta({ description: "Code of the member's tier; absent without one.", example: "silver" }),
    tierOutlook: TierOutlook.optional().meta({ description: "Where the programme has tiers." }),
    nextExpiries: z.array(z.object({ on: Day, points: Points })).meta({ description: "The next five dates through which points can be used." }),
    sequence: z.int().meta({ description: "The `seq` of the last entry." }),
    metadata: Metadata,
    ...recordFields,
  })
  .meta({ id: "Wallet" });
export type Wallet = z.infer<typeof Wallet>;

const expiriesShown = 5;
const toOutlook = ({ tier, tierUntil, fallsTo, keepsTierWith, atRisk, next, pointsToNext }: TierProjection): z.infer<typeof TierOutlook> => ({
  ...(tier?.entitlements && { entitlements: tier.entitlements }),
  ...(tierUntil && { tierUntil }),
  ...(fallsTo && { fallsTo: fallsTo.code }),
  ...(keepsTierWith !== undefined && { keepsTierWith }),
  atRisk,
  ...(next && pointsToNext !== undefined && { next: next.code, pointsToNext }),
});
/** `head` is rolled to the present; without the programme's tiers nothing is said of them. */
export const toWallet = (head: WalletHead, { tiers }: Pick<ProgramRecord, "tiers">): Wallet => {
  const { available, pending, held } = balancesOf(head);
  const lastDays = head.buckets.map((bucket) => ({ on: lastDayOf(bucket, head), points: bucket.points }));
  const nextExpiries = lastDays.filter((one): one is { on: string; points: number } => one.on !== null).toSorted((one, other) => (one.on < other.on ? -1 : 1));
  const { qualifying } = head;
  return {
    id: head.id,
    object: "wallet",
    customerId: head.customerId,
    programId: head.programId,
    available,
    pending,
    held,
    debt: head.debt,
    qualifying: tiers && qualifying ? countedPoints(tiers, qualifying) : 0,
    ...(tiers && qualifying && { ...(qualifying.tier !== null && { tier: qualifying.tier }), tierOutlook: toOutlook(projectionOf(tiers, qualifying)) }),
    nextExpiries: nextExpiries.slice(0, expiriesShown),
    sequence: head.sequence,
    metadata: head.metadata,
    createdAt: head.createdAt,
    updatedAt: head.updatedAt,
    version: head.version,
    livemode: head.livemode,
  };
};

/** `ent_`, the wallet's ULIDs and ten digits. */
export const EntryId = z
  .string()
  .regex(/^ent_[0-9A-HJKMNP-TV-Z]{52}\d{10}$/, "An entry's id.")
  .meta({ example: `ent_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(2)}0000000001` });
const BucketView = z.object({
  expiresOn: z
    .union([Day, z.literal(onInactivity)])
    .nullable()
    .meta({ description: "The last day; `inactivity`: as long as the member does something; null: never." }),
  points: Points,
});
export const Entry = z
  .object({
    id: EntryId,
    object: z.literal("entry"),
    walletId: WalletId,
    seq: z.int().meta({ description: "1, 2, 3, … without a gap in the wallet." }),
    type: z.enum(entryTypes),
    points: Points.meta({ description: "How many points the entry is about; negative for an adjustment that takes." }),
    postings: z.array(z.object({ account: z.enum(accounts), points: Points })).meta({ description: "They sum to zero." }),
    allocations: z.array(BucketView).meta({ description: "The points by expiry date that were taken or given." }),
    availableAfter: Points,
    effectiveAt: z.iso.datetime({ precision: 3 }).meta({ description: "When it holds for the member." }),
    recordedAt: z.iso.datetime({ precision: 3 }).meta({ description: "When it was written." }),
    activatesOn: Day.optional(),
    expiresAt: z.iso.datetime({ precision: 3 }).optional().meta({ description: "When the hold runs out." }),
    reference: z.string().optional(),
    reason: z.string().optional(),
    holdId: idOf("hld").optional(),
    reverses: EntryId.optional().meta({ description: "The entry that this one undoes, or part of it." }),
    redemptionId: idOf("rdm").optional(),
    qualifyingPoints: z.int().optional().meta({ description: "Points that count for tiers, or are taken back from them." }),
    movingExpiresOn: Day.optional().meta({ description: "From here on, the last day of points that expire by inactivity." }),
    purchase: EntryPurchase.optional().meta({ description: "What the points were earned with." }),
    rules: z.array(EntryRule).optional().meta({ description: "The rules that made the points, with their versions." }),
    prevHash: z.string().meta({ description: "The hash of the entry before; 64 zeros for the first." }),
    hash: z.string().meta({ description: "SHA-256 over the canonical JSON (RFC 8785) of the entry without `hash` and `object`." }),
  })
  .meta({ id: "LedgerEntry" });
export type EntryView = z.infer<typeof Entry>;
export const toEntry = (entry: LedgerEntry): EntryView => ({ object: "entry", ...entry }) as EntryView;

export const walletExample = {
  id: `wal_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(2)}`,
  object: "wallet" as const,
  customerId: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
  available: 120,
  pending: 0,
  held: 0,
  debt: 0,
  qualifying: 0,
  nextExpiries: [{ on: "2028-11-30", points: 120 }],
  sequence: 1,
  metadata: {},
  createdAt: "2026-11-21T09:30:00.000Z",
  updatedAt: "2026-11-21T09:31:00.000Z",
  version: 2,
  livemode: true,
};
/** Of another customer in the same programme. */
export const otherWalletExample = {
  ...walletExample,
  id: "wal_01JD3S8K9ZQ4T7N2V5X8B1C6F101JD3S8K9ZQ4T7N2V5X8B1C6F0",
  customerId: "cus_01JD3S8K9ZQ4T7N2V5X8B1C6F1",
};
export const entryExample = {
  id: `ent_${"01JD3S8K9ZQ4T7N2V5X8B1C6F0".repeat(2)}0000000001`,
  object: "entry" as const,
  walletId: walletExample.id,
  seq: 1,
  type: "earn" as const,
  points: 120,
  postings: [
    { account: "issued" as const, points: -120 },
    { account: "available" as const, points: 120 },
  ],
  allocations: [{ expiresOn: "2028-11-30", points: 120 }],
  availableAfter: 120,
  effectiveAt: "2026-11-21T09:31:00.000Z",
  recordedAt: "2026-11-21T09:31:00.000Z",
  prevHash: "0".repeat(64),
  hash: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
};
