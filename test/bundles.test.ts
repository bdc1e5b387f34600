/** What a bundle leaves out is nothing that it needs; the Lambdas' own bundles are run in deployed-shape.test.ts. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { getCountries, getExampleNumber } from "libphonenumber-js";
import examples from "libphonenumber-js/mobile/examples";
import { afterAll, expect, test } from "vitest";
import { normalizeIdentityValue } from "../domain/customers/identity.ts";
import { bundling, pluginsFor } from "../infra/bundling.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-bundles-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("phone numbers of every country and of none normalise as with the whole metadata", async () => {
  const numbers = getCountries().flatMap((country) => {
    const number = getExampleNumber(country, examples);
    return number ? [number.formatNational(), number.formatInternational(), number.nationalNumber].map((text) => [text, country] as const) : [];
  });
  // Freephone and satellite numbers belong to no country.
  numbers.push(["+800 1234 5678", "FR"], ["+883 5100 1234 5678", "FR"], ["+870 773 111 632", "FR"]);
  expect(numbers.length).toBeGreaterThan(600);
  const entry = "domain/customers/identity.ts";
  await build({ ...bundling, plugins: pluginsFor(entry), entryPoints: [entry], outfile: join(folder, "identity.mjs") });
  const program = join(folder, "program.mjs");
  writeFileSync(
    program,
    `import { normalizeIdentityValue } from "./identity.mjs";
    console.log(JSON.stringify(${JSON.stringify(numbers)}.map(([text, country]) => normalizeIdentityValue("phone", text, country))));`,
  );
  const bundled = JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8" }));
  expect(bundled).toEqual(numbers.map(([text, country]) => normalizeIdentityValue("phone", text, country)));
});
