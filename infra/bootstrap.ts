/**
 * `npm run bootstrap -- <stage>`: the platform's first key after a deployment. The secret is made here and stays here; the
 * Lambda is given its hash. The secret is kept before the Lambda is asked, so that no broken line can lose a key.
 */
import { randomInt } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from "@aws-sdk/client-lambda";
import type { PlatformKeyAnswer, PlatformKeyRequest } from "../domain/tenants/platform-key.ts";
import { formatSecret, secretTraceOf } from "../domain/tenants/secret-format.ts";

const usage =
  'Use: npm run bootstrap -- <stage> [--to <file>] [--name "Platform key"] [--replace] [--region eu-west-1] [--function <name or ARN>] (--to is needed where no terminal shows the key)';
const text = { type: "string" } as const;
const options = { to: text, name: { ...text, default: "Platform key" }, replace: { type: "boolean", default: false }, region: text, function: text } as const;

/** In one line for the operator; nothing was made and no secret is left behind. */
class BootstrapFailure extends Error {}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [stage = "", ...more] = positionals;
    if (!/^[a-z][a-z0-9-]*$/.test(stage) || more.length > 0) throw new Error("One stage is needed");
    if (values.to === undefined && !process.stdout.isTTY) throw new Error("The key would land in a log: name a file with --to");
    return { ...values, functionName: values.function ?? `clientele-${stage}-bootstrap-platform` };
  } catch (error) {
    throw new BootstrapFailure(`${(error as Error).message.split(". ")[0]}. ${usage}`);
  }
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const newSecret = (): string => formatSecret(true, Array.from({ length: 26 }, () => letters[randomInt(letters.length)]).join(""));

/** A file that only its owner reads, on the disk when this returns; never one that was there. */
function keep(secret: string, file: string): void {
  try {
    const descriptor = openSync(file, "wx", 0o600);
    writeSync(descriptor, `${secret}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new BootstrapFailure(code === "EEXIST" ? `${file} exists already; a key is written to a new file only.` : `${file} cannot be written: ${message}.`);
  }
}

/** Throws BootstrapFailure when surely nothing was made, and anything else when nobody knows. */
async function invoke(functionName: string, region: string | undefined, request: PlatformKeyRequest): Promise<PlatformKeyAnswer> {
  const lambda = new LambdaClient({ ...(region && { region }), requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 } });
  await Promise.all([lambda.config.region(), lambda.config.credentials()]).catch(({ message }: Error) => {
    throw new BootstrapFailure(`AWS cannot be reached: ${message}`);
  });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) })).catch((error: unknown) => {
    const { name, message, $metadata: { httpStatusCode: status = 0, attempts = 1 } = {} } = error as Error & Partial<Pick<InvokeCommandOutput, "$metadata">>;
    // Of several attempts the first may have made it, whatever was answered to the last.
    const isCertain = attempts === 1 && status >= 400 && status < 500;
    throw isCertain ? new BootstrapFailure(`${functionName} cannot be invoked: ${name}: ${message}`) : error;
  });
  const payload: unknown = JSON.parse(answer.Payload?.transformToString() || "null");
  if (answer.FunctionError) throw new Error((payload as { errorMessage?: string } | null)?.errorMessage ?? answer.FunctionError);
  return payload as PlatformKeyAnswer;
}

function refusalText(answer: Extract<PlatformKeyAnswer, { outcome: "refused" }>): string {
  if (answer.code === "invalid_input") return answer.errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`).join(" ");
  if (answer.code === "secret_used_before") return `The secret was the one of ${answer.keyId}, which is revoked.`;
  const keys = answer.keys.map(({ id, name, display, createdAt }) => `\n  ${id}  ${display}  ${createdAt}  ${name}`).join("");
  return `The platform has a key already:${keys}\nIf it is lost or has leaked, run this again with --replace: that makes a new one and revokes it.`;
}

async function main(): Promise<void> {
  const { to, name, replace, region, functionName } = readOptions();
  const secret = newSecret();
  const place = to ? `in ${to}` : `this one:\n\n  ${secret}\n`;
  if (to) keep(secret, to);
  try {
    const answer = await invoke(functionName, region, { ...secretTraceOf(secret), name, replace });
    if (answer.outcome === "refused") throw new BootstrapFailure(refusalText(answer));
    const revoked = answer.revokedKeyIds.length > 0 ? ` Revoked, and without effect within 30 seconds: ${answer.revokedKeyIds.join(", ")}.` : "";
    console.log(`The platform has the key ${answer.keyId}.${revoked} Its secret, which nobody can show again, is ${place}`);
  } catch (error) {
    if (error instanceof BootstrapFailure) {
      if (to) rmSync(to);
      throw error;
    }
    const { name: kind, message } = error as Error;
    // To the terminal that was asked for, as a secret is: errors may go elsewhere.
    console.log(`It is not known whether the key was made (${kind}: ${message}). Its secret would be ${place}`);
    console.log("Ask GET /v1/me with it: 200 means that it was made. After 401, forget it and run this again.");
    process.exitCode = 1;
  }
}

await main().catch((error: unknown) => {
  console.error(error instanceof BootstrapFailure ? error.message : error);
  process.exitCode = 1;
});
