/** `--save`: the last measured tables stand in README.md, and their figures in `results/`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { join } from "node:path";

const readme = join(import.meta.dirname, "README.md");

/** Replaces what stands between the markers of `name` in README.md. */
export function saveResults(name: string, text: string, figures: unknown): void {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${date}, Node ${process.versions.node}, ${platform()} ${arch()}, ${cpus().length} cores (${cpus()[0]?.model.trim()})`;
  const between = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  writeFileSync(
    readme,
    readFileSync(readme, "utf8").replace(between, (_, start: string, end: string) => `${start}${machine}\n\n${text}\n${end}`),
  );
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${date}-${name}.json`), `${JSON.stringify({ machine, figures }, undefined, 1)}\n`);
}
