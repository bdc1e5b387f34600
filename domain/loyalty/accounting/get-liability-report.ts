import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { Money } from "../../kernel/money.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { addDays, todayIn } from "../ledger/calendar.ts";
import { programNotFound, programParams } from "../programs/get-program.ts";
import { PointValue } from "../programs/program.ts";
import { loadProgram } from "../store.ts";
import { AsOf, amountsAtStartOf, openBooks } from "./books.ts";
import { type Dues, never } from "./dues.ts";
import { balanceOf } from "./movements.ts";

const Points = z.int();

export const getLiabilityReport = operation({
  id: "getLiabilityReport",
  summary: "Get the liability report",
  description:
    "The points of all wallets of the programme that members can still spend, at the end of a day in the programme's time zone, or now. What they are worth follows from the programme's `pointValue` as it is now. Eventually consistent: an entry is counted once, about a second after it was written, on the day on which it was recorded. Points that are due to expire or to become available are so from when that is written. `dues` tells when the points of today expire unless they are spent; points that expire by inactivity stand in the month in which they would now.",
  method: "get",
  path: "/v1/programs/{programId}/liability",
  permission: "loyalty:read",
  params: programParams,
  query: z.strictObject({ at: z.iso.date().optional().meta({ description: "At the end of this day; today unless given.", example: "2026-11-21" }) }),
  exampleAfter: ["earnPoints"],
  success: {
    status: 200,
    output: z
      .object({
        object: z.literal("liability_report"),
        programId: idOf("prg"),
        at: z.iso.date(),
        asOf: AsOf,
        outstanding: Points.meta({ description: "available + pending + held − debt." }),
        available: Points.meta({ description: "Points that can be spent." }),
        pending: Points.meta({ description: "Points that become available later." }),
        held: Points.meta({ description: "Points set aside by open holds." }),
        debt: Points.meta({ description: "What members owe." }),
        dues: z
          .array(z.object({ month: z.string().nullable().meta({ description: "null: never.", example: "2028-11" }), points: Points }))
          .optional()
          .meta({ description: "Available, pending and held points by the month of the last day on which they can be used; of today only." }),
        pointValue: PointValue.optional(),
        value: Money.optional().meta({ description: "Of the outstanding points, rounded to the nearest minor unit; only with a `pointValue`." }),
      })
      .meta({ id: "LiabilityReport" }),
    example: {
      object: "liability_report",
      programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
      at: "2026-11-21",
      asOf: "2026-11-21T09:31:00.000Z",
      outstanding: 1035,
      available: 900,
      pending: 120,
      held: 20,
      debt: 5,
      dues: [
        { month: "2028-10", points: 920 },
        { month: "2028-11", points: 120 },
      ],
      pointValue: { points: 100, amount: { amountMinor: 50, currency: "EUR" } },
      value: { amountMinor: 518, currency: "EUR" },
    },
  },
  problems: { ...programNotFound, at_in_future: { status: 422, title: "The day has not begun." } },
  async run({ table, now, fail }, { params: { programId }, query }) {
    const program = (await loadProgram(table, programId)) ?? fail("program_not_found");
    const today = todayIn(program.timeZone, now);
    const at = query.at ?? today;
    if (at > today) return fail("at_in_future");
    const next = addDays(at, 1);
    const books = await openBooks(table, programId, next, next);
    const amounts = amountsAtStartOf(books, next);
    const { available = 0, pending = 0, held = 0, debt = 0 } = amounts;
    const outstanding = balanceOf(amounts);
    const { pointValue } = program;
    return plan({
      object: "liability_report" as const,
      programId,
      at,
      asOf: books.total.lastRecordedAt || undefined,
      outstanding,
      available,
      pending,
      held,
      debt: -debt + 0,
      ...(at === today && { dues: listOf(books.total.dues) }),
      ...(pointValue && { pointValue, value: worthOf(outstanding, pointValue) }),
    });
  },
});

const listOf = (dues: Dues): { month: string | null; points: number }[] =>
  Object.entries(dues)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([month, points]) => ({ month: month === never ? null : month, points }));

/** Exact whatever the size: the product of two large numbers is not a safe one. Halves are rounded up. */
export function worthOf(points: number, { points: per, amount }: PointValue): Money {
  const [doubled, divisor] = [2n * BigInt(points) * BigInt(amount.amountMinor) + BigInt(per), 2n * BigInt(per)];
  const floored = doubled / divisor - (doubled % divisor < 0n ? 1n : 0n);
  return { amountMinor: Number(floored), currency: amount.currency };
}
