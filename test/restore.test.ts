/**
 * A table is brought back to an instant at which much was committed and not yet told, and nothing acknowledged is lost. The
 * operator's programs run as they are. The embedded engine has streams, time to live, deletion protection and tags, and these
 * are its own; it has no point-in-time recovery, which test/operator-aws.ts plays: items only, as DynamoDB documents it.
 */
import { randomUUID } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient, ListTagsOfResourceCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Demo } from "../functions/local/demo.ts";
import { type Engine, startEngine } from "../functions/local/engine.ts";
import type { Clientele } from "../functions/local/runtime.ts";
import { localConnection } from "../functions/local/table.ts";
import { documentTextOfImage } from "../functions/shell/packed-document.ts";
import type { Json } from "./clientele.ts";
import { type Operator, startOperator } from "./operator.ts";
import { type Invocation, type LambdaApi, type PointInTimeRecovery, type Stage, startLambdaApi, startPointInTimeRecovery } from "./operator-aws.ts";
import { productProcess, requestTo } from "./product-process.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const members = 12;
const updated = 12;
const burst = 100;

const product = await productProcess();
const folder = mkdtempSync(join(tmpdir(), "clientele-restore-"));
const state = join(folder, "state");
let demo: Demo;
let baseUrl = product.baseUrl;
const send = (method: string, path: string, body?: object, idempotencyKey?: string): Promise<Json> =>
  requestTo(baseUrl, demo.liveKey, { method, path, body, idempotencyKey });

type Acknowledged = { readonly key: string; readonly tells: string; readonly answer: Json };
const acknowledged: Acknowledged[] = [];
let wallets: Json[];
async function write(tells: string, method: string, path: string, body: object): Promise<Json> {
  const key = randomUUID();
  const answer = await send(method, path, body, key);
  if (answer) acknowledged.push({ key, tells, answer });
  return answer;
}
const newCustomer = () => write("customer.created", "POST", "/v1/customers", { displayName: randomUUID() });

let engine: Engine;
let database: DynamoDBClient;
let recovery: PointInTimeRecovery;
let lambda: LambdaApi;
let operator: Operator;
let restored: Clientele;
const receivers: Receiver[] = [];
const invocations: Invocation[] = [];
type Fault = "crash" | "hang" | "throttle" | "fail the last";
/** What comes instead of an answer, by the function's name and how often it was invoked before. */
let faultOf: (functionName: string, earlier: number) => Fault | undefined = () => undefined;
/** Of what the old table holds when the product is killed: outboxes that are not in the log, by the ids of their events. */
let untoldBefore: Set<string>;
let waitingBefore: number;
let uncountedBefore: number;

async function itemsOf(tableName: string): Promise<Json[]> {
  const items: Json[] = [];
  let start: Json;
  do {
    const page = await database.send(new ScanCommand({ TableName: tableName, ExclusiveStartKey: start, ConsistentRead: true }));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}
const documentOf = (item: Json): Json => JSON.parse(documentTextOfImage(item) ?? "null");

async function untoldIn(tableName: string) {
  const items = await itemsOf(tableName);
  const pointed = new Set(items.flatMap(({ pk }) => /#EV#(evt_.+)$/.exec(pk.S)?.[1] ?? []));
  const told: string[] = items.flatMap(({ outbox }) => JSON.parse(outbox?.S ?? "[]").map(({ id }: Json) => id));
  const counted = new Map(items.filter(({ sk }) => sk.S === "ACCOUNTED").map((item) => [item.pk.S, documentOf(item).seq]));
  const heads = items.filter(({ pk, sk }) => pk.S.includes("#W#wal_") && sk.S === "HEAD");
  return {
    events: new Set(told.filter((id) => !pointed.has(id))),
    uncounted: heads.filter((head) => documentOf(head).sequence > (counted.get(head.pk.S) ?? 0)).length,
    waiting: items.filter((item) => item.pk.S.includes("#WD#") && !item.duePk && documentOf(item).status === "pending").length,
  };
}

/** Ends with the first acknowledgements of a last wave: the appender is behind, the books are, and so is the queue. */
async function writeAndKill(): Promise<void> {
  const program = await send("POST", "/v1/programs", { name: "Club" });
  const customers = await Promise.all(Array.from({ length: members + updated }, newCustomer));
  wallets = await Promise.all(customers.slice(0, members).map(({ id }) => send("POST", "/v1/wallets", { customerId: id, programId: program.id })));
  for (let round = 0; round < 3; round++)
    await Promise.all(wallets.map(({ id }) => write("points.earned", "POST", `/v1/wallets/${id}/earnings`, { points: 10, reason: String(round) })));
  await pause(500);
  const before = acknowledged.length;
  const cut = Array.from({ length: burst }, newCustomer);
  while (acknowledged.length < before + burst / 2) await pause(1);
  const wave = acknowledged.length;
  cut.push(
    ...customers.slice(members).map(({ id }) => write("customer.updated", "PATCH", `/v1/customers/${id}`, { displayName: randomUUID() })),
    ...wallets.map(({ id }) => write("points.earned", "POST", `/v1/wallets/${id}/earnings`, { points: 7 })),
  );
  while (acknowledged.slice(wave).filter(({ tells }) => tells === "points.earned").length < members / 3) await pause(1);
  await product.kill("product");
  await Promise.all(cut);
}

const stage: Stage = {
  tableName: "clientele",
  queueUrl: "",
  bucket: "given-up",
  async invoke(invocation) {
    const { functionName, records } = invocation;
    const fault = faultOf(functionName, invocations.filter((earlier) => earlier.functionName === functionName).length);
    invocations.push(invocation);
    if (fault === "crash" || fault === "throttle") return fault;
    const { handler } = await import(`../functions/${functionName.replace("clientele-dev-", "")}.ts`);
    if (fault !== "fail the last") return (await handler({ Records: records })) && (fault ?? { batchItemFailures: [] });
    await handler({ Records: records.slice(0, -1) });
    return { batchItemFailures: [{ itemIdentifier: records.at(-1).dynamodb.SequenceNumber }] };
  },
};
const at = () => `${new Date().toISOString().slice(0, 19)}Z`;
let restoredAt: string;

beforeAll(async () => {
  await product.start();
  demo = product.demo();
  for (const behaviour of [{}, "hang"] as const) {
    const receiver = await startReceiver();
    receiver.behave(behaviour);
    receivers.push(receiver);
    await send("POST", "/v1/webhook-endpoints", { url: receiver.url, eventTypes: ["customer.*"] });
  }
  await writeAndKill();
  engine = await startEngine(join(product.dataDir, "clientele.sqlite"), (error) => expect.fail(error.message));
  database = new DynamoDBClient(localConnection(engine.endpoint));
  const untold = await untoldIn("clientele");
  [untoldBefore, waitingBefore, uncountedBefore] = [untold.events, untold.waiting, untold.uncounted];
  [recovery, lambda] = await Promise.all([startPointInTimeRecovery(engine.endpoint), startLambdaApi(stage)]);
  operator = await startOperator({ dynamodb: recovery.endpoint, lambda: lambda.endpoint });
  Object.assign(stage, { queueUrl: operator.queueUrl });
}, 40_000);

afterAll(async () => {
  await restored?.stop();
  await engine?.stop();
  for (const { stop } of [...receivers, recovery, lambda, operator]) stop?.();
  await product.remove();
  rmSync(folder, { recursive: true });
});

test("the product was killed with events untold, entries uncounted and deliveries that only the queue knew", () => {
  console.log(
    `${acknowledged.length} acknowledged; ${untoldBefore.size} events untold, ${uncountedBefore} wallets uncounted, ${waitingBefore} deliveries waiting`,
  );
  for (const number of [untoldBefore.size, uncountedBefore, waitingBefore]) expect(number).toBeGreaterThan(0);
});

test("npm run restore makes a table that lacks nothing, says what settings.ts needs, and begins no second one when it runs again", async () => {
  restoredAt = at();
  const [first, again] = [await operator.run("restore.ts", "dev", "--at", restoredAt), await operator.run("restore.ts", "dev", "--at", restoredAt)];
  expect([first.code, again.code, recovery.requests.filter((name) => name === "RestoreTableToPointInTime").length]).toEqual([0, 0, 1]);
  const tableName = `clientele-dev-at-${restoredAt.replaceAll(/[-:]/g, "")}`;
  const { Table: table } = await database.send(new DescribeTableCommand({ TableName: tableName }));
  expect(table).toMatchObject({ StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" }, DeletionProtectionEnabled: true });
  expect((await database.send(new DescribeTimeToLiveCommand({ TableName: tableName }))).TimeToLiveDescription).toMatchObject({
    TimeToLiveStatus: "ENABLED",
    AttributeName: "expiresAtSeconds",
  });
  expect((await database.send(new ListTagsOfResourceCommand({ ResourceArn: table?.TableArn }))).Tags).toContainEqual({ Key: "stage", Value: "dev" });
  expect(recovery.recoveryDays.get(tableName)).toBe(7);
  expect(again.output).toContain(`restoredTable: { tableName: "${tableName}", streamLabel: "${table?.LatestStreamLabel}" }`);
});

test("with the next deployment the product works on it; what was untold stays so until it is reconciled", async () => {
  stage.tableName = process.env["TABLE_NAME"] = `clientele-dev-at-${restoredAt.replaceAll(/[-:]/g, "")}`;
  process.env["DYNAMODB_ENDPOINT"] = engine.endpoint;
  copyFileSync(join(product.dataDir, "demo.json"), join(folder, "demo.json"));
  const { startClientele } = await import("../functions/local/runtime.ts");
  restored = await startClientele({ port: 0, dataDir: folder });
  baseUrl = restored.baseUrl;
  receivers[1]?.behave({});
  await pause(500);
  expect((await untoldIn(stage.tableName)).events).toEqual(untoldBefore);
  expect((await send("POST", "/v1/customers", { displayName: "after the restore" })).id).toMatch(/^cus_/);
});

const journal = () => readdirSync(state).some((file) => file.startsWith(stage.tableName) && file.endsWith(".journal"));
/** SIGKILL once an invocation has done its work and was not answered. */
async function reconcileUntilHung(functionName: string, first: readonly Fault[]): Promise<void> {
  invocations.length = 0;
  faultOf = (name, earlier) => (name === functionName ? (first[earlier] ?? "hang") : undefined);
  const program = operator.start("reconcile.ts", "dev", "--state", state);
  while (invocations.filter((invocation) => invocation.functionName === functionName).length <= first.length) await pause(5);
  await pause(200);
  await program.kill();
}

test("npm run reconcile is killed while it counts and while it tells, goes on, bears failures, and tells everything", async () => {
  await reconcileUntilHung("clientele-dev-account-points", ["crash", "throttle", "fail the last"]);
  expect(journal()).toBe(true);
  await reconcileUntilHung("clientele-dev-append-events", ["fail the last"]);
  expect(journal()).toBe(true);
  faultOf = () => undefined;
  const { code, output } = await operator.run("reconcile.ts", "dev", "--state", state);
  console.log(output);
  expect([code, journal(), output]).toEqual([0, false, expect.stringContaining(`${untoldBefore.size} of them with untold events; ${members} wallets checked`)]);
  expect(await untoldIn(stage.tableName)).toMatchObject({ events: new Set(), uncounted: 0 });
});

async function allEvents(): Promise<Json[]> {
  const found: Json[] = [];
  for (let page: Json = { hasMore: true }; page.hasMore; ) {
    page = await send("GET", `/v1/events?limit=100&afterSequence=${found.at(-1)?.sequence ?? 0}`);
    found.push(...page.data);
  }
  return found;
}

test("every acknowledged write is there, and every event is in the log exactly once and without a gap", async () => {
  const events = await allEvents();
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  for (const { key, tells } of acknowledged) {
    expect(events.filter(({ type, request }) => type === tells && request?.idempotencyKey === key)).toHaveLength(1);
  }
  const created = acknowledged.filter(({ tells }) => tells === "customer.created");
  await Promise.all(created.map(async ({ answer }) => expect(await send("GET", `/v1/customers/${answer.id}`)).toMatchObject({ id: answer.id })));
  const updates = events.filter(({ type }) => type === "customer.updated");
  for (const { id, data } of updates) expect([id, data.previousAttributes === undefined]).toEqual([id, untoldBefore.has(id)]);
});

test("every delivery arrives at every endpoint, also those that nobody but the lost queue knew", async () => {
  const wanted = (await allEvents()).filter(({ type }) => type.startsWith("customer.")).map(({ id }) => id);
  const missing = ({ requests }: Receiver) => wanted.filter((id) => !requests.some(({ headers }) => headers["webhook-id"] === id));
  for (const end = Date.now() + 10_000; Date.now() < end && receivers.some((receiver) => missing(receiver).length > 0); ) await pause(50);
  expect(receivers.map(missing)).toEqual([[], []]);
});

test("the books equal the ledger, and the ledger verifies", async () => {
  const [program] = (await send("GET", "/v1/programs")).data;
  const entries: Json[] = (await Promise.all(wallets.map(({ id }) => send("GET", `/v1/wallets/${id}/entries?limit=100`)))).flatMap(({ data }) => data);
  const report = await send("GET", `/v1/programs/${program.id}/integrity`);
  expect(report).toMatchObject({ entriesChecked: entries.length, walletsChecked: members });
  expect(report.invariants.filter(({ drift }: Json) => drift !== 0)).toEqual([]);
  const earned = acknowledged.filter(({ tells }) => tells === "points.earned");
  expect(entries.length).toBeGreaterThanOrEqual(earned.length);
  const file = join(folder, "entries.ndjson");
  writeFileSync(file, entries.map((entry) => JSON.stringify(entry)).join("\n"));
  expect(await operator.node("openapi/sdk/ledger/verify-ledger.mjs", file)).toMatchObject({ code: 0 });
});

/** What stands in the table once nothing is under way: outcomes of deliveries are written after they have arrived. */
async function atRest(): Promise<Json[]> {
  for (let before = await itemsOf(stage.tableName); ; ) {
    await pause(500);
    const now = await itemsOf(stage.tableName);
    if (isDeepStrictEqual(now, before) && (await untoldIn(stage.tableName)).waiting === 0) return now;
    before = now;
  }
}

test("npm run reconcile changes nothing when it runs once more", async () => {
  const before = await atRest();
  const { code, output } = await operator.run("reconcile.ts", "dev", "--state", state);
  expect([code, output]).toEqual([0, expect.stringContaining(" 0 of them with untold events")]);
  expect(await itemsOf(stage.tableName)).toEqual(before);
});
