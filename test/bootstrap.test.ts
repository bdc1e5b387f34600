/** The platform's first key: the Lambda that makes it, and the operator's program against an HTTP server in the place of AWS. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type Change, remove } from "../domain/kernel/table.ts";
import type { ApiKeyRecord } from "../domain/tenants/api-key.ts";
import { apiKeyKey, apiKeysOf, secretKey, tenantKey } from "../domain/tenants/keys.ts";
import { revocation } from "../domain/tenants/revoke-api-key.ts";
import { formatSecret, secretTraceOf } from "../domain/tenants/secret-format.ts";
import { newSecret } from "../functions/shell/random.ts";
import { bootstrapPlatform } from "../infra/lambdas.ts";
import { functionNameOf } from "../infra/settings.ts";

process.env["AUTH_CACHE_SECONDS"] = "0";
const { call, demo } = await import("./clientele.ts");
const { handler } = await import("../functions/bootstrap-platform.ts");
const { openTable } = await import("../functions/shell/table.ts");
const { bundle, invoke } = await import("./lambda.ts");

const platform = "platform";
const keysOfPlatform = async () =>
  (await openTable(platform).query<ApiKeyRecord>({ from: "items", ...apiKeysOf(platform), order: "ascending", limit: 100 })).map(({ document }) => document);
/** As after a deployment: no platform and no key of it. */
beforeEach(async () => {
  const removals = (await keysOfPlatform()).flatMap(({ id, secretHash }): Change[] => [remove(apiKeyKey(platform, id)), remove(secretKey(secretHash))]);
  await openTable(platform).commit([remove(tenantKey(platform)), ...removals], () => []);
});

const secretOfOperator = () => formatSecret(true, newSecret(26));
const eventFor = (secret: string, more: object = {}) => ({ ...secretTraceOf(secret), name: "Operator", ...more });
const works = async (secret: string) => (await call(secret, "get", "/v1/tenants")).status === 200;

describe("bootstrap-platform", () => {
  test("makes a key that works over HTTP at once, and no other key is needed", async () => {
    expect(await works(demo.platformKey)).toBe(false);
    const secret = secretOfOperator();
    const answer = await handler(eventFor(secret));
    expect(answer).toEqual({ outcome: "created", keyId: expect.stringMatching(/^key_/), revokedKeyIds: [] });
    const body = { name: "First tenant", timeZone: "UTC", currency: "EUR", locale: "fr-FR" };
    expect((await call(secret, "post", "/v1/tenants", { body })).status).toBe(201);
    expect((await call(secret, "get", "/v1/me")).body).toMatchObject({ tenant: { id: platform }, scopes: ["tenants:manage"], livemode: true });
    expect((await call(secret, "get", "/v1/tenants?limit=100")).body.data.map(({ id }: { id: string }) => id)).not.toContain(platform);
  });

  test("refuses a second key, and names the one there is; with replace it makes one and revokes all others", async () => {
    const [first, second] = [secretOfOperator(), secretOfOperator()];
    const { keyId } = (await handler(eventFor(first))) as { keyId: string };
    const shown = { id: keyId, name: "Operator", display: secretTraceOf(first).display, createdAt: expect.any(String) };
    expect(await handler(eventFor(second))).toEqual({ outcome: "refused", code: "platform_key_exists", keys: [shown] });
    expect([await works(first), await works(second)]).toEqual([true, false]);
    expect(await handler(eventFor(second, { replace: true }))).toMatchObject({ outcome: "created", revokedKeyIds: [keyId] });
    expect([await works(first), await works(second)]).toEqual([false, true]);
    // The first secret does not come back to life.
    expect(await handler(eventFor(first, { replace: true }))).toEqual({ outcome: "refused", code: "secret_used_before", keyId });
    expect(await works(second)).toBe(true);
  });

  test("makes one key for one secret, however often it is asked", async () => {
    const secret = secretOfOperator();
    const answers = [await handler(eventFor(secret)), ...(await Promise.all(Array.from({ length: 4 }, () => handler(eventFor(secret, { replace: true })))))];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await keysOfPlatform()).length).toBe(1);
  });

  test.each([
    ["a new platform", false, {}],
    ["a platform whose keys are revoked", true, {}],
    ["a new platform and replace", false, { replace: true }],
  ])("of 8 operators at once, with %s, leaves exactly one with a key that works", async (_, hadKey, more) => {
    if (hadKey) await handler(eventFor(secretOfOperator()));
    for (const key of await keysOfPlatform()) await openTable(platform).commit(revocation(key, new Date()).changes, () => []);
    const secrets = Array.from({ length: 8 }, secretOfOperator);
    const answers = await Promise.all(secrets.map((secret) => handler(eventFor(secret, more)).catch(() => undefined)));
    const working = await Promise.all(secrets.map(works));
    expect(working.filter(Boolean)).toHaveLength(1);
    const created = answers.filter((answer) => answer?.outcome === "created");
    if (!("replace" in more)) expect([created.length, working.indexOf(true)]).toEqual([1, answers.findIndex((answer) => answer?.outcome === "created")]);
    expect((await keysOfPlatform()).filter(({ revokedAt }) => !revokedAt)).toHaveLength(1);
  });

  test("refuses what is not a trace of a secret, a secret itself above all, and repeats none of it", async () => {
    const secret = secretOfOperator();
    const pointers = async (event: unknown) => {
      const answer = await handler(event);
      expect(JSON.stringify(answer)).not.toContain(secret.slice(12, -4));
      return answer.outcome === "refused" && answer.code === "invalid_input" ? answer.errors.map(({ pointer }) => pointer) : answer;
    };
    expect(await pointers({ ...eventFor(secret), secret })).toEqual(["/secret"]);
    expect(await pointers({ ...eventFor(secret), secretHash: secret })).toEqual(["/secretHash"]);
    expect(await pointers({ ...eventFor(secret), display: secret })).toEqual(["/display"]);
    expect(await pointers(secret)).toEqual([""]);
    expect(await pointers({})).toEqual(["/secretHash", "/display", "/name"]);
    expect(await keysOfPlatform()).toEqual([]);
  });

  test("as it is bundled tells the log the key's id, and neither the secret nor its hash", async () => {
    const secret = secretOfOperator();
    const { answers, lines } = await invoke(await bundle("functions/bootstrap-platform.ts"), [eventFor(secret), eventFor(secretOfOperator()), { secret }]);
    expect(answers).toMatchObject([{ outcome: "created" }, { code: "platform_key_exists" }, { code: "invalid_input" }]);
    expect(lines.map(({ message, keyId, code }) => [message, keyId ?? code])).toEqual([
      ["platform key made", answers[0].keyId],
      ["platform key refused", "platform_key_exists"],
      ["platform key refused", "invalid_input"],
    ]);
    for (const hidden of [secret.slice(12, -4), secretTraceOf(secret).secretHash]) expect(JSON.stringify([answers, lines])).not.toContain(hidden);
    expect(await works(secret)).toBe(true);
  });
});

describe("npm run bootstrap", () => {
  type Fault = "refuse" | "lose the answer" | "fail" | "lose all answers";
  let faults: Fault[] = [];
  const invocations: { path: string; body: string }[] = [];
  const lambdaApi = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    invocations.push({ path: request.url ?? "", body });
    const fault = faults[0] === "lose all answers" ? faults[0] : faults.shift();
    if (fault === "refuse")
      return response
        .writeHead(403, { "x-amzn-errortype": "AccessDeniedException" })
        .end('{"Message":"User is not authorized to perform: lambda:InvokeFunction"}');
    if (fault === "fail") return response.writeHead(200, { "x-amz-function-error": "Unhandled" }).end('{"errorMessage":"Task timed out after 20.00 seconds"}');
    const answer = JSON.stringify(await handler(JSON.parse(body)));
    if (fault) return response.destroy();
    return response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  const listening = new Promise<void>((resolve) => lambdaApi.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "clientele-bootstrap-"));
  afterAll(() => {
    lambdaApi.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    faults = [];
    invocations.length = 0;
  });

  let files = 0;
  const newFile = () => join(folder, `key-${(files += 1)}`);
  /** Without a terminal, as in a pipeline. */
  async function bootstrap(...args: string[]): Promise<{ code: number; output: string }> {
    await listening;
    const { AWS_PROFILE: _, ...inherited } = process.env;
    const env = {
      ...inherited,
      AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambdaApi.address() as AddressInfo).port}`,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "operator",
      AWS_SECRET_ACCESS_KEY: "operator",
    };
    return new Promise((resolve) => {
      execFile(process.execPath, ["infra/bootstrap.ts", ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
      );
    });
  }
  const secretIn = (file: string) => readFileSync(file, "utf8").trimEnd();

  test("leaves a key that works in a file of the operator's own, and shows it nowhere else", async () => {
    const file = newFile();
    const { code, output } = await bootstrap("dev", "--to", file, "--name", "Ada's key");
    const secret = secretIn(file);
    expect([code, statSync(file).mode & 0o777, await works(secret)]).toEqual([0, 0o600, true]);
    expect(invocations.map(({ path }) => path)).toEqual([`/2015-03-31/functions/${functionNameOf("dev", bootstrapPlatform.name)}/invocations`]);
    expect(JSON.parse(invocations[0]?.body ?? "")).toEqual({ ...secretTraceOf(secret), name: "Ada's key", replace: false });
    expect(output).toContain((await keysOfPlatform())[0]?.id);
    for (const text of [output, JSON.stringify(invocations)]) expect(text).not.toContain(secret.slice(12, -4));
  });

  test("is refused while the platform has a key: the file is gone again; --replace gets an operator in who has lost it", async () => {
    const [first, second, third] = [newFile(), newFile(), newFile()];
    await bootstrap("dev", "--to", first);
    const refused = await bootstrap("dev", "--to", second);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining(secretTraceOf(secretIn(first)).display) });
    expect([refused.output.includes("--replace"), existsSync(second)]).toEqual([true, false]);
    const replaced = await bootstrap("dev", "--to", third, "--replace", "--function", "arn:aws:lambda:eu-west-1:123456789012:function:other");
    expect([replaced.code, await works(secretIn(first)), await works(secretIn(third))]).toEqual([0, false, true]);
    expect(invocations.at(-1)?.path).toContain(encodeURIComponent("function:other"));
  });

  test("asks nobody without a place for the key, with one that is taken, or without a stage", async () => {
    const taken = newFile();
    writeFileSync(taken, "what was there");
    for (const [args, words] of [
      [["dev"], "--to"],
      [["dev", "--to", taken], "exists already"],
      [["dev", "--to", join(folder, "none", "key")], "cannot be written"],
      [["--to", newFile()], "stage"],
      [["dev", "prod", "--to", newFile()], "stage"],
      [["dev", "--colour"], "--colour"],
    ] as const)
      expect(await bootstrap(...args)).toMatchObject({ code: 1, output: expect.stringContaining(words) });
    expect([invocations, secretIn(taken)]).toEqual([[], "what was there"]);
  });

  test("leaves nothing behind when the operator may not invoke it", async () => {
    faults = ["refuse"];
    const file = newFile();
    expect(await bootstrap("dev", "--to", file)).toMatchObject({ code: 1, output: expect.stringContaining("AccessDenied") });
    expect([existsSync(file), await keysOfPlatform()]).toEqual([false, []]);
  });

  test("repeats a request whose answer was lost, and the key is one", async () => {
    faults = ["lose the answer"];
    const file = newFile();
    expect((await bootstrap("dev", "--to", file)).code).toBe(0);
    expect([invocations.length, (await keysOfPlatform()).length, await works(secretIn(file))]).toEqual([2, 1, true]);
  });

  test.each([
    ["lose all answers", true],
    ["fail", false],
  ] as const)("keeps the secret and says how to find out when it cannot know: %s", async (fault, isMade) => {
    faults = [fault];
    const file = newFile();
    const { code, output } = await bootstrap("dev", "--to", file);
    expect([code, output.includes("not known") && output.includes(file), await works(secretIn(file))]).toEqual([1, true, isMade]);
    expect(output).not.toContain(secretIn(file).slice(12, -4));
  });
});
