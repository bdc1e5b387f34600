/** The command line of `npm run import`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Demo } from "../demo.ts";
import type { Client } from "./client.ts";
import { ImportFailure } from "./failure.ts";

export type Options = {
  readonly file: string;
  readonly map: string;
  readonly program: string | undefined;
  readonly client: Client;
  readonly folder: string;
  readonly state: string | undefined;
  readonly refused: string | undefined;
  readonly restart: boolean;
  readonly concurrency: number;
};

const usage =
  "Use: npm run import -- <file.csv> --map <mapping.json> [--program <prg_…>] [--data .data] [--live] [--url <address>] [--key <API key>] [--concurrency 4] [--restart] [--state <file>] [--refused <file.csv>]";
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const options = {
  map: text,
  program: text,
  data: { ...text, default: ".data" },
  url: text,
  key: text,
  live: flag,
  concurrency: { ...text, default: "4" },
  restart: flag,
  state: text,
  refused: text,
};

/** Throws ImportFailure. What is not named comes from the `demo.json` of a Clientele on this machine. */
export function readOptions(): Options {
  const { values, positionals } = parse();
  const [file, ...others] = positionals;
  if (!file || others.length > 0 || !values.map) throw new ImportFailure(`One CSV file and --map, please. ${usage}`);
  if (!/^(?:[1-9]|[12]\d|3[0-2])$/.test(values.concurrency)) throw new ImportFailure(`--concurrency takes a number from 1 to 32. ${usage}`);
  if (values.live && values.key) throw new ImportFailure(`--live chooses between the demo keys; --key names one. ${usage}`);
  return {
    file,
    map: values.map,
    program: values.program,
    client: clientOf(values),
    folder: join(values.data, "imports"),
    state: values.state,
    refused: values.refused,
    restart: values.restart,
    concurrency: Number(values.concurrency),
  };
}

function parse() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new ImportFailure(`${(error as Error).message.split(". ")[0]}. ${usage}`);
  }
}

function clientOf({ url, key, data, live }: { url?: string; key?: string; data: string; live: boolean }): Client {
  const demo = url && key ? undefined : readDemo(join(data, "demo.json"));
  const baseUrl = (url ?? demo?.baseUrl ?? "").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? "")) throw new ImportFailure(`--url takes an address such as http://127.0.0.1:3000. ${usage}`);
  return { baseUrl, key: key ?? ((live ? demo?.liveKey : demo?.testKey) as string) };
}

function readDemo(file: string): Demo {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Demo;
  } catch {
    throw new ImportFailure(`There is no ${file}. Start Clientele with "npm start", or name a server with --url and --key.`);
  }
}
