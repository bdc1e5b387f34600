import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { type Change, create, type Reader, replace } from "../../kernel/table.ts";
import { text } from "../../kernel/text.ts";
import { programKey } from "../keys.ts";
import { addDays } from "../ledger/calendar.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import { ledgerTimeIn } from "../ledger/ledger-time.ts";
import { shareOf } from "../ledger/reversal.ts";
import type { WalletHead } from "../ledger/wallet-head.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { giveBack } from "../rules/budget.ts";
import { pointsOfLines } from "../rules/line-points.ts";
import { usageAfterReturn, type WalletUsage } from "../rules/rule-usage.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { insufficientPoints, LedgerResult, ledgerResultExample, tooManyBuckets, toResult } from "./ledger-result.ts";
import { entryNotFound } from "./list-entries.ts";
import type { OpenWallet } from "./load-wallet.ts";
import { assembled } from "./segments.ts";
import { EntryId, entryExample, programIdOf, walletExample } from "./wallet.ts";
import { entryKey, placeOfEntry, type ReversalTally, reversalTallyKey, walletKey, walletUsageKey } from "./wallet-keys.ts";

export const entryParams = z.object({ entryId: EntryId });
export const reversalProblems = {
  reversal_exceeds_entry: { status: 409, title: "More points than the entry has left." },
  entry_not_reversible: { status: 409, title: "Entries of this type cannot be undone this way." },
} as const;

const ReturnedLine = z
  .strictObject({
    line: z.int().min(0).meta({ description: "Its place in the purchase, from 0." }),
    quantity: z.int().min(1).optional().meta({ description: "How many pieces of it; all, unless you say." }),
  })
  .meta({ id: "ReturnedLine" });
const lineProblems = {
  line_not_found: { status: 422, title: "The entry's purchase has no such line, or not so many pieces of it." },
  nothing_to_reverse: { status: 422, title: "These lines earned nothing." },
} as const;

export const reverseEntry = operation({
  id: "reverseEntry",
  summary: "Reverse an entry",
  description:
    "Undoes an earning (a return, a mistake), a redemption or a capture of a hold, in whole or in part, as often as points are left of it. Earned points are taken from what is pending, then from the entry's own date, then from those that expire first; what is missing is decided by the programme's debt policy. Of returned `lines` it takes back what they had earned; it remembers how many points came back, not of which lines, so send each returned line once. Redeemed points go back to the dates that they came from; those that have passed meanwhile live on for the programme's days of grace, or expire.",
  method: "post",
  path: "/v1/entries/{entryId}/reversals",
  permission: "loyalty:write",
  params: entryParams,
  body: z
    .strictObject({
      points: z.int().min(1).optional().meta({ description: "All that is left, unless you say less." }),
      lines: z
        .array(ReturnedLine)
        .min(1)
        .max(500)
        .optional()
        .meta({ description: "What came back of the entry's purchase: takes back what these lines earned." }),
      reason: text(200),
    })
    .refine(({ points, lines }) => points === undefined || lines === undefined, { error: "Either points or lines.", path: ["lines"] }),
  example: { points: 20, reason: "Returned one of two." },
  success: {
    status: 201,
    output: LedgerResult,
    example: {
      ...ledgerResultExample,
      entry: { ...entryExample, type: "reversal", points: 20 },
      wallet: { ...walletExample, available: 100, sequence: 2, version: 3 },
    },
  },
  problems: { ...entryNotFound, ...reversalProblems, ...lineProblems, ...insufficientPoints, ...tooManyBuckets },
  async run({ table, now, fail }, { params, body }) {
    const { wallet, entry, tally, usage } = (await loadEntry(table, params.entryId, now)) ?? fail("entry_not_found");
    const reversedBefore = tally?.points ?? 0;
    const ofLines = body.lines && (pointsOfLines(entry.purchase?.lines ?? [], body.lines) ?? fail("line_not_found"));
    if (ofLines === 0) return fail("nothing_to_reverse");
    const points = ofLines ?? body.points ?? entry.points - reversedBefore;
    if (entry.points < 0) return fail("entry_not_reversible", { entryType: entry.type });
    if (points < 1) return fail("reversal_exceeds_entry", { reversible: 0 });
    const { debtPolicy, reimbursementGraceDays } = wallet.program;
    const applied = decide(
      wallet,
      {
        kind: "reverse",
        entry,
        reversedBefore,
        points,
        debtPolicy,
        reason: body.reason,
        ...(reimbursementGraceDays > 0 && { graceExpiresOn: addDays(wallet.time.today, reimbursementGraceDays) }),
      },
      (code, members) => fail(code as "insufficient_points", members),
    );
    const changes = [
      ...ledgerChanges(wallet, applied),
      tallyChange(entry, tally, applied.entry.points),
      ...roomChanges(wallet, entry, usage, { before: reversedBefore, points: applied.entry.points }),
    ];
    return plan(toResult(wallet.program, applied), changes, { replaces: wallet.head.version });
  },
});

/** Caps and budgets have the room again that the points had taken. */
function roomChanges(
  { time }: OpenWallet,
  { walletId, rules = [], points: all, effectiveAt }: LedgerEntry,
  usage: WalletUsage | undefined,
  reversed: { before: number; points: number },
): Change[] {
  const returned = rules.map((rule) => ({ ...rule, points: shareOf(rule.points, all, reversed.before, reversed.points) })).filter(({ points }) => points > 0);
  const toBudgets = returned.filter(({ hasBudget }) => hasBudget).map(({ ruleId, points }) => giveBack(ruleId, points, walletId));
  const capped = returned.filter(({ ruleId }) => usage?.rules[ruleId]);
  if (!usage || capped.length === 0) return toBudgets;
  return [...toBudgets, replace(walletUsageKey(walletId), usage, usageAfterReturn(usage, capped, time.dayOf(effectiveAt)))];
}

export type LoadedEntry = {
  readonly wallet: OpenWallet;
  readonly entry: LedgerEntry;
  readonly tally: ReversalTally | undefined;
  readonly usage?: WalletUsage | undefined;
};

/** An entry, its wallet and programme, and how much of it was undone, in one round trip. */
export async function loadEntry(table: Reader, entryId: string, now: Date): Promise<LoadedEntry | undefined> {
  const { walletId, seq } = placeOfEntry(entryId);
  const [head, program, entry, tally, usage] = await table.getMany<object>([
    walletKey(walletId),
    programKey(programIdOf(walletId)),
    entryKey(walletId, seq),
    reversalTallyKey(walletId, seq),
    walletUsageKey(walletId),
  ]);
  if (!head || !program || !entry) return undefined;
  const time = ledgerTimeIn((program as ProgramRecord).timeZone, now);
  const wallet: OpenWallet = {
    head: await assembled(table, head as WalletHead),
    far: (head as WalletHead).far,
    program: program as ProgramRecord,
    time,
    used: undefined,
  };
  return { wallet, entry: entry as LedgerEntry, tally: tally as ReversalTally | undefined, usage: usage as WalletUsage | undefined };
}

/** Guarded, so that two reversals at once can never undo more than there was. */
export function tallyChange({ walletId, seq }: LedgerEntry, before: ReversalTally | undefined, points: number): Change {
  const key = reversalTallyKey(walletId, seq);
  if (!before) return create(key, { version: 1, points });
  return replace(key, before, { version: before.version + 1, points: before.points + points });
}
