import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { Instant } from "../../kernel/time.ts";
import { todayIn } from "../ledger/calendar.ts";
import { programNotFound, programParams } from "../programs/get-program.ts";
import { loadProgram } from "../store.ts";
import { AsOf, openBooks } from "./books.ts";
import { invariants } from "./integrity-violated.ts";
import { imbalanceOf, totalOf } from "./movements.ts";

const ofProgram = "accounts_sum_to_zero";
const exampleOf = (invariant: (typeof invariants)[number] | typeof ofProgram) => ({ invariant, drift: 0 });

export const getIntegrity = operation({
  id: "getIntegrity",
  summary: "Get the integrity of the ledger",
  description:
    "Every entry is checked once, as it is written: its postings sum to zero (`postings_sum_to_zero`), its hash is right and names the entry before it (`chain_verifies`), it follows the entry before it (`sequence_without_gaps`), and the wallet holds what its entries sum to (`head_equals_fold`). An entry that is changed or removed later is found, too. Their drift is how often that was not so, ever, and each finding is told by the event `ledger.integrity_violated`. The drift of `accounts_sum_to_zero` is by how many points, now, issued = available + pending + held − debt + redeemed + expired + reversed + transferred does not hold for the programme. All are 0 when the ledger is sound. Eventually consistent.",
  method: "get",
  path: "/v1/programs/{programId}/integrity",
  permission: "loyalty:read",
  params: programParams,
  exampleAfter: ["earnPoints"],
  success: {
    status: 200,
    output: z
      .object({
        object: z.literal("integrity_report"),
        programId: idOf("prg"),
        asOf: AsOf,
        reconciledAt: Instant.optional().meta({ description: "When something was checked last; absent while nothing was." }),
        entriesChecked: z.int(),
        walletsChecked: z.int().meta({ description: "Wallets that have entries." }),
        invariants: z.array(z.object({ invariant: z.enum([...invariants, ofProgram]), drift: z.int() })),
      })
      .meta({ id: "IntegrityReport" }),
    example: {
      object: "integrity_report",
      programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
      asOf: "2026-11-21T09:31:00.000Z",
      reconciledAt: "2026-11-21T09:31:01.000Z",
      entriesChecked: 18250,
      walletsChecked: 730,
      invariants: [...invariants, ofProgram as typeof ofProgram].map(exampleOf),
    },
  },
  problems: programNotFound,
  async run({ table, now, fail }, { params: { programId } }) {
    const program = (await loadProgram(table, programId)) ?? fail("program_not_found");
    const today = todayIn(program.timeZone, now);
    const { total, countedAt } = await openBooks(table, programId, today, today);
    return plan({
      object: "integrity_report" as const,
      programId,
      asOf: total.lastRecordedAt || undefined,
      reconciledAt: countedAt,
      entriesChecked: total.entries,
      walletsChecked: total.wallets,
      invariants: [
        ...invariants.map((invariant) => ({ invariant, drift: total.violations[invariant] ?? 0 })),
        { invariant: ofProgram as typeof ofProgram, drift: Math.abs(imbalanceOf(totalOf(total.movements))) },
      ],
    });
  },
});
