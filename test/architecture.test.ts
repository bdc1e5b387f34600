/** The import rules of ARCHITECTURE.md, checked file by file. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

type Import = { to: string; isType: boolean };
type Source = { file: string; text: string; imports: Import[] };

const tops = ["domain", "functions", "infra", "openapi", "bench", "test"];
const sources = tops.flatMap((top) => filesUnder(top)).map(read);
const product = sources.filter(({ file }) => !file.endsWith(".test.ts") && !file.startsWith("test/"));

function filesUnder(top: string): string[] {
  try {
    return (readdirSync(top, { recursive: true }) as string[]).filter((name) => name.endsWith(".ts")).map((name) => `${top}/${name}`);
  } catch {
    return [];
  }
}

function read(file: string): Source {
  const text = readFileSync(file, "utf8");
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from "([^"]+)"/gms), ...text.matchAll(/import\((type )?"([^"]+)"\)/g)];
  const imports = statements.map(([, isType, to = ""]) => ({ to: to.startsWith(".") ? normalize(join(dirname(file), to)) : to, isType: Boolean(isType) }));
  return { file, text, imports };
}

const pureLibraries = ["zod", "libphonenumber-js", "libphonenumber-js/min", "temporal-polyfill", "node:crypto", "node:util", "node:zlib"];

describe("domain", () => {
  const domain = product.filter(({ file }) => file.startsWith("domain/"));

  test("imports itself and a short list of pure libraries only", () => {
    const others = domain.flatMap(({ file, imports }) =>
      imports.filter(({ to }) => !to.startsWith("domain/") && !pureLibraries.includes(to)).map(({ to }) => `${file} imports ${to}`),
    );
    expect(others).toEqual([]);
  });

  test("knows no clock, no chance and no environment: they are arguments", () => {
    const impure = /process\.env|Date\.now\(|new Date\(\)|Math\.random|randomUUID|randomBytes|randomInt|setTimeout|console\./;
    expect(domain.filter(({ text }) => impure.test(text)).map(({ file }) => file)).toEqual([]);
  });

  test("reaches another context through its model, events or store only", () => {
    const trespasses = domain.flatMap(({ file, imports }) => {
      const [, context] = file.split("/");
      if (file.split("/").length < 3) return [];
      const open = new RegExp(`^domain/(?:kernel/|${context}/|[\\w-]+\\.ts$|\\w+/(?:model|events|store)\\.ts$)`);
      return imports.filter(({ to }) => to.startsWith("domain/") && !open.test(to)).map(({ to }) => `${file} imports ${to}`);
    });
    expect(trespasses).toEqual([]);
  });

  test("the kernel knows no context", () => {
    const nouns = domain
      .filter(({ file }) => file.startsWith("domain/kernel/"))
      .flatMap(({ file, imports }) => imports.filter(({ to }) => /^domain\/(?!kernel\/)/.test(to)).map(({ to }) => `${file} imports ${to}`));
    expect(nouns).toEqual([]);
  });
});

test("one adapter of the product speaks to DynamoDB; besides it only the local runtime, which makes the table and reads the stream, and the operator's restore", () => {
  const speakers = product.filter(
    ({ file, imports }) => !file.startsWith("bench/") && imports.some(({ to }) => /^@aws-sdk\/(?:client-dynamodb|lib-dynamodb|util-dynamodb)/.test(to)),
  );
  expect(speakers.map(({ file }) => file).filter((file) => !/^(?:functions\/local|infra\/restore)\//.test(file))).toEqual([
    "functions/shell/dynamodb-client.ts",
    "functions/shell/dynamodb.ts",
  ]);
});

test("infra and openapi read the domain's declarations and no running code", () => {
  const runtime = product
    .filter(({ file }) => /^(?:infra|openapi)\//.test(file))
    .flatMap(({ file, imports }) => imports.filter(({ to }) => to.startsWith("functions/")).map(({ to }) => `${file} imports ${to}`));
  expect(runtime).toEqual([]);
});

test("the journeys know the product by its public API: they run against what is deployed somewhere else", () => {
  const inside = sources
    .filter(({ file }) => file.startsWith("test/journey/"))
    .flatMap(({ file, imports }) => imports.filter(({ to }) => /^(?:domain|functions|infra)\//.test(to)).map(({ to }) => `${file} imports ${to}`));
  expect(inside).toEqual([]);
});

test("no file imports itself by a detour", () => {
  const next = new Map(sources.map(({ file, imports }) => [file, imports.filter(({ isType }) => !isType).map(({ to }) => to)]));
  const finished = new Set<string>();
  const cycleFrom = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const cycle = cycleFrom(to, [...path, file]);
      if (cycle) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  expect(
    [...next.keys()]
      .map((file) => cycleFrom(file, []))
      .find(Boolean)
      ?.join(" -> "),
  ).toBeUndefined();
});

test("file names say what is inside: no barrels, no drawers for anything", () => {
  const vague = /^(?:index|utils?|common|helpers?|misc|manager|shared-utils)$/;
  expect(product.filter(({ file }) => vague.test(basename(file, ".ts")) && file !== "openapi/shared.ts").map(({ file }) => file)).toEqual([]);
});

test("no file is longer than 300 lines", () => {
  expect(sources.filter(({ text }) => text.split("\n").length > 301).map(({ file }) => file)).toEqual([]);
});
