/** `npm run listen` as an integrator uses it: a process of its own beside the whole product, and a server to forward to. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, describe, expect, test, vi } from "vitest";
import { baseUrl, call, type Json, keyWith, newTenant, type TenantKeys } from "../../../test/clientele.ts";

const folder = mkdtempSync(join(tmpdir(), "clientele-listen-"));
const started: ChildProcessWithoutNullStreams[] = [];
const until = <Result>(condition: () => Result) => vi.waitUntil(condition, { timeout: 20_000, interval: 25 });
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function listen(options: readonly string[], cwd = folder) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "main.ts"), ...options], { cwd });
  started.push(child);
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (part) => (said.out += part));
  child.stderr.setEncoding("utf8").on("data", (part) => (said.err += part));
  const lines = (): Json[] =>
    said.out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return { child, said, lines, ended: once(child, "close").then(([code]) => code as number | null) };
}

async function listenTo(tenant: TenantKeys, ...options: string[]) {
  const listening = listen(["--base-url", baseUrl, "--key", tenant.test, "--json", ...options]);
  await until(() => listening.said.out.includes("\n") || listening.child.exitCode !== null);
  return { ...listening, start: listening.lines()[0]?.listening ?? expect.fail(listening.said.err) };
}

/** The integrator's server: answers the given statuses in turn, the last one for good. */
async function integrator(...statuses: number[]) {
  const requests: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ headers: request.headers, body: await text(request) });
    response.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  afterAll(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, requests };
}

const createCustomer = async (tenant: TenantKeys, displayName: string, key = tenant.test): Promise<Json> =>
  (await call(key, "post", "/v1/customers", { body: { displayName } })).body;
const endpointsOf = async (tenant: TenantKeys): Promise<Json[]> => (await call(tenant.test, "get", "/v1/webhook-endpoints")).body.data;
const verified = ({ headers, body }: { headers: IncomingHttpHeaders; body: string }, secret: string): Json =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe("by webhook", () => {
  test("without an option but --forward: events are shown, forwarded as they are, and verify with the printed secret; Ctrl-C removes the endpoint", async () => {
    const tenant = await newTenant();
    const { url, requests } = await integrator(200);
    const cwd = join(folder, "defaults");
    mkdirSync(join(cwd, ".data"), { recursive: true });
    writeFileSync(join(cwd, ".data", "demo.json"), JSON.stringify({ baseUrl, testKey: tenant.test }));
    const { child, said, ended } = listen(["--forward", url], cwd);
    await until(() => said.out.includes("Secret") || child.exitCode !== null);
    const secret = /whsec_\S+/.exec(said.out)?.[0] ?? expect.fail(said.err);

    const customer = await createCustomer(tenant, "Ada");
    await createCustomer(tenant, "Not test data", tenant.live);
    const line = await until(() => said.out.split("\n").find((one) => one.includes(customer.id)));
    expect(line).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} {2}customer\\.created +${customer.id} {2}#\\d+ {2}200 in \\d+ ms$`));
    const request = await until(() => requests.find(({ body }) => body.includes(customer.id)));
    expect(verified(request, secret)).toMatchObject({ type: "customer.created", tenantId: tenant.tenantId, livemode: false, data: { object: customer } });
    expect(request.headers["webhook-signature"]).toContain(" v1a,");
    expect(said.out).not.toContain("refused");
    expect(said.out).not.toContain("\u001b");

    expect(await endpointsOf(tenant)).toMatchObject([{ status: "enabled" }]);
    child.kill("SIGINT");
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(await endpointsOf(tenant)).toEqual([]);
  });

  test("what the integrator's server refuses comes again as the same event, and only the wanted types come", async () => {
    const tenant = await newTenant();
    const { url, requests } = await integrator(500, 200);
    const { lines, start } = await listenTo(tenant, "--forward", url, "--events", "customer.*");
    const customer = await createCustomer(tenant, "Ada");
    const events = await until(() => lines().length === 3 && lines().slice(1));
    expect(events).toMatchObject([
      { verified: true, attempt: 1, forwarded: { status: 500 }, event: { data: { object: { id: customer.id } } } },
      { verified: true, attempt: 2, forwarded: { status: 200 }, event: { data: { object: { id: customer.id } } } },
    ]);
    const [first, second] = requests.map((request) => ({ id: request.headers["webhook-id"], event: verified(request, start.secret) }));
    expect(second).toEqual(first);
  });

  test("the endpoint of a listener that was killed is removed by the next, the one of a running listener is not", async () => {
    const tenant = await newTenant();
    const killed = await listenTo(tenant);
    const running = await listenTo(tenant);
    killed.child.kill("SIGKILL");
    await killed.ended;
    const next = await listenTo(tenant);
    const ids = (await endpointsOf(tenant)).map(({ id }) => id).sort();
    expect(ids).toEqual([running.start.endpointId, next.start.endpointId].sort());
  });

  test("a request that is not Clientele's is refused and told, and not forwarded", async () => {
    const tenant = await newTenant();
    const { url, requests } = await integrator(200);
    const { lines } = await listenTo(tenant, "--forward", url, "--events", "customer.*");
    const [endpoint] = await endpointsOf(tenant);
    const headers = new Webhook("whsec_Zm9yZ2VyeWZvcmdlcnlmb3JnZXJ5Zm9yZ2VyeTEyMzQ=").sign("evt_1", new Date(), "{}");
    const forged = { "webhook-id": "evt_1", "webhook-timestamp": String(Math.floor(Date.now() / 1000)), "webhook-signature": headers };
    expect((await fetch(endpoint.url, { method: "POST", headers: forged, body: "{}" })).status).toBe(400);
    expect(await until(() => lines()[1])).toMatchObject({ verified: false, code: "signature_mismatch" });
    expect(requests).toEqual([]);
  });
});

test("by asking: later events are shown and forwarded once and in order, signed with the printed secret, and nothing is created", async () => {
  const tenant = await newTenant();
  const { url, requests } = await integrator(500);
  const before = await createCustomer(tenant, "Before");
  await until(async () => (await call(tenant.test, "get", "/v1/events")).body.data.length > 0);
  const { child, lines, start, ended } = await listenTo(tenant, "--pull", "--forward", url, "--events", "customer.created,customer.deleted");
  const customers = [];
  for (const name of ["One", "Two", "Three"]) customers.push(await createCustomer(tenant, name));
  const events = await until(() => lines().length === 4 && lines().slice(1));
  expect(events.map(({ event }) => event.data.object.id)).toEqual(customers.map(({ id }) => id));
  expect(events[0]).toMatchObject({ verified: true, forwarded: { status: 500 } });
  expect(requests.map((request) => verified(request, start.secret).data.object.id)).toEqual(customers.map(({ id }) => id));
  expect(JSON.stringify(lines())).not.toContain(before.id);
  expect(await endpointsOf(tenant)).toEqual([]);
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});

test("a hindrance is told in one line, with code 1", async () => {
  const tenant = await newTenant();
  const noScope = await keyWith(tenant, ["customers:read"]);
  const nobody = "http://127.0.0.1:1024";
  const hindrances: [options: string[], words: string][] = [
    [["--base-url", nobody, "--key", "ck_x"], `No Clientele at ${nobody} (ECONNREFUSED). Start it`],
    [["--base-url", baseUrl, "--key", "ck_x"], "The key is refused"],
    [["--base-url", baseUrl, "--key", noScope], "The key lacks the scope webhooks:read and webhooks:write."],
    [["--base-url", baseUrl, "--key", noScope, "--pull"], "The key lacks the scope events:read."],
    [["--base-url", baseUrl, "--key", tenant.test, "--events", "custmer.*"], "custmer.*"],
    [["--base-url", "here", "--key", "ck_x"], "--base-url takes an address"],
    [["--base-url", baseUrl, "--key", tenant.test, "--forward", "8080"], "--forward takes an address"],
    [["--frward", "x"], "Unknown option '--frward'"],
    [[], 'There is no .data/demo.json. Start Clientele with "npm start"'],
  ];
  for (const [options, words] of hindrances) {
    const { said, ended } = listen(options);
    expect(await ended, options.join(" ")).toBe(1);
    expect(said.err.trim().split("\n")).toEqual([expect.stringContaining(words)]);
  }
  expect(await endpointsOf(tenant)).toEqual([]);
});
