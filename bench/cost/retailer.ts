/** The example month: a retailer with a million members whose tills never rest. */
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { operations } from "../../domain/operations.ts";
import { sampleRequest } from "../../test/sample-request.ts";
import { median } from "../table.ts";
import { assumptions } from "./assumptions.ts";
import type { Invocation, Watch } from "./invocations.ts";
import type { Prepare } from "./measure-operation.ts";
import { type Habit, type Line, monthOf, monthSeconds, storageOf } from "./month.ts";
import { usageOf, usdFor, usdPerMillion } from "./price.ts";
import { standingPrices } from "./prices.ts";
import { type Kept, keptAfter } from "./storage.ts";
import { invocationsOf } from "./usage.ts";
import { pointsOnly, purchaseAgain, purchasesTogether } from "./variants.ts";

const members = 1_000_000;
const months = 12;
const purchases: Habit = { what: purchasesTogether.name, perSecond: 10 };
const redemptions: Habit = { what: pointsOnly.name, perSecond: 0.5 };
const joining: Habit = { what: "createCustomer", perSecond: 0.02 };
const habits: readonly Habit[] = [
  { what: "getCustomerView", perSecond: purchases.perSecond },
  purchases,
  { what: "a delivery alone", perSecond: purchases.perSecond },
  redemptions,
  joining,
];

export type Month = { readonly title: string; readonly lines: readonly Line[]; readonly remark: string };

/** `idleRuns` are runs of the schedule with nothing to do. */
export async function retailer(watch: Watch, usdByName: ReadonlyMap<string, number>, idleRuns: readonly Invocation[]): Promise<Month> {
  const keep = async (id: string, prepare: Prepare = async (sample) => sample): Promise<Kept> => {
    const operation = operations.find((one) => one.id === id) as AnyOperation;
    return keptAfter(await prepare(await sampleRequest(operation)), watch);
  };
  const [customer, opening, purchase, redemption] = [
    await keep("createCustomer"),
    await keep("earnPointsForCustomer"),
    await keep(purchaseAgain.operation, purchaseAgain.prepare),
    await keep(pointsOnly.operation, pointsOnly.prepare),
  ];
  const inMonths = ({ perSecond }: Habit) => perSecond * monthSeconds * months;
  const base = [customer, opening].map((each) => ({ count: members + inMonths(joining), each }));
  const storage = storageOf([...base, { count: inMonths(purchases), each: purchase }, { count: inMonths(redemptions), each: redemption }]);
  const lines = [
    ...monthOf(habits, usdByName),
    ...standing(idleRuns),
    { what: `${Math.round(storage.gigabytes).toLocaleString("en")} GB stored and backed up, after a year`, perMonth: 0, usd: storage.usd },
  ];
  const remark = `A purchase shows the member first, earns by a rule and is told to one webhook; one in ${purchases.perSecond / redemptions.perSecond} redeems points. It leaves ${purchase.tableBytes.toLocaleString("en")} bytes in the table and ${purchase.indexBytes.toLocaleString("en")} in its indexes: entry, event and their places. The event log is kept for four years, the entries for ever.`;
  return { title: `${members.toLocaleString("en")} members, ${purchases.perSecond} purchases a second day and night`, lines, remark };
}

/** What the clock costs, whether or not anything happens. */
function standing(idleRuns: readonly Invocation[]): Line[] {
  const runs = monthSeconds / 60;
  const middle = (of: (one: Invocation) => number) => median(idleRuns.map(of));
  const run = usageOf({
    readUnits: middle(({ consumption }) => consumption.readUnits),
    ...invocationsOf(
      1,
      middle(({ milliseconds }) => milliseconds),
      assumptions.scheduleMegabytes,
      0,
    ),
  });
  const polls = (assumptions.queuePollers * monthSeconds) / assumptions.queuePollSeconds;
  return [
    { what: "runs of due work with nothing to do", perMonth: runs, usd: (runs / 1e6) * usdPerMillion(run) + usdFor(runs, standingPrices.scheduledRuns) },
    { what: "polls of the queue while it is empty", perMonth: polls, usd: (polls / 1e6) * usdPerMillion(usageOf({ queueRequests: 1 })) },
  ];
}
