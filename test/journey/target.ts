/** The deployment that the journeys go to, as `npm run journey` was told. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

export type Target = {
  /** Such as `https://api.example.com`: addresses in answers begin at its root. */
  readonly baseUrl: string;
  readonly platformKey: string;
  /** A receiver on the public internet that answers 2xx; `port` is where on this machine its requests arrive, if they do. */
  readonly webhook?: { readonly url: string; readonly port?: number };
};

/** Why there is nothing to go to, in a line for the person who asked. */
export class TargetFailure extends Error {}

export const usage = `Use: npm run journey -- [--base-url https://api.example.com --platform-key-file <file>] [--webhook-url https://… [--webhook-port 8080]]
The environment may say it as well: CLIENTELE_BASE_URL, CLIENTELE_PLATFORM_KEY, CLIENTELE_WEBHOOK_URL, CLIENTELE_WEBHOOK_PORT.
Without an address it is the Clientele that "npm start" runs on this machine.`;

const demoFile = ".data/demo.json";
const text = { type: "string" } as const;
const options = { "base-url": text, "platform-key-file": text, "webhook-url": text, "webhook-port": text };

/** Throws TargetFailure. Options come before the environment, and that before the `demo.json` of a Clientele on this machine. */
export function readTarget(args: readonly string[], environment: NodeJS.ProcessEnv): Target {
  const given = parse(args);
  const file = given["platform-key-file"];
  const key = file === undefined ? environment["CLIENTELE_PLATFORM_KEY"] : read(file).trim();
  const address = given["base-url"] ?? environment["CLIENTELE_BASE_URL"];
  if (address && !key) throw new TargetFailure(`${address} needs a platform key: --platform-key-file or CLIENTELE_PLATFORM_KEY.`);
  const { baseUrl, platformKey } = address && key ? { baseUrl: address, platformKey: key } : readDemo();
  const url = given["webhook-url"] ?? environment["CLIENTELE_WEBHOOK_URL"];
  const port = given["webhook-port"] ?? environment["CLIENTELE_WEBHOOK_PORT"];
  return { baseUrl: originOf(baseUrl), platformKey, ...(url && { webhook: { url, ...(port && { port: Number(port) }) } }) };
}

/** What `readTarget` reads again in another process. */
export const environmentOf = ({ baseUrl, platformKey, webhook }: Target): Record<string, string> => ({
  CLIENTELE_BASE_URL: baseUrl,
  CLIENTELE_PLATFORM_KEY: platformKey,
  ...(webhook && { CLIENTELE_WEBHOOK_URL: webhook.url }),
  ...(webhook?.port && { CLIENTELE_WEBHOOK_PORT: String(webhook.port) }),
});

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new TargetFailure(`${(error as Error).message.split(". ")[0]}.\n${usage}`);
  }
}

function originOf(address: string): string {
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== "/")
    throw new TargetFailure(`"${address}" is no address such as https://api.example.com, without a path.\n${usage}`);
  return url.origin;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TargetFailure(`The platform key cannot be read: ${(error as Error).message}.`);
  }
}

function readDemo(): { baseUrl: string; platformKey: string } {
  try {
    return JSON.parse(readFileSync(demoFile, "utf8"));
  } catch {
    throw new TargetFailure(`There is no ${demoFile}: start Clientele with "npm start", or name a deployment.\n${usage}`);
  }
}
