/** What was measured and what it costs, as Markdown that reads well in a terminal too. */
import { table } from "../table.ts";
import { assumptions } from "./assumptions.ts";
import type { Delivered } from "./measure-deliveries.ts";
import type { Measured } from "./measure-operation.ts";
import type { Line } from "./month.ts";
import { priceParts, sumOf, type Usage, usdPerMillion } from "./price.ts";
import { usagePrices } from "./prices.ts";

export type Priced = { readonly context: string; readonly operation: string; readonly measured: Measured; readonly call: Usage; readonly later: Usage };
export type PricedDelivery = { readonly name: string; readonly delivered: Delivered; readonly usage: Usage };

export const usdOf = ({ call, later }: Priced): number => usdPerMillion(sumOf([call, later]));
const usd = (amount: number): string => amount.toFixed(2);
const units = (amount: number): string => String(Math.round(amount * 10) / 10);
const whole = (amount: number): string => Math.round(amount).toLocaleString("en");
const percent = (part: number, all: number): string => String(Math.round((100 * part) / all));
const durationPercent = (usage: Usage): string => percent(priceParts(usage).lambdaGigabyteSeconds, usdPerMillion(usage));

const operationHead = [
  "read units",
  "write units",
  "later: read units",
  "write units",
  "bytes out",
  "ms",
  "later: ms",
  "USD per million",
  "% later",
  "% duration",
];

export function operationTables(all: readonly Priced[]): string {
  const rowOf = (priced: Priced): string[] => {
    const { operation, measured, call, later } = priced;
    return [
      operation,
      ...[measured.readUnits, measured.writeUnits, measured.laterReadUnits, measured.laterWriteUnits].map(units),
      whole(measured.bytesOut),
      measured.milliseconds.toFixed(1),
      measured.laterMilliseconds.toFixed(1),
      usd(usdOf(priced)),
      percent(usdPerMillion(later), usdOf(priced)),
      durationPercent(sumOf([call, later])),
    ];
  };
  const tables = [...Map.groupBy(all, ({ context }) => context)].map(([context, some]) => table([[context, ...operationHead], ...some.map(rowOf)]));
  return tables.join("\n\n");
}

export function deliveryTable(all: readonly PricedDelivery[]): string {
  const rowOf = ({ name, delivered, usage }: PricedDelivery): string[] => [
    name,
    units(delivered.batch),
    units(delivered.readUnits),
    units(delivered.writeUnits),
    whole(delivered.bytesOut),
    whole(delivered.millisecondsOfBatch),
    usd(usdPerMillion(usage)),
    durationPercent(usage),
  ];
  const head = ["webhook deliveries", "in a batch", "read units", "write units", "bytes out", "ms of a batch", "USD per million", "% duration"];
  return table([head, ...all.map(rowOf)]);
}

export const monthTable = (title: string, lines: readonly Line[]): string => {
  const total = { what: "**together**", perMonth: 0, usd: lines.reduce((sum, line) => sum + line.usd, 0) };
  const rowOf = ({ what, perMonth, usd: amount }: Line) => [what, perMonth === 0 ? "" : whole(perMonth), usd(amount)];
  return table([[title, "a month", "USD a month"], ...[...lines, total].map(rowOf)]);
};

export const pricesTable = (): string =>
  table([
    ["unit price, us-east-1", "USD", "per", "source", "seen"],
    ...Object.values(usagePrices).map(({ unit, usd: amount, per, source, seen }) => [unit, String(amount), whole(per), source, seen]),
  ]);

/** `writesTogether`: what the consumers write for one of ten events that come at once, and for one alone. */
export type Shared = { readonly limiterWrites: number; readonly writesTogether: number; readonly writesAlone: number };

export function footer({ limiterWrites, writesTogether, writesAlone }: Shared, withKeys: boolean): string {
  const { callMegabytes, coldShare, coldMilliseconds, accessLogBytes, tracedShare, gatewayHeadBytes, receiverMilliseconds } = assumptions;
  return [
    `- Writes are sent ${withKeys ? "with" : "without"} an Idempotency-Key${withKeys ? ", whose record is in the write units (`--without-keys` leaves it out)" : ""}. The credential is remembered.`,
    `- Units are those that the embedded engine reports, indexes included. \`later\` is what the stream's consumers do because of the call, in a batch of its own. Under load they share: of ten customers created at once, each cost ${units(writesTogether)} write units later instead of ${units(writesAlone)}. Work that is due another day, such as an expiry or a replay, is not in it; nor are deliveries, which have a table of their own.`,
    `- Every call of a tenant also pays ${limiterWrites.toFixed(3)} write units for its rate limit, measured on calls in a row with one key; a key that calls less than once a second pays a whole unit. It is in the price and not in the column.`,
    `- Milliseconds are medians of warm calls inside this process on this machine. Lambda differs: its processor is slower or faster, and DynamoDB answers in 2 to 5 ms where the embedded engine takes 1. Scale the price by \`% duration\`. Billed are begun milliseconds on arm64 with ${callMegabytes} MB, and ${coldMilliseconds} ms more for ${100 * coldShare} % of the invocations, which are cold.`,
    `- Log lines are measured, the one of metrics included. Assumed: ${100 * tracedShare} % of the invocations traced, and for each request ${accessLogBytes} bytes in API Gateway's log and ${gatewayHeadBytes} bytes of head that it adds to the answer.`,
    `- A delivery goes to one endpoint whose receiver takes ${receiverMilliseconds} ms. Alone it has a batch of its own; in a burst what comes together shares an invocation, a wait and the requests to the queue. Retries cost what an attempt costs, without the first write of the delivery.`,
    "- List prices without free tier, volume tiers, taxes, alarms, custom metrics and dashboards. Reads of the stream by Lambda and STS are free.",
  ].join("\n");
}
