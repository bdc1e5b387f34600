import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { text } from "../../kernel/text.ts";
import { InstantInput } from "../../kernel/time.ts";
import { activatesOnFor, expiresOnFor, todayIn } from "../ledger/calendar.ts";
import {
  decide,
  LedgerResult,
  ledgerChanges,
  ledgerResultExample,
  loadWallet,
  ReferenceText,
  referenceUsed,
  rolled,
  tooManyBuckets,
  toResult,
  walletNotFound,
  walletParams,
} from "./ledger-command.ts";
import { entryKey } from "./wallet-keys.ts";

const kind = "earn";
const Day = z.iso.date();

export const earnPoints = operation({
  id: "earnPoints",
  summary: "Earn points",
  description:
    "The programme decides when the points expire and how long they are pending, unless the request says so. A `reference` earns once for ever: sent again, it answers the first entry with 200. What the member owes is paid back first.",
  method: "post",
  path: "/v1/wallets/{walletId}/earnings",
  permission: "loyalty:write",
  params: walletParams,
  body: z.strictObject({
    points: z.int().min(1).max(1_000_000_000),
    reference: ReferenceText.optional(),
    effectiveAt: InstantInput.optional().meta({ description: "When they were earned, if not now. Expiry and pending days count from then." }),
    expiresOn: Day.optional().meta({ description: "The last day on which they can be used." }),
    pendingUntil: Day.optional().meta({ description: "The day on which they become available." }),
    reason: text(200).optional(),
  }),
  example: { points: 120, reference: "order-1017" },
  success: { status: 201, alternatives: [200], output: LedgerResult, example: ledgerResultExample },
  problems: {
    ...walletNotFound,
    ...referenceUsed,
    ...tooManyBuckets,
    effective_in_future: { status: 422, title: "Points cannot be earned in the future." },
  },
  async run({ table, now, fail }, { params: { walletId }, body }) {
    const reference = { kind, reference: body.reference };
    const wallet = (await loadWallet(table, walletId, now, reference)) ?? fail("wallet_not_found");
    if (wallet.used) {
      const entry = (await table.get(entryKey(walletId, wallet.used.seq))) ?? fail("wallet_not_found");
      if (entry.points !== body.points) return fail("reference_used", { entryId: entry.id });
      return plan(toResult(wallet.program, { entry, head: rolled(wallet) }), [], { status: 200 });
    }
    if (body.effectiveAt !== undefined && body.effectiveAt > now.toISOString()) return fail("effective_in_future");
    const { program } = wallet;
    const earnedOn = todayIn(program.timeZone, body.effectiveAt ? new Date(body.effectiveAt) : now);
    const applied = decide(
      wallet,
      {
        kind,
        points: body.points,
        expiresOn: body.expiresOn ?? expiresOnFor(program.expiry, earnedOn),
        activatesOn: body.pendingUntil ?? activatesOnFor(program.pendingDays, earnedOn),
        ...(body.effectiveAt && { effectiveAt: body.effectiveAt }),
        ...(body.reference && { reference: body.reference }),
        ...(body.reason && { reason: body.reason }),
      },
      (code, members) => fail(code as "too_many_buckets", members),
    );
    return plan(toResult(wallet.program, applied), ledgerChanges(wallet, applied, reference));
  },
});
