/** `npm run bundles`: what a cold start of each Lambda reads, beside its budget. Fails when one is over it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleLambdas } from "./lambda-bundles.ts";
import { lambdas } from "./lambdas.ts";
import { bundleKilobytesMax } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-bundles-"));
const row = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell, index) => (index === 0 ? String(cell).padEnd(20) : String(cell).padStart(10))).join(""));
const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
try {
  const sizes = await bundleLambdas(
    lambdas.map(({ name }) => name),
    folder,
  );
  row(["Lambda", "KB", "budget", "later, KB"]);
  for (const { name, bytes, laterBytes } of sizes) row([name, kilobytes(bytes), bundleKilobytesMax(name), kilobytes(laterBytes)]);
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
