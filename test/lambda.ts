/** Lambdas as they are bundled, each in a process of its own that finds what a Lambda finds in its environment. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll } from "vitest";
import { deployment } from "../functions/shell/config.ts";
import { bundling, pluginsFor } from "../infra/bundling.ts";
import type { Json } from "./clientele.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-lambda-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of the bundle of `entry`, such as `functions/customers.ts`. */
export async function bundle(entry: string): Promise<string> {
  const outdir = join(folder, entry.replaceAll(/\W/g, "-"));
  await build({ ...bundling, plugins: pluginsFor(entry), entryPoints: { index: entry }, outdir });
  return join(outdir, "index.mjs");
}

/** `answers` is what the program told; the lines are what it wrote, which on AWS is its log. */
export type Run = { readonly answers: Json; readonly lines: readonly Json[] };

let runs = 0;
/** Runs a program that calls `tell(answers)` at its end. */
export async function inLambda(program: string, environment: Record<string, string> = {}): Promise<Run> {
  const { endpoint = "", tableName } = deployment();
  const name = join(folder, `program-${(runs += 1)}`);
  const tell = `import { writeFileSync } from "node:fs";\nconst tell = (answers) => writeFileSync(${JSON.stringify(`${name}.json`)}, JSON.stringify(answers));\n`;
  // The lines have been written when the loop has nothing left to do but to keep connections open.
  writeFileSync(`${name}.mjs`, `${tell}${program}\nsetTimeout(() => process.exit(), 100);`);
  const env = {
    AWS_LAMBDA_FUNCTION_NAME: "tested",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    LAMBDA_TASK_ROOT: folder,
    TABLE_NAME: tableName,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: "local",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    ...environment,
  };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${name}.mjs`], { env });
  const lines = `${stdout}${stderr}`.split("\n").filter(Boolean);
  return { answers: JSON.parse(readFileSync(`${name}.json`, "utf8")), lines: lines.map((line) => JSON.parse(line)) };
}

export type Sent = {
  readonly route: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly path?: string;
};

/** As API Gateway hands it to a Lambda; `path` is the route's own unless it has parameters. */
export function gatewayEvent({ route, key, body, headers = {}, path }: Sent, pathParameters: Record<string, string> = {}) {
  const [method = "", form = ""] = route.split(" ");
  const rawPath = path ?? form;
  return {
    version: "2.0",
    routeKey: route,
    rawPath,
    rawQueryString: "",
    pathParameters,
    headers: { ...(key && { authorization: `Bearer ${key}` }), "content-type": "application/json", ...headers },
    requestContext: { requestId: "req_1", domainName: "api.example", http: { method, path: rawPath, sourceIp: "203.0.113.7" } },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

/** Hands the events to the bundle's handler, one after the other. */
export async function invoke(file: string, events: readonly object[], environment?: Record<string, string>): Promise<Run> {
  const program = `const { handler } = await import(${JSON.stringify(file)});
    const answers = [];
    for (const [index, event] of ${JSON.stringify(events)}.entries())
      answers.push(await handler(event, { functionName: "tested", awsRequestId: "invocation-" + index, memoryLimitInMB: "1024", invokedFunctionArn: "arn:tested" }));
    tell(answers);`;
  return inLambda(program, environment);
}
