/** The tier of a wallet: what time and entries make of it, beside the ledger and in the same write. */
import { todayIn } from "../ledger/calendar.ts";
import type { Entry } from "../ledger/entry.ts";
import type { LedgerTime } from "../ledger/ledger-time.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import type { TierLevel } from "./tier-policy.ts";
import { newQualifyingState, qualify, type TierChange, tierAt } from "./tiers.ts";

export type WithStanding = { readonly head: WalletHead; readonly tierChanges: readonly TierChange[] };
/** An entry that counts for tiers, and the day in whose period it does: what is taken back counts where it was earned. */
export type Qualifying = Pick<Entry, "qualifyingPoints"> & { readonly earnedOn: string };

const stateOf = ({ qualifying, createdAt }: WalletHead, { tiers, timeZone }: ProgramRecord, today: string) =>
  tiers && (qualifying ?? newQualifyingState(tiers, todayIn(timeZone, new Date(createdAt)), today));

/** The wallet with the tier it has after `entries`; the same wallet where the programme has no tiers. */
export function withStanding(head: WalletHead, program: ProgramRecord, { today }: LedgerTime, entries: readonly Qualifying[] = []): WithStanding {
  const state = stateOf(head, program, today);
  if (!program.tiers || !state) return { head, tierChanges: [] };
  let standing = tierAt(program.tiers, state, today);
  const tierChanges = [...standing.changes];
  for (const { qualifyingPoints: points, earnedOn } of entries) {
    if (!points) continue;
    standing = qualify(program.tiers, standing.state, { points, earnedOn }, today);
    tierChanges.push(...standing.changes);
  }
  return { head: { ...head, qualifying: standing.state }, tierChanges };
}

/** The level that the wallet has now; undefined is none. */
export function levelNow(head: WalletHead, program: ProgramRecord, time: LedgerTime): TierLevel | undefined {
  const { qualifying } = withStanding(head, program, time).head;
  return program.tiers?.levels.find(({ code }) => code === qualifying?.tier);
}
