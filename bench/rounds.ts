/** What all sides and populations are asked in turn, so that they can be compared. */
import type { Job, Side } from "./load.ts";
import type { Case, Measurement } from "./report.ts";
import type { Site } from "./site.ts";

const sides: readonly Side[] = ["product", "engine"];

/** Everything once in each round, in turning order, so that what drifts on the machine touches all alike. The first round only warms up. */
export async function measureRounds(sites: readonly Site[], cases: readonly Case[], plan: { rounds: number; milliseconds: number }): Promise<Measurement[]> {
  const all: Measurement[] = cases.flatMap((each) => sites.map(({ population }) => ({ ...each, population, product: [], engine: [] })));
  for (let round = 0; round <= plan.rounds; round++) {
    console.error(round === 0 ? "Warming up" : `Round ${round} of ${plan.rounds}`);
    for (const { operation, connections } of cases) {
      const job: Job = { operation, connections, milliseconds: plan.milliseconds };
      for (const site of round % 2 ? sites : sites.toReversed()) {
        const measurement = all.find((one) => one.operation === operation && one.connections === connections && one.population === site.population);
        for (const side of round % 2 ? sides : sides.toReversed()) {
          const sample = await site.measure(side, job);
          if (round > 0) measurement?.[side].push(sample);
        }
      }
    }
  }
  return all;
}
