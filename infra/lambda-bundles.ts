/** The bundles of all Lambdas, made before the stacks are: the CDK's own bundler knows no plugins. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { scalarModule } from "../openapi/docs-page.ts";
import { bundling, pluginsFor } from "./bundling.ts";

const project = join(import.meta.dirname, "..");
export const bundleFolder = join(project, ".bundles");
export const folderOf = (name: string, parent = bundleFolder): string => join(parent, name);

/** What a Lambda reads at run time: its files stand beside its bundle, since nothing else is deployed. */
const filesBeside: Record<string, readonly string[]> = {
  docs: [join(project, "openapi", "openapi.json"), fileURLToPath(import.meta.resolve(scalarModule))],
};

/** `names` are those of files in `functions/`. Each gets a folder in `parent`, which is emptied first, with `index.mjs`, its chunks and the files that it reads. */
export async function bundleLambdas(names: readonly string[], parent = bundleFolder): Promise<void> {
  rmSync(parent, { recursive: true, force: true });
  await Promise.all(names.map((name) => bundleLambda(name, folderOf(name, parent))));
}

async function bundleLambda(name: string, folder: string): Promise<void> {
  const entry = `functions/${name}.ts`;
  mkdirSync(folder, { recursive: true });
  for (const file of filesBeside[name] ?? []) copyFileSync(file, join(folder, basename(file)));
  await build({
    ...bundling,
    absWorkingDir: project,
    entryPoints: { index: entry },
    outdir: folder,
    plugins: pluginsFor(entry),
    logLevel: "error",
  });
}
