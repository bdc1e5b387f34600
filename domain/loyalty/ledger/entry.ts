/**
 * Entry: an immutable record of a wallet's ledger. Its postings sum to zero; its hash covers all of it and the hash of the
 * entry before, so that nobody can change, drop or insert one unnoticed.
 */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import type { EntryPurchase, EntryRule } from "../rules/entry-purchase.ts";

export const entryTypes = [
  "earn",
  "activate",
  "redeem",
  "expire",
  "hold",
  "capture",
  "void",
  "reversal",
  "reimbursement",
  "reinstatement",
  "transfer_in",
  "transfer_out",
  "adjustment",
] as const;
export type EntryType = (typeof entryTypes)[number];

/**
 * Where points can be. `available`, `pending`, `held` and `debt` (never above zero) are the wallet's; the others say what
 * became of points that left it, or where they came from, and grow for ever.
 */
export const accounts = ["issued", "available", "pending", "held", "debt", "redeemed", "expired", "reversed", "transferred"] as const;
export type Account = (typeof accounts)[number];
export type Posting = { readonly account: Account; readonly points: number };

/** Points of one expiry date; null never expires, `inactivity` when the member has done nothing for long (`movingExpiresOn`). */
export type Bucket = { readonly expiresOn: string | null; readonly points: number };
/** Sorts after every date. No activity has to move these points: only the one date that they all wait for changes. */
export const onInactivity = "inactivity";

export type Entry = {
  readonly id: string;
  readonly walletId: string;
  /** 1, 2, 3, … without a gap. */
  readonly seq: number;
  readonly type: EntryType;
  /** How many points the entry is about; never negative but for an adjustment that takes. */
  readonly points: number;
  readonly postings: readonly Posting[];
  /** The buckets that points were taken from or put into. */
  readonly allocations: readonly Bucket[];
  readonly availableAfter: number;
  /** When it holds in the member's world: a purchase of yesterday, the midnight at which points expired. */
  readonly effectiveAt: string;
  /** When the ledger took it. */
  readonly recordedAt: string;
  /** Of earned points that are not usable before that day, and of their activation. */
  readonly activatesOn?: string;
  /** When a hold runs out. */
  readonly expiresAt?: string;
  readonly reference?: string;
  readonly reason?: string;
  readonly holdId?: string;
  /** The id of the entry that this one undoes, or part of it. */
  readonly reverses?: string;
  /** The redemption of a reward that the points were spent on, or that was given back. */
  readonly redemptionId?: string;
  /** What counts for tiers; less than nothing when it is taken back. */
  readonly qualifyingPoints?: number;
  /** From this entry on, the last day of points that expire by inactivity. */
  readonly movingExpiresOn?: string;
  readonly purchase?: EntryPurchase;
  readonly rules?: readonly EntryRule[];
  /** Of the entry before; of the first, 64 zeros. */
  readonly prevHash: string;
  readonly hash: string;
};

export const firstPrevHash = "0".repeat(64);

/** SHA-256 over the canonical JSON of everything but the hash itself. */
export const entryHash = (entry: Omit<Entry, "hash">): string => createHash("sha256").update(canonicalJson(entry)).digest("hex");

const seqDigits = 10;
/** `ent_`, the wallet's ULID and the sequence: an entry is found by its id alone. */
export const entryIdOf = (walletId: string, seq: number): string => `ent_${walletId.slice("wal_".length)}${String(seq).padStart(seqDigits, "0")}`;
