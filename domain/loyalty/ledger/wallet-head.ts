/** The head of a wallet: all that a command needs to know of it, however long its history is. Written with every entry. */
import type { QualifyingState } from "../tiers/tiers.ts";
import { type Account, type Bucket, firstPrevHash } from "./entry.ts";

/** Points that are not usable yet: from the beginning of `activatesOn` in the programme's zone they are available. */
export type PendingBucket = Bucket & { readonly activatesOn: string };
/** Points set aside, with the buckets that they came from. */
export type OpenHold = { readonly id: string; readonly expiresAt: string; readonly buckets: readonly Bucket[] };
/** What became of the points of the wallet, and where they came from: `issued` is never above zero. */
export type Totals = Readonly<Record<Exclude<Account, "available" | "pending" | "held" | "debt">, number>>;

export type WalletHead = {
  readonly id: string;
  readonly customerId: string;
  readonly programId: string;
  /** Of the document: the next one with each command, however many entries that makes. */
  readonly version: number;
  /** The `seq` of the last entry. */
  readonly sequence: number;
  /** Available points; the first to expire first, then those that expire by inactivity, those that never expire last. */
  readonly buckets: readonly Bucket[];
  /** By month, only as it is stored: available points whose dates stand in segments, written with the head of that version. */
  readonly far?: Readonly<Record<string, { readonly version: number; readonly points: number }>>;
  readonly pending: readonly PendingBucket[];
  readonly holds: readonly OpenHold[];
  /** What the member owes; paid back by whatever comes in next. */
  readonly debt: number;
  readonly totals: Totals;
  /** The last day of points that expire by inactivity, unless the member does something. */
  readonly movingExpiresOn?: string;
  readonly lastHash: string;
  /** What the member's tier follows from; the ledger's entries say where the points came from. */
  readonly qualifying?: QualifyingState;
  /** By days before the end: the last date of points whose end was announced. */
  readonly announced?: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly livemode: boolean;
};

/** Five years of days and a little more. */
export const datesMax = 1_900;
/** Seven years of months: the segments of all of them are read in one round trip, and fit in one transaction. */
export const monthsMax = 84;
export const pendingBucketsMax = 64;
export const openHoldsMax = 20;

export const newWalletHead = (given: Pick<WalletHead, "id" | "customerId" | "programId" | "metadata" | "livemode">, now: Date): WalletHead => ({
  ...given,
  version: 1,
  sequence: 0,
  buckets: [],
  pending: [],
  holds: [],
  debt: 0,
  totals: { issued: 0, redeemed: 0, expired: 0, reversed: 0, transferred: 0 },
  lastHash: firstPrevHash,
  createdAt: now.toISOString(),
  updatedAt: now.toISOString(),
});

export const pointsIn = (buckets: readonly { readonly points: number }[]): number => buckets.reduce((sum, { points }) => sum + points, 0);
export const heldPoints = ({ holds }: Pick<WalletHead, "holds">): number => holds.reduce((sum, { buckets }) => sum + pointsIn(buckets), 0);

/** The balance of every account; they sum to zero. */
export const balancesOf = (head: WalletHead): Readonly<Record<Account, number>> => ({
  ...head.totals,
  available: pointsIn(head.buckets) + pointsIn(Object.values(head.far ?? {})),
  pending: pointsIn(head.pending),
  held: heldPoints(head),
  // `+ 0` because minus zero is another number in a hash.
  debt: -head.debt + 0,
});
