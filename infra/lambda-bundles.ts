/** The bundles of all Lambdas, made before the stacks are: the CDK's own bundler knows no plugins. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundling, pluginsFor } from "./bundling.ts";

export const bundleFolder = join(import.meta.dirname, "..", ".bundles");
export const folderOf = (name: string): string => join(bundleFolder, name);

/** `names` are those of files in `functions/`. Each gets a folder with `index.mjs` and its chunks. */
export async function bundleLambdas(names: readonly string[]): Promise<void> {
  rmSync(bundleFolder, { recursive: true, force: true });
  for (const name of names) {
    const entry = `functions/${name}.ts`;
    await build({
      ...bundling,
      absWorkingDir: join(import.meta.dirname, ".."),
      entryPoints: { index: entry },
      outdir: folderOf(name),
      plugins: pluginsFor(entry),
      logLevel: "error",
    });
  }
}
