/** The importer as a process of its own, and what the API says afterwards. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll } from "vitest";
import { baseUrl, call, type Json } from "./clientele.ts";

export const folder = mkdtempSync(join(tmpdir(), "clientele-import-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
export function write(text: string | Buffer, ending: string): string {
  files += 1;
  const file = join(folder, `${files}.${ending}`);
  writeFileSync(file, text);
  return file;
}
export const mapped = (mapping: object) => write(JSON.stringify(mapping), "json");

export type Run = { code: number; out: string; error: string };
export const program = ["--disable-warning=ExperimentalWarning", "functions/local/import/main.ts"];
export function run(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...program, ...args], (failure, out, error) => resolve({ code: failure ? Number(failure.code) : 0, out, error }));
  });
}
/** Each import has a folder of its own for its state and its report. */
export function importOf(key: string, file: string, map: string, ...more: string[]): string[] {
  return [file, "--map", map, "--url", baseUrl, "--key", key, "--data", mkdtempSync(join(folder, "data-")), ...more];
}
export const folderOf = (args: string[]) => join(args[args.indexOf("--data") + 1] as string, "imports");
export function written(args: string[], ending: string): string {
  const name = existsSync(folderOf(args)) && readdirSync(folderOf(args)).find((one) => one.endsWith(ending));
  return name ? readFileSync(join(folderOf(args), name), "utf8") : "";
}
export const reportOf = (args: string[]): Json[] => parse(written(args, ".refused.csv"), { columns: true });

export async function customersOf(key: string): Promise<Json[]> {
  const customers: Json[] = [];
  let cursor = "";
  do {
    const { body } = await call(key, "GET", `/v1/customers?limit=100${cursor && `&cursor=${cursor}`}`);
    customers.push(...body.data);
    cursor = body.nextCursor ?? "";
  } while (cursor);
  return customers;
}
/** Every customer's sum of touchpoints, by external id. */
export async function touchpointsOf(key: string): Promise<Map<string, Json>> {
  const views = await Promise.all((await customersOf(key)).map(({ id }) => call(key, "GET", `/v1/customers/${id}/view`)));
  return new Map(views.map(({ body }) => [body.customer.identities[0].value, body.touchpoints]));
}
export const total = (touchpoints: Map<string, Json>) => ({
  customers: touchpoints.size,
  purchases: [...touchpoints.values()].reduce((sum, { countByType }) => sum + (countByType.purchase ?? 0), 0),
  cents: [...touchpoints.values()].reduce((sum, { purchaseTotals }) => sum + (purchaseTotals[0]?.amountMinor ?? 0), 0),
});
