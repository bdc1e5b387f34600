/** What commands make of a wallet, and the one transaction that makes it true. */
import { linkKey } from "../../customers/store.ts";
import { type EventDraft, tell } from "../../kernel/event.ts";
import { type Change, Contention, create, type Placement, replace } from "../../kernel/table.ts";
import { checkpointChanges } from "../history/checkpoint.ts";
import { activeUntilFor } from "../ledger/calendar.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import { type Applied, apply, type Command } from "../ledger/ledger.ts";
import type { RefusalCode } from "../ledger/refusal.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import { type Qualifying, withStanding } from "../tiers/standing.ts";
import { tellOf } from "../tiers/tier-events.ts";
import type { TierChange } from "../tiers/tiers.ts";
import { entriesMax, nextDueAt, rollKind } from "./due.ts";
import { eventOf, walletOpened } from "./ledger-events.ts";
import type { OpenWallet, Reference } from "./load-wallet.ts";
import { split } from "./segments.ts";
import { entryKey, referenceKey, walletKey } from "./wallet-keys.ts";

type Fail = (code: RefusalCode, members: Record<string, unknown>) => never;

/** What commands make of a wallet, with its tier. `entry` is the first one's, `own` are those of all. */
export type Decided = Applied & { readonly entry: LedgerEntry; readonly own: readonly LedgerEntry[]; readonly tierChanges: readonly TierChange[] };

/**
 * Applies commands as one, or ends the operation with why one is refused. A wallet that nobody rolled for so long that a
 * transaction cannot hold what is due must wait for the sweeper: Contention, which is tried again.
 */
export function decide({ head, program, time }: OpenWallet, commands: Command | readonly Command[], fail: Fail): Decided {
  const entries: LedgerEntry[] = [];
  const own: LedgerEntry[] = [];
  const qualifying: Qualifying[] = [];
  let next = head;
  for (const command of [commands].flat()) {
    const result = apply(next, { activeUntil: activeUntilFor(program.expiry, time.today), ...command }, time);
    if (result.kind === "refused") return fail(result.code, { ...result.members });
    next = result.head;
    entries.push(...result.entries);
    const entry = result.entry as LedgerEntry;
    own.push(entry);
    const { effectiveAt } = command.kind === "reverse" ? command.entry : entry;
    qualifying.push({ ...entry, earnedOn: time.dayOf(effectiveAt) });
  }
  if (entries.length > entriesMax) throw new Contention();
  const standing = withStanding({ ...next, version: head.version + 1 }, program, time, qualifying);
  return { kind: "applied", ...standing, entries, own, entry: own[0] as LedgerEntry };
}

/** The head, which tells of its tier, and each entry, which tells its event; with a reference, what it led to. */
export function ledgerChanges(before: OpenWallet, { head, entries, own, tierChanges }: Omit<Decided, "entry" | "kind">, reference?: Reference): Change[] {
  const due = nextDueAt(head, before.program);
  const { document, changes: segments } = split(head, before.head, before.far);
  const placement = due ? { due: { at: due, kind: rollKind } } : {};
  const events = tierChanges.map(tellOf);
  const [first] = own;
  const points = own.reduce((sum, entry) => sum + entry.points, 0);
  return [
    ...(before.isNew ? openingChanges(document, placement, events) : [replace(walletKey(head.id), before.head, document, { placement, events })]),
    ...segments,
    ...checkpointChanges(before.head, head),
    ...entries.map((one) => create(entryKey(head.id, one.seq), one, { events: [eventOf(one)] })),
    ...(reference?.reference && first
      ? [create(referenceKey(head.id, reference.kind, reference.reference), { seq: first.seq, points, entries: own.length })]
      : []),
  ];
}

/** A new wallet, and the link by which its customer's view finds it. */
export const openingChanges = (head: WalletHead, placement: Placement = {}, events: readonly EventDraft[] = []): Change[] => [
  create(walletKey(head.id), head, { placement, events: [tell(walletOpened), ...events] }),
  create(linkKey(head.customerId, `WALLET#${head.programId}`), { walletId: head.id }),
];
