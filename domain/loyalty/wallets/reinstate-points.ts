import * as z from "zod";
import { operation, plan } from "../../kernel/operation.ts";
import { text } from "../../kernel/text.ts";
import { expiresOnFor } from "../ledger/calendar.ts";
import { decide, ledgerChanges } from "./ledger-command.ts";
import { LedgerResult, ledgerResultExample, tooManyBuckets, toResult } from "./ledger-result.ts";
import { entryNotFound } from "./list-entries.ts";
import { loadEntry, reversalProblems, tallyChange } from "./reverse-entry.ts";
import { EntryId, entryExample } from "./wallet.ts";

/** The second entry of a wallet whose first ones earned what had expired already. */
const expiryId = `${entryExample.id.slice(0, -1)}2`;

export const reinstatePoints = operation({
  id: "reinstatePoints",
  summary: "Reinstate expired points",
  description:
    "Gives back points of an expiry entry, in whole or in part, as often as points are left of it. They live as if they were earned today, unless the request says until when.",
  method: "post",
  path: "/v1/entries/{entryId}/reinstatements",
  permission: "loyalty:write",
  params: z.object({ entryId: EntryId.meta({ example: expiryId }) }),
  body: z.strictObject({
    points: z.int().min(1).optional().meta({ description: "All that is left of the entry, unless you say less." }),
    expiresOn: z.iso.date().optional().meta({ description: "The last day on which they can be used; else the programme decides." }),
    reason: text(200),
  }),
  example: { reason: "Goodwill." },
  exampleAfter: [{ operation: "earnPoints", example: { points: 50, expiresOn: "2026-01-31" } }],
  success: { status: 201, output: LedgerResult, example: { ...ledgerResultExample, entry: { ...entryExample, type: "reinstatement", reverses: expiryId } } },
  problems: { ...entryNotFound, ...reversalProblems, ...tooManyBuckets },
  async run({ table, now, fail }, { params, body }) {
    const { wallet, entry, tally } = (await loadEntry(table, params.entryId, now)) ?? fail("entry_not_found");
    const reversedBefore = tally?.points ?? 0;
    const points = body.points ?? entry.points - reversedBefore;
    if (entry.points < 0) return fail("entry_not_reversible", { entryType: entry.type });
    if (points < 1) return fail("reversal_exceeds_entry", { reversible: 0 });
    const expiresOn = body.expiresOn ?? expiresOnFor(wallet.program.expiry, wallet.time.today);
    const applied = decide(wallet, { kind: "reinstate", entry, reversedBefore, points, expiresOn, reason: body.reason }, (code, members) =>
      fail(code as "entry_not_reversible", members),
    );
    return plan(toResult(wallet.program, applied), [...ledgerChanges(wallet, applied), tallyChange(entry, tally, points)], { replaces: wallet.head.version });
  },
});
