/**
 * The purchases of the CDNOW data earn points through the importer, under two rules of which one has a cap. What they must
 * come to is computed here from the file alone. CDNOW_CUSTOMERS=all takes the whole file instead of its beginning.
 */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { call, eventually, type Json, type TenantKeys } from "./clientele.ts";
import { customersOf, importOf, mapped, reportOf, run, write } from "./importer.ts";
import { get, newProgram, post } from "./loyalty-program.ts";

const cdnow = new URL("../../shared/data/cdnow/CDNOW_master.txt", import.meta.url);
const mapping = "functions/local/import/mappings/cdnow-earnings.json";
const customersInCi = 600;
const customersMax = process.env["CDNOW_CUSTOMERS"] === "all" ? Number.POSITIVE_INFINITY : Number(process.env["CDNOW_CUSTOMERS"] ?? customersInCi);

/** So many purchases a back-test looks at. */
const backtestPurchasesMax = 10_000;

const pointForEveryDollar = { name: "A point for every dollar", formula: { kind: "rate", points: 1 } };
const bonus = {
  name: "50 points for 50 dollars, twice a month",
  formula: { kind: "fixed", points: 50 },
  conditions: { currency: "USD", amount: { minMinor: 5000 } },
  caps: { perCustomer: { month: 100 } },
};

type Purchase = { customer: string; month: string; cents: number };
/** The rows of the first customers; a customer's rows stand together and in order of their dates. */
function rowsOfFirstCustomers(): { header: string; rows: string[]; purchases: Purchase[] } {
  const [header = "", ...lines] = readFileSync(cdnow, "latin1").split("\r\n");
  const all = lines.filter((line) => line.trim() !== "");
  const customerIn = (line: string) => line.trim().split(/ +/)[0] as string;
  const first = new Set([...new Set(all.map(customerIn))].slice(0, customersMax));
  const rows = all.filter((line) => first.has(customerIn(line)));
  const purchases = rows.map((line) => {
    const [customer, date, , dollars] = line.trim().split(/ +/) as [string, string, string, string];
    return { customer, month: date.slice(0, 6), cents: Number(dollars.replace(".", "")) };
  });
  return { header, rows, purchases };
}

/** Every customer's points by the two rules, and how many bonuses the cap refused. */
function expected(purchases: readonly Purchase[]) {
  const points = new Map<string, number>();
  const bonuses = new Map<string, number>();
  let refusedByCap = 0;
  for (const { customer, month, cents } of purchases) {
    const earnedBonuses = bonuses.get(customer + month) ?? 0;
    const isLarge = cents >= 5000;
    if (isLarge && earnedBonuses < 2) bonuses.set(customer + month, earnedBonuses + 1);
    else if (isLarge) refusedByCap += 1;
    const earned = Math.floor(cents / 100) + (isLarge && earnedBonuses < 2 ? 50 : 0);
    points.set(customer, (points.get(customer) ?? 0) + earned);
  }
  return { points, total: [...points.values()].reduce((sum, one) => sum + one, 0), refusedByCap };
}

/** What every customer has, by external id. */
async function pointsByCustomer({ live }: TenantKeys, programId: string): Promise<Map<string, number>> {
  const customers = await customersOf(live);
  const held = new Map<string, number>();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let customer = customers.pop(); customer; customer = customers.pop()) {
        const { body } = await call(live, "get", `/v1/wallets/wal_${customer.id.slice(4)}${programId.slice(4)}`);
        held.set(customer.identities[0].value, body.available);
      }
    }),
  );
  return new Map([...held].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const seconds = 1000;
test("purchases of the CDNOW data earn to the point, once however often they are sent, and the books agree", { timeout: 3_000 * seconds }, async (context) => {
  if (!existsSync(cdnow)) return context.skip("../shared/data is not there.");
  const { header, rows, purchases } = rowsOfFirstCustomers();
  const { points, total, refusedByCap } = expected(purchases);
  expect(refusedByCap).toBeGreaterThan(0);
  const { tenant, programId } = await newProgram({ expiry: { kind: "never" } }, [pointForEveryDollar, bonus]);
  const args = importOf(tenant.live, write([header, ...rows, ""].join("\r\n"), "txt"), mapping, "--program", programId);

  const first = await run(...args);
  console.log(first.out);
  expect(first).toMatchObject({ code: 0, error: expect.not.stringContaining("Error") });
  const told = (count: number) => count.toLocaleString("en");
  expect(first.out).toContain(`Earnings   ${told(purchases.length)} recorded, ${told(total)} points; 0 already known`);
  expect(await pointsByCustomer(tenant, programId)).toEqual(points);

  const again = await run(...args, "--restart");
  expect(again.out).toContain(`Earnings   0 recorded, 0 points; ${told(purchases.length)} already known`);
  expect(await pointsByCustomer(tenant, programId)).toEqual(points);

  const program = `/programs/${programId}`;
  const integrity = await eventually(async () => {
    const report: Json = await get({ tenant }, `${program}/integrity`);
    return report.entriesChecked >= purchases.length && report;
  }, 600 * seconds);
  expect([integrity.entriesChecked, integrity.walletsChecked]).toEqual([purchases.length, points.size]);
  expect(integrity.invariants.map(({ drift }: Json) => drift)).toEqual([0, 0, 0, 0, 0]);
  expect(await get({ tenant }, `${program}/liability`)).toMatchObject({
    outstanding: total,
    available: total,
    pending: 0,
    held: 0,
    debt: 0,
    dues: [{ month: null, points: total }],
  });
  const dayBefore = (days: number) => new Date(Date.now() - days * 86_400 * seconds).toISOString().slice(0, 10);
  const { days } = await get({ tenant }, `${program}/accounting?from=${dayBefore(1)}&to=${dayBefore(-1)}`);
  expect([days[0].opening, days.at(-1).closing]).toEqual([0, total]);
  expect(days.reduce((sum: number, { earned }: Json) => sum + earned, 0)).toBe(total);

  const { data: rules } = await get({ tenant }, `/earning-rules?programId=${programId}`);
  const draft = { programId, days: 1, rule: { ...bonus, caps: {} }, replacesRuleId: rules.at(-1).id };
  const { body: report } = await post({ tenant }, "/earning-rules/backtests", draft);
  if (purchases.length > backtestPurchasesMax) expect(report).toMatchObject({ purchases: backtestPurchasesMax, isTruncated: true });
  else expect(report).toMatchObject({ purchases: purchases.length, isTruncated: false, pointsReallyIssued: total, liabilityDelta: 50 * refusedByCap });
});

test("a purchase that is refused is reported with its line and its column; the others earn", async () => {
  const { tenant, programId } = await newProgram({}, [pointForEveryDollar]);
  const map = mapped({
    identity: { type: "external_id", value: "{customer}" },
    earning: {
      purchase: { amount: { from: "{paid}", as: "money", currency: "EUR" }, occurredAt: "{on}T12:00:00Z" },
      reference: "{order}",
    },
  });
  const file = write(
    "customer,paid,on,order\na,12.50,2026-07-01,1\na,-1.00,2026-07-01,2\nb,5.00,2099-07-01,3\nb,7.00,2026-07-02,4\nb,8.00,2026-07-02,4\n",
    "csv",
  );
  const args = importOf(tenant.live, file, map, "--program", programId);
  expect(await run(...args)).toMatchObject({ code: 2, out: expect.stringContaining("2 recorded, 19 points") });
  expect(reportOf(args).map(({ line, column, code }) => `${line} ${column} ${code}`)).toEqual([
    "3 paid invalid_value",
    "4  effective_in_future",
    "6  reference_used",
  ]);
});

test("a mapping with an earning needs a programme, and only such a one takes it", async () => {
  const { tenant, programId } = await newProgram();
  const file = write("customer\na\n", "csv");
  expect(await run(...importOf(tenant.live, file, mapping))).toMatchObject({ code: 1, error: expect.stringContaining("--program") });
  const without = mapped({ identity: { type: "external_id", value: "{customer}" } });
  expect(await run(...importOf(tenant.live, file, without, "--program", programId))).toMatchObject({ code: 1, error: expect.stringContaining("--program") });
});
