/** `npm run cost`: USD per million calls of each operation, and per million webhook deliveries. See ../README.md. */
import "./as-in-lambda.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { AnyOperation } from "../../domain/kernel/operation.ts";
import { contexts, operations } from "../../domain/operations.ts";
import { startClientele } from "../../functions/local/runtime.ts";
import { call, connect, newTenant } from "../../test/http-client.ts";
import { isWrite, sampleRequest } from "../../test/sample-request.ts";
import { saveResults } from "../results.ts";
import { assumptions } from "./assumptions.ts";
import { type Watch, watchInvocations } from "./invocations.ts";
import { appended, measureDeliveries } from "./measure-deliveries.ts";
import { measureLaterTogether, measureOperation } from "./measure-operation.ts";
import { usdPerMillion } from "./price.ts";
import { standingPrices, usagePrices } from "./prices.ts";
import { deliveryTable, footer, monthTable, operationTables, type Priced, type PricedDelivery, pricesTable, type Shared, usdOf } from "./report.ts";
import { retailer } from "./retailer.ts";
import { usageLater, usageOfCall, usageOfDelivery } from "./usage.ts";
import { purchaseAgain, purchasesTogether, variants } from "./variants.ts";

const flag = { type: "boolean", default: false } as const;
const { json, save, ...options } = parseArgs({ options: { json: flag, save: flag, "without-keys": flag } }).values;
const withKeys = !options["without-keys"];

/** What calls share when they come close together. */
async function measureShared(watch: Watch): Promise<Shared> {
  const [tenant, together] = [await newTenant(), 10];
  const { writeUnits: writesAlone } = await appended(watch, tenant, 1);
  const { writeUnits } = await appended(watch, tenant, together);
  return { limiterWrites: await limiterWritesOfBusyKey(watch), writesTogether: writeUnits / together, writesAlone };
}

async function limiterWritesOfBusyKey(watch: Watch): Promise<number> {
  const [tenant, calls] = [await newTenant(), 200];
  watch.taken();
  for (let count = 0; count < calls; count++) await call(tenant.live, "get", "/v1/customers");
  return watch.taken().reduce((sum, { consumption }) => sum + consumption.limiterWrites, 0) / calls;
}

async function priceOperations(watch: Watch, limiterWrites: number): Promise<Priced[]> {
  const priced: Priced[] = [];
  for (const [context, served] of Object.entries(contexts)) {
    console.error(`Measuring ${context}: ${served.length} operations`);
    for (const operation of served) {
      const asked = [{ name: operation.id, prepare: undefined }, ...variants.filter((variant) => variant.operation === operation.id)];
      for (const { name, prepare } of asked) {
        const measured = await measureOperation(operation, watch, withKeys, prepare);
        const writesNothing = !prepare && isWrite(operation) && measured.writeUnits <= (withKeys ? 1 : 0);
        const usage = { call: usageOfCall(operation, measured, limiterWrites), later: usageLater(measured) };
        priced.push({ context, operation: writesNothing ? `${name}, nothing to write` : name, measured, ...usage });
        if (name === purchaseAgain.name) priced.push(await priceTogether(watch, priced.at(-1) as Priced));
      }
    }
  }
  return priced;
}

/** The same purchase, when others come with it. */
async function priceTogether(watch: Watch, alone: Priced): Promise<Priced> {
  const operation = operations.find(({ id }) => id === purchasesTogether.operation) as AnyOperation;
  const later = await measureLaterTogether(await purchasesTogether.samples(await sampleRequest(operation)), watch);
  const measured = { ...alone.measured, ...later };
  return { ...alone, operation: purchasesTogether.name, measured, later: usageLater(measured) };
}

async function priceDeliveries(watch: Watch): Promise<PricedDelivery[]> {
  console.error("Measuring deliveries");
  const cases: [name: string, together: number][] = [
    ["a delivery alone", 1],
    ["a delivery in bursts of ten", 10],
  ];
  const priced: PricedDelivery[] = [];
  for (const [name, together] of cases) {
    const delivered = await measureDeliveries(watch, together);
    priced.push({ name, delivered, usage: usageOfDelivery(delivered) });
  }
  return priced;
}

const dataDir = mkdtempSync(join(tmpdir(), "clientele-cost-"));
const watch = watchInvocations();
const clientele = await startClientele({ port: 0, dataDir, around: watch.around });
try {
  connect(clientele);
  // The schedule has run a few times by then with nothing to do.
  await pause(3_000);
  const idleRuns = watch.taken().filter(({ lambda }) => lambda === "run-due-work");
  const shared = await measureShared(watch);
  const priced = await priceOperations(watch, shared.limiterWrites);
  const deliveries = await priceDeliveries(watch);
  const prices = new Map([
    ...priced.map((one) => [one.operation, usdOf(one)] as const),
    ...deliveries.map(({ name, usage }) => [name, usdPerMillion(usage)] as const),
  ]);
  const month = await retailer(watch, prices, idleRuns);
  const text = [
    operationTables(priced),
    deliveryTable(deliveries),
    monthTable(month.title, month.lines),
    month.remark,
    footer(shared, withKeys),
    pricesTable(),
  ].join("\n\n");
  const figures = {
    unitPrices: { ...usagePrices, ...standingPrices },
    assumptions: { ...assumptions, ...shared, withKeys },
    operations: priced.map((one) => ({ ...one, usdPerMillion: usdOf(one) })),
    deliveries: deliveries.map((one) => ({ ...one, usdPerMillion: usdPerMillion(one.usage) })),
    month,
  };
  console.log(json ? JSON.stringify(figures, undefined, 1) : `\n${text}\n`);
  if (save) saveResults("cost", text, figures);
} finally {
  await clientele.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit();
