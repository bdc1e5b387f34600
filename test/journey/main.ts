/** `npm run journey`: the journeys against a deployment that runs already. */
import { startVitest } from "vitest/node";
import { environmentOf, readTarget, TargetFailure } from "./target.ts";

async function main(): Promise<void> {
  const target = readTarget(process.argv.slice(2), process.env);
  const document = await fetch(`${target.baseUrl}/openapi.json`).catch((error: Error) => error);
  if (document instanceof Error) throw new TargetFailure(`No Clientele answers at ${target.baseUrl} (${(document.cause as Error)?.message}).`);
  console.log(`Journeys to ${target.baseUrl}`);
  // The tests run in a process of their own.
  Object.assign(process.env, environmentOf(target));
  const run = await startVitest([], { config: "test/journey/vitest.config.ts", watch: false });
  await run.close();
}

await main().catch((error: unknown) => {
  console.error(error instanceof TargetFailure ? error.message : error);
  process.exitCode = 1;
});
