import * as z from "zod";
import { idOf } from "../../kernel/id.ts";
import { operation, plan } from "../../kernel/operation.ts";
import { dayMilliseconds } from "../../kernel/time.ts";
import { todayIn } from "../ledger/calendar.ts";
import { programNotFound, programParams } from "../programs/get-program.ts";
import { loadProgram } from "../store.ts";
import { AsOf, amountsAtStartOf, type Books, datesBetween, dayOf, openBooks } from "./books.ts";
import { addAmounts, balanceOf, changesOf, shiftsOf, totalOf } from "./movements.ts";

const daysMax = 366;
const Day = z.iso.date();
const Points = z.int();

const AccountingDay = z
  .object({
    date: Day,
    opening: Points.meta({ description: "The balance when the day began: available + pending + held − debt of all wallets." }),
    earned: Points,
    reversed: Points.meta({ description: "Earned points that were taken back." }),
    redeemed: Points.meta({ description: "Spent, captures of holds included." }),
    reimbursed: Points.meta({ description: "Spent points that were given back." }),
    expired: Points,
    reinstated: Points.meta({ description: "Expired points that were given back." }),
    transferredIn: Points,
    transferredOut: Points,
    adjusted: Points.meta({ description: "Given by hand less taken by hand." }),
    closing: Points.meta({
      description: "opening + earned − reversed − redeemed + reimbursed − expired + reinstated + transferredIn − transferredOut + adjusted.",
    }),
    activated: Points.meta({ description: "Became available. This and the next three change no balance." }),
    held: Points.meta({ description: "Set aside by holds." }),
    captured: Points.meta({ description: "Of the redeemed points, those that holds had set aside." }),
    released: Points.meta({ description: "Left holds that were voided or ran out." }),
  })
  .meta({ id: "AccountingDay" });

export const getPointsAccounting = operation({
  id: "getPointsAccounting",
  summary: "Get the accounting of points",
  description:
    "One row for each day up to today: the balance of all wallets of the programme when the day began, what changed it, and the balance when it ended, which is the next row's opening. The balance is what members can spend now or later, less what they owe: available + pending + held − debt. An entry counts on the day on which it was recorded, in the time zone that the programme had then: a purchase that is told late does not change a day that is over. So expiries count when they were written, which may be a little after midnight. Eventually consistent: an entry is counted once, about a second after it was written. Up to 366 days at once; costs the same however many entries there are.",
  method: "get",
  path: "/v1/programs/{programId}/accounting",
  permission: "loyalty:read",
  params: programParams,
  query: z
    .strictObject({
      from: Day.meta({ description: "The first day.", example: "2026-11-20" }),
      to: Day.meta({ description: `The last day, up to ${daysMax - 1} days later.`, example: "2026-11-21" }),
    })
    .refine(({ from, to }) => from <= to, { path: ["to"], error: "Not before `from`." })
    .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < daysMax * dayMilliseconds, { path: ["to"], error: `At most ${daysMax} days.` }),
  exampleAfter: ["earnPoints"],
  success: {
    status: 200,
    output: z
      .object({ object: z.literal("points_accounting"), programId: idOf("prg"), timeZone: z.string(), asOf: AsOf, days: z.array(AccountingDay) })
      .meta({ id: "PointsAccounting" }),
    example: {
      object: "points_accounting",
      programId: "prg_01JD3S8K9ZQ4T7N2V5X8B1C6F0",
      timeZone: "Europe/Paris",
      asOf: "2026-11-21T09:31:00.000Z",
      days: [
        {
          date: "2026-11-21",
          opening: 1000,
          earned: 120,
          reversed: 0,
          redeemed: 50,
          reimbursed: 0,
          expired: 30,
          reinstated: 0,
          transferredIn: 10,
          transferredOut: 10,
          adjusted: -5,
          closing: 1035,
          activated: 0,
          held: 20,
          captured: 20,
          released: 0,
        },
      ],
    },
  },
  problems: programNotFound,
  async run({ table, now, fail }, { params: { programId }, query: { from, to } }) {
    const [program, books] = await Promise.all([loadProgram(table, programId), openBooks(table, programId, from, to)]);
    if (!program) return fail("program_not_found");
    const today = todayIn(program.timeZone, now);
    const days = rowsOf(books, from, to < today ? to : today);
    return plan({ object: "points_accounting" as const, programId, timeZone: program.timeZone, asOf: books.total.lastRecordedAt || undefined, days });
  },
});

function rowsOf(books: Books, from: string, to: string): z.input<typeof AccountingDay>[] {
  let amounts = amountsAtStartOf(books, from);
  return datesBetween(from, to).map((date) => {
    const { movements } = dayOf(books, date);
    const opening = balanceOf(amounts);
    amounts = addAmounts(amounts, totalOf(movements));
    return { date, opening, ...changesOf(movements), closing: balanceOf(amounts), ...shiftsOf(movements) };
  });
}
