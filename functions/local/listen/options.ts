/** The command line of `npm run listen`. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Demo } from "../demo.ts";
import { ListenFailure } from "./failure.ts";

export type Options = {
  readonly baseUrl: string;
  readonly key: string;
  readonly forwardTo: string | undefined;
  readonly eventTypes: readonly string[];
  readonly json: boolean;
  /** Ask the API for events instead of having them delivered, because nobody else can reach this machine. */
  readonly pull: boolean;
};

const usage =
  "Use: npm run listen -- [--forward http://127.0.0.1:8080/hook] [--events 'customer.*'] [--base-url http://127.0.0.1:3000] [--key <API key>] [--pull] [--json]";
const demoFile = ".data/demo.json";
const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const options = { forward: text, events: { ...text, multiple: true as const, default: ["*"] }, "base-url": text, key: text, pull: flag, json: flag };

/** Throws ListenFailure. What is not named comes from the `demo.json` of a Clientele on this machine. */
export function readOptions(): Options {
  const { forward, events, "base-url": address, key, pull, json } = parse();
  const demo = address && key ? undefined : readDemo();
  const baseUrl = (address ?? demo?.baseUrl ?? "").replace(/\/+$/, "");
  for (const [name, url] of Object.entries({ "--base-url": baseUrl, "--forward": forward }))
    if (url !== undefined && !isHttp(url)) throw new ListenFailure(`${name} takes an address such as http://127.0.0.1:8080. ${usage}`);
  const eventTypes = events.flatMap((list) => list.split(","));
  return { baseUrl, key: key ?? (demo?.testKey as string), forwardTo: forward, eventTypes, json, pull: pull || !isOnThisMachine(baseUrl) };
}

function parse() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new ListenFailure(`${(error as Error).message.split(". ")[0]}. ${usage}`);
  }
}

const isHttp = (url: string): boolean => /^https?:$/.test(URL.parse(url)?.protocol ?? "");
const isOnThisMachine = (url: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

function readDemo(): Demo {
  try {
    return JSON.parse(readFileSync(demoFile, "utf8")) as Demo;
  } catch {
    throw new ListenFailure(`There is no ${demoFile}. Start Clientele with "npm start", or name a server with --base-url and --key.`);
  }
}
