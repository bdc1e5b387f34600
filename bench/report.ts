/** What was measured, as Markdown that reads well in a terminal too. */
import type { OperationName, Sample, Side } from "./load.ts";
import { median, table } from "./table.ts";

export type Case = { readonly operation: string; readonly connections: number };
/** A sample per round and side; what has the same index was measured right after one another. */
export type Measurement = Case & { readonly population: number } & Record<Side, Sample[]>;

/** One rate divided by the other of the same round. */
const ratiosOf = (samples: readonly Sample[], base: readonly Sample[]): number[] =>
  samples.map((sample, round) => sample.perSecond / (base[round]?.perSecond ?? 0));
const ratioOf = (samples: readonly Sample[], base: readonly Sample[]): number => median(ratiosOf(samples, base));
export const productRatio = ({ product, engine }: Measurement): number => ratioOf(product, engine);

export function resultTable(measurements: readonly Measurement[], population: number, members = "customers"): string {
  const perSide = (samples: readonly Sample[]) => [
    Math.round(median(samples.map(({ perSecond }) => perSecond))).toLocaleString("en"),
    ...(["p50", "p99"] as const).map((name) => median(samples.map((sample) => sample[name])).toFixed(1)),
  ];
  const rows = measurements
    .filter((measurement) => measurement.population === population)
    .map((measurement) => [
      measurement.operation,
      String(measurement.connections),
      ...perSide(measurement.product),
      ...perSide(measurement.engine),
      productRatio(measurement).toFixed(2),
    ]);
  const head = [`${population.toLocaleString("en")} ${members}`, "connections", "Clientele/s", "p50 ms", "p99 ms", "engine/s", "p50 ms", "p99 ms", "ratio"];
  return table([head, ...rows]);
}

const ratioAims: readonly { operation: OperationName; atLeast: number }[] = [
  { operation: "get by id", atLeast: 0.6 },
  { operation: "create", atLeast: 0.5 },
  { operation: "create, with key", atLeast: 0.5 },
  { operation: "list of 50", atLeast: 0.6 },
];
const verdict = (isMet: boolean) => (isMet ? "met" : "NOT MET");

/** The aims are about 16 connections. */
export function aims(measurements: readonly Measurement[]): string {
  const busy = measurements.filter(({ connections }) => connections === 16);
  const ratios = ratioAims.flatMap(({ operation, atLeast }) =>
    busy
      .filter((measurement) => measurement.operation === operation)
      .map((measurement) => {
        const ratio = productRatio(measurement);
        return [
          `${operation}, ${measurement.population.toLocaleString("en")} customers`,
          `at least ${atLeast} of the engine`,
          ratio.toFixed(2),
          verdict(ratio >= atLeast),
        ];
      }),
  );
  return table([["aim, at 16 connections", "wanted", "measured", ""], ...ratios, ...slowDowns(busy)]);
}

/** The bare engine's own ratio stands beside, since a larger file makes every write of it a little slower. */
function slowDowns(busy: readonly Measurement[]): string[][] {
  const largest = Math.max(...busy.map(({ population }) => population));
  const smallest = Math.min(...busy.map(({ population }) => population));
  if (largest === smallest) return [];
  return busy
    .filter(({ population }) => population === largest)
    .map((large) => {
      const small = busy.find((one) => one.operation === large.operation && one.population === smallest) as Measurement;
      const wanted = `as fast on ${largest.toLocaleString("en")} customers (bare engine: ${ratioOf(large.engine, small.engine).toFixed(2)})`;
      return [large.operation, wanted, ratioOf(large.product, small.product).toFixed(2), slowDownVerdict(ratiosOf(large.product, small.product))];
    });
}

/** A lower median is a slow-down when every round was slower; else the rounds differ too much to tell. */
function slowDownVerdict(ratios: readonly number[]): string {
  if (median(ratios) >= 0.95) return verdict(true);
  const highest = Math.max(...ratios);
  return highest < 1 ? verdict(false) : `unclear, rounds from ${Math.min(...ratios).toFixed(2)} to ${highest.toFixed(2)}`;
}
