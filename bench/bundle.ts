/** `npm run bench:bundle`: size and import time of each HTTP Lambda, beside a bare handler with the SDK only. See README.md. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { bundling, pluginsFor } from "../infra/bundling.ts";
import { readAtOnce } from "../infra/lambda-bundles.ts";
import { saveResults } from "./results.ts";
import { median, table } from "./table.ts";

const { why, save } = parseArgs({ options: { why: { type: "boolean", default: false }, save: { type: "boolean", default: false } } }).values;
const importsEach = 25;

const project = join(import.meta.dirname, "..");
const bare = "bench/bare-handler.ts";
const lambdas = ["tenants", "customers", "loyalty", "events", "webhooks", "customer-view", "docs", "unmatched"].map((name) => `functions/${name}.ts`);

type Outputs = readonly Metafile["outputs"][string][];
type Bundle = { readonly entry: string; readonly file: string; readonly bytes: number; readonly outputs: Outputs; readonly milliseconds: number[] };

/** As ours are bundled, or as anybody's are: with all of the SDK. What counts is what a cold start reads; chunks that are imported later do not. */
async function bundle(name: string, entry: string, folder: string, settings: BuildOptions): Promise<Bundle> {
  const outdir = join(folder, name.replaceAll(/\W/g, "-"));
  const { metafile } = await build({
    ...settings,
    entryPoints: { index: join(project, entry) },
    outdir,
    absWorkingDir: project,
    metafile: true,
    logLevel: "error",
  });
  const file = join(outdir, "index.mjs");
  const outputs = readAtOnce(metafile, relative(project, file));
  const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
  return { entry: name, file, bytes, outputs, milliseconds: [] };
}

/** In a process of its own each time, as a cold start is; all in turn, so that drift touches all alike. */
function timeImports(bundles: readonly Bundle[]): void {
  for (let round = 0; round <= importsEach; round++) {
    for (const { file, milliseconds } of bundles) {
      const program = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - start); process.exit();`;
      const spent = Number(execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }));
      // The first import of a file also reads it from the disk.
      if (round > 0) milliseconds.push(spent);
    }
  }
}

/** The median over the rounds of one import time divided by the bare one of the same round. */
const importRatio = (one: Bundle, base: Bundle) => median(one.milliseconds.map((milliseconds, round) => milliseconds / (base.milliseconds[round] ?? 0)));

function report([base, ...bundles]: readonly Bundle[]): string {
  if (!base) return "";
  const cells = (one: Bundle) => [one.entry, one.bytes.toLocaleString("en"), (one.bytes / base.bytes).toFixed(2)];
  const times = (one: Bundle) => [median(one.milliseconds).toFixed(1), importRatio(one, base).toFixed(2)];
  return table([["bundle", "bytes", "ratio", "import ms", "ratio"], ...[base, ...bundles].map((one) => [...cells(one), ...times(one)])]);
}

/** What a bundle's bytes are made of, by package or by folder of ours; what the bare handler has too is left out. */
function weights({ entry, outputs }: Bundle, base: Bundle): string {
  const bytesBySource = (outputs: Outputs) => {
    const sources = new Map<string, number>();
    for (const output of outputs)
      for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
        const source = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.replace(/\/[^/]+$/, "/");
        sources.set(source, (sources.get(source) ?? 0) + bytesInOutput);
      }
    return sources;
  };
  const inBase = bytesBySource(base.outputs);
  const more = [...bytesBySource(outputs)].map(([source, bytes]) => [source, bytes - (inBase.get(source) ?? 0)] as const).filter(([, bytes]) => bytes > 500);
  const rows = more.sort(([, a], [, b]) => b - a).map(([source, bytes]) => [source, bytes.toLocaleString("en")]);
  return table([[`${entry}, more than the bare handler`, "bytes"], ...rows]);
}

const folder = mkdtempSync(join(tmpdir(), "clientele-bundle-"));
try {
  const bundles: Bundle[] = [];
  // Anybody's bundle is one file.
  const { alias: _, splitting: _1, ...usual } = bundling;
  const ours = (entry: string) => ({ ...bundling, plugins: pluginsFor(entry) });
  bundles.push(await bundle(bare, bare, folder, usual), await bundle(`${bare}, bundled as ours`, bare, folder, ours(bare)));
  for (const entry of lambdas) bundles.push(await bundle(entry, entry, folder, ours(entry)));
  timeImports(bundles);
  const text = report(bundles);
  console.log(text);
  if (why) for (const one of bundles.slice(1)) console.log(`\n${weights(one, bundles[0] as Bundle)}`);
  const figures = bundles.map(({ entry, bytes, milliseconds }) => ({ entry, bytes, milliseconds }));
  if (save) saveResults("bundle", text, figures);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
