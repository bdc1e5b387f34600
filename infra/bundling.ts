/** How a Lambda is bundled: an ES module with everything inside, but for what few invocations need and what none does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";

const here = (file: string) => join(import.meta.dirname, file);

/**
 * Settings for esbuild; the caller adds `entryPoints: { index: <file> }`, `outdir` and plugins. The Lambda is `index.mjs`;
 * beside it stand chunks: what is imported late, such as the tracer, is read only then.
 */
export const bundling = {
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "esm",
  splitting: true,
  outExtension: { ".js": ".mjs" },
  mainFields: ["module", "main"],
  // CommonJS packages in an ES module still call require for Node's own modules.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  // Half of the SDK are ways to find credentials, and a dynamic import that keeps the other half from being shaken.
  alias: { "@aws-sdk/credential-provider-node": here("lambda-credentials.ts"), "@smithy/core/event-streams": here("no-event-streams.ts") },
} satisfies BuildOptions;

/** The rules of a country as libphonenumber keeps them; the one at this place says how its numbers are written for people. */
type CountryRules = unknown[];
const displayFormats = 4;

/** Numbers are parsed and kept as E.164, never formatted: without display formats the metadata is less than half as large. */
const withoutPhoneFormats: Plugin = {
  name: "without-phone-formats",
  setup(build) {
    build.onLoad({ filter: /libphonenumber-js.metadata\.min\.json\.js$/ }, ({ path }) => {
      const metadata = JSON.parse(readFileSync(path.replace(/\.js$/, ""), "utf8")) as Record<"countries" | "nonGeographic", Record<string, CountryRules>>;
      const all = [...Object.values(metadata.countries), ...Object.values(metadata.nonGeographic)];
      for (const rules of all) if (rules.length > displayFormats) rules[displayFormats] = 0;
      return { contents: `export default ${JSON.stringify(metadata)}`, loader: "js" };
    });
  },
};

const schemasLeftOut = "JSON schemas are left out of this bundle; see infra/bundling.ts.";
/** Schemas check; only the list of event types also shows them as JSON Schema, which is a sixth of zod. */
const withoutJsonSchemas: Plugin = {
  name: "without-json-schemas",
  setup(build) {
    build.onLoad({ filter: /zod.v4.core.(json-schema-processors|to-json-schema)\.js$/ }, ({ path }) => {
      const names = [...readFileSync(path, "utf8").matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
      const leftOut = `const leftOut = () => { throw new Error(${JSON.stringify(schemasLeftOut)}); };`;
      return { contents: `${leftOut} export { ${names.map((name) => `leftOut as ${name}`).join(", ")} };`, loader: "js" };
    });
  },
};

/** Who only says which routes there are needs no operation's schemas and rules: half of the bundle. */
const withRoutesOnly: Plugin = {
  name: "with-routes-only",
  setup(build) {
    build.onLoad({ filter: /domain.operations\.ts$/ }, async () => {
      const { operations } = await import("../domain/operations.ts");
      return { contents: `export const operations = ${JSON.stringify(operations.map(({ method, path }) => ({ method, path })))};`, loader: "js" };
    });
  },
};

/** What is left out of the bundle of `entry`, such as `functions/customers.ts`. */
export function pluginsFor(entry: string): Plugin[] {
  if (entry.endsWith("functions/events.ts")) return [withoutPhoneFormats];
  if (entry.endsWith("functions/unmatched.ts")) return [withRoutesOnly, withoutPhoneFormats, withoutJsonSchemas];
  return [withoutPhoneFormats, withoutJsonSchemas];
}
