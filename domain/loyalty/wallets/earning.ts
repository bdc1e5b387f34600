/** Earning: points that are stated, or a purchase that the programme's rules turn into points. */
import * as z from "zod";
import { type Context, type Plan, plan } from "../../kernel/operation.ts";
import { text } from "../../kernel/text.ts";
import { InstantInput, instantAfter } from "../../kernel/time.ts";
import { activatesOnFor, activeUntilFor, expiresOnFor } from "../ledger/calendar.ts";
import type { Entry as LedgerEntry } from "../ledger/entry.ts";
import type { Of } from "../ledger/ledger.ts";
import { basketOf, toEntryPurchase } from "../rules/entry-purchase.ts";
import { Purchase } from "../rules/purchase.ts";
import { RuleOutcome } from "../rules/rule-outcome.ts";
import { type Award, award, type EarningWallet } from "./award.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { programClosed, ReferenceText, referenceUsed, tooManyBuckets, toResult } from "./ledger-result.ts";
import { rolled } from "./load-wallet.ts";
import { Entry, entryExample, toEntry, Wallet, walletExample } from "./wallet.ts";
import { entryKey } from "./wallet-keys.ts";

const Day = z.iso.date();
const pointsMax = 1_000_000_000;
export const earningShape = {
  points: z.int().min(1).max(pointsMax).optional().meta({ description: "So many points, whatever the rules say." }),
  purchase: Purchase.optional().meta({ description: "What was bought: the programme's earning rules say how many points it is worth." }),
  qualifyingPoints: z.int().min(0).max(pointsMax).optional().meta({ description: "How many of `points` count for tiers: all, unless you say." }),
  reference: ReferenceText.optional(),
  effectiveAt: InstantInput.optional().meta({
    description: "When `points` were earned, if not now; a purchase earns when it occurred. Expiry and pending days count from then.",
  }),
  expiresOn: Day.optional().meta({ description: "The last day on which they can be used." }),
  pendingUntil: Day.optional().meta({ description: "The day on which they become available." }),
  reason: text(200).optional(),
};
export type Earning = z.output<z.ZodObject<typeof earningShape>>;
/** What holds between the fields of an earning. */
export function checkEarning(earning: Earning, { addIssue }: z.RefinementCtx): void {
  const { points, purchase, qualifyingPoints, effectiveAt, pendingUntil, expiresOn } = earning;
  const refuse = (field: keyof Earning, message: string) => addIssue({ code: "custom", path: [field], message });
  if ((points === undefined) === (purchase === undefined)) refuse("points", "Either points or purchase.");
  if (purchase && effectiveAt !== undefined) refuse("effectiveAt", "A purchase earns when it occurred: `purchase.occurredAt`.");
  if (purchase && qualifyingPoints !== undefined) refuse("qualifyingPoints", "Of a purchase, the rules say what counts for tiers.");
  if (pendingUntil !== undefined && expiresOn !== undefined && pendingUntil > expiresOn)
    refuse("pendingUntil", "Points that become available after they expire.");
}

export const EarningResult = z
  .object({
    object: z.literal("earning_result"),
    entry: Entry,
    entries: z.array(Entry).meta({ description: "More than one when rules give points with different dates; `entry` is the first." }),
    wallet: Wallet,
    rules: z.array(RuleOutcome).optional().meta({
      description:
        "Of a purchase, what became of every rule of the programme, in the order of evaluation, and why. Absent when the reference had earned before.",
    }),
  })
  .meta({ id: "EarningResult" });
export type EarningResult = z.input<typeof EarningResult>;
export const earningResultExample = { object: "earning_result" as const, entry: entryExample, entries: [entryExample], wallet: walletExample };

export const earningProblems = {
  ...referenceUsed,
  ...programClosed,
  ...tooManyBuckets,
  effective_in_future: { status: 422, title: "Points cannot be earned in the future." },
} as const;

export const earnKind = "earn";
/** Clocks of tills run ahead; what seems to have happened in the next minutes has happened now. */
const toleranceMilliseconds = 5 * 60_000;

type Scene = Pick<Context<keyof typeof earningProblems>, "table" | "now" | "fail">;

/** The earning of `body` in a wallet that was read, or opened, for it. */
export async function planEarning(scene: Scene, wallet: EarningWallet, body: Earning): Promise<Plan<EarningResult>> {
  const { table, now, fail } = scene;
  const { program } = wallet;
  if (wallet.used) return earnedBefore(scene, wallet, body);
  if (program.status === "closed") return fail("program_closed");
  const told = body.effectiveAt ?? body.purchase?.occurredAt;
  if (told !== undefined && told > instantAfter(now, toleranceMilliseconds)) return fail("effective_in_future");
  const effectiveAt = told !== undefined && told < now.toISOString() ? told : undefined;
  const earnedOn = wallet.time.dayOf(effectiveAt ?? now.toISOString());
  const common = {
    kind: earnKind,
    activeUntil: activeUntilFor(program.expiry, earnedOn),
    ...(effectiveAt && { effectiveAt }),
    ...(body.reference && { reference: body.reference }),
    ...(body.reason && { reason: body.reason }),
  } as const;
  const dates = {
    expiresOn: body.expiresOn ?? expiresOnFor(program.expiry, earnedOn),
    activatesOn: body.pendingUntil ?? activatesOnFor(program.pendingDays, earnedOn),
  };
  const purchase = body.purchase && { ...body.purchase, occurredAt: effectiveAt ?? now.toISOString() };
  const awarded: Award = purchase ? await award(table, wallet, purchase, body, earnedOn) : { commands: [stated(body, dates)], changes: [] };
  const commands = awarded.commands.map((command): Of<"earn"> => ({ ...common, ...command }));
  const applied = decide(wallet, commands, (code, members) => fail(code as "too_many_buckets", members));
  const output: EarningResult = {
    ...toResult(program, applied),
    object: "earning_result",
    entries: applied.own.map(toEntry),
    ...(awarded.outcomes && { rules: [...awarded.outcomes] }),
  };
  return plan(output, [...ledgerChanges(wallet, applied, { kind: earnKind, reference: body.reference }), ...awarded.changes]);
}

const stated = ({ points = 0, qualifyingPoints = points }: Earning, dates: Pick<Of<"earn">, "expiresOn" | "activatesOn">) => ({
  points,
  ...dates,
  ...(qualifyingPoints > 0 && { qualifyingPoints }),
});

/** What a reference has earned, if it was for the same. */
async function earnedBefore({ table, fail }: Scene, wallet: EarningWallet, body: Earning): Promise<Plan<EarningResult>> {
  const { seq, entries: count, points } = wallet.used as NonNullable<EarningWallet["used"]>;
  const keys = Array.from({ length: count }, (_, index) => entryKey(wallet.head.id, seq + index));
  const entries = (await table.getMany(keys)) as LedgerEntry[];
  const [first] = entries as [LedgerEntry];
  const isSame = body.purchase ? basketOf(first.purchase) === basketOf(toEntryPurchase(body.purchase, [])) : !first.purchase && points === body.points;
  if (!isSame) return fail("reference_used", { entryId: first.id });
  const result = toResult(wallet.program, { entry: first, head: rolled(wallet) });
  return plan({ ...result, object: "earning_result" as const, entries: entries.map(toEntry) }, [], { status: 200 });
}
