/**
 * | question                              | where                                  | order |
 * |---------------------------------------|----------------------------------------|-------|
 * | how far a wallet's entries are counted| W#<walletId> / ACCOUNTED               |       |
 * | was this violation told before        | W#<walletId> / VIO#<invariant>#<seq>   |       |
 * | what a programme's entries of a day and of a month did | ACC#<programId>#<shard> / D#<day>, M#<month> | date |
 */
import { type Key, key } from "../../kernel/table.ts";
import { entriesOf, walletKey } from "../wallets/wallet-keys.ts";
import type { Invariant, Violation } from "./integrity-violated.ts";
import type { Watermark } from "./reconcile.ts";
import type { Tally } from "./tally.ts";

/** A programme's sums are spread over shards, so that consumers that count at once seldom meet. */
export const accountingShards = 4;

export const watermarkKey = (walletId: string): Key<Watermark> => key<Watermark>(entriesOf(walletId).pk, "ACCOUNTED");
export const violationKey = (walletId: string, invariant: Invariant, seq: number): Key<Violation> =>
  key<Violation>(walletKey(walletId).pk, `VIO#${invariant}#${seq}`);

export const tallyPk = (programId: string, shard: number): string => `ACC#${programId}#${shard}`;
export const monthPrefix = "M#";
export const dayPrefix = "D#";
export const monthOf = (day: string): string => day.slice(0, 7);
export const tallyKeys = (programId: string, shard: number, day: string): { day: Key<Tally>; month: Key<Tally> } => ({
  day: key<Tally>(tallyPk(programId, shard), dayPrefix + day),
  month: key<Tally>(tallyPk(programId, shard), monthPrefix + monthOf(day)),
});
