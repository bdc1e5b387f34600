/** The bundles of all Lambdas, made before the stacks are: the CDK's own bundler knows no plugins. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { scalarModule } from "../openapi/docs-page.ts";
import { bundling, pluginsFor } from "./bundling.ts";
import { bundleKilobytesMax } from "./settings.ts";

const project = join(import.meta.dirname, "..");
export const bundleFolder = join(project, ".bundles");
export const folderOf = (name: string, parent = bundleFolder): string => join(parent, name);

/** What a Lambda reads at run time: its files stand beside its bundle, since nothing else is deployed. */
const filesBeside: Record<string, readonly string[]> = {
  docs: [join(project, "openapi", "openapi.json"), fileURLToPath(import.meta.resolve(scalarModule))],
};

/** What a cold start reads, and what may be read later. */
export type BundleSize = { readonly name: string; readonly bytes: number; readonly laterBytes: number };

/**
 * `names` are those of files in `functions/`. Each gets a folder in `parent`, which is emptied first, with `index.mjs`, its
 * chunks and the files that it reads. Throws RangeError for bundles over their budget, so that nobody deploys a slow start unseen.
 */
export async function bundleLambdas(names: readonly string[], parent = bundleFolder): Promise<BundleSize[]> {
  rmSync(parent, { recursive: true, force: true });
  const sizes = await Promise.all(names.map((name) => bundleLambda(name, folderOf(name, parent))));
  const large = sizes.filter(({ name, bytes }) => bytes > bundleKilobytesMax(name) * 1000);
  if (large.length > 0)
    throw new RangeError(
      `Over the budget of infra/settings.ts: ${large.map(({ name, bytes }) => `${name} has ${Math.ceil(bytes / 1000)} KB of ${bundleKilobytesMax(name)}`).join(", ")}. \`npm run bench:bundle -- --why\` shows what they are made of.`,
    );
  return sizes;
}

async function bundleLambda(name: string, folder: string): Promise<BundleSize> {
  const entry = `functions/${name}.ts`;
  mkdirSync(folder, { recursive: true });
  for (const file of filesBeside[name] ?? []) copyFileSync(file, join(folder, basename(file)));
  const { metafile } = await build({
    ...bundling,
    absWorkingDir: project,
    entryPoints: { index: entry },
    outdir: folder,
    plugins: pluginsFor(entry),
    metafile: true,
    logLevel: "error",
  });
  const bytesOf = (outputs: Outputs) => outputs.reduce((sum, output) => sum + output.bytes, 0);
  const bytes = bytesOf(readAtOnce(metafile, relative(project, join(folder, "index.mjs"))));
  return { name, bytes, laterBytes: bytesOf(Object.values(metafile.outputs)) - bytes };
}

type Outputs = readonly Metafile["outputs"][string][];
/** The output at `path`, and those that it imports from the start. */
export function readAtOnce({ outputs }: Metafile, path: string): Outputs {
  const paths = new Set([path]);
  for (const each of paths)
    for (const imported of outputs[each]?.imports ?? []) if (imported.kind === "import-statement" && !imported.external) paths.add(imported.path);
  return [...paths].flatMap((each) => outputs[each] ?? []);
}
