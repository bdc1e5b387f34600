/**
 * The ledger's promises while everything goes wrong at once, and what its clients were told meanwhile: commits collide, are
 * refused, lose their answers or come late; days pass; sweepers run late, twice and beside requests; the stream comes twice.
 * LEDGER_FAULTS_SEED runs one seed again: the same wishes and faults, though not in the same order.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { canonicalJson } from "../domain/kernel/canonical-json.ts";
import { Dice } from "../domain/loyalty/ledger/dice.test-model.ts";
import type { Entry } from "../domain/loyalty/ledger/entry.ts";
import { foldEntries, foldedPartOf } from "../domain/loyalty/ledger/fold.ts";
import { eventOf } from "../domain/loyalty/wallets/ledger-events.ts";
import { programIdOf } from "../domain/loyalty/wallets/wallet.ts";
import { walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { type StreamHandler, startStreamConsumer } from "../functions/local/stream.ts";
import { streamConsumers } from "../functions/local/stream-consumers.ts";
import { ensureTable } from "../functions/local/table.ts";
import { handler as sweep } from "../functions/run-due-work.ts";
import { deployment } from "../functions/shell/config.ts";
import { openTable } from "../functions/shell/table.ts";
import { call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { answerLost, arrivesLate, cancelled, type Fault, firstKeyRead, inject, nothingRead, refused, unreachable } from "./fault-injection.ts";
import { Clients, entriesIn, type Told } from "./ledger-clients.ts";
import { useMovingClock } from "./moving-clock.ts";
import { wholeTable } from "./whole-table.ts";

const seed = Number(process.env["LEDGER_FAULTS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const [wallets, clients, wishesOfEach, wishSeconds] = [5, 10, 60, 20];
const hour = 3_600_000;
const clock = useMovingClock();

let tenant: TenantKeys;
let told: Told[];
/** Of each wallet, as the API lists them, from the first. */
const ledgers = new Map<string, Json[]>();
let items: Json[];

/** What becomes of a request is drawn once: `for good` counts for the SDK's repeats of it too. */
function badLuck(dice: Dice, fates: readonly (readonly [share: number, Fault, duration: "once" | "for good"])[]): Fault {
  const drawn = new WeakMap<object, Fault>();
  const fine: Fault = (_, send) => send();
  return (request, send) => {
    const known = drawn.get(request);
    if (known) return known(request, send);
    let number = dice.next();
    const [, fault, duration] = fates.find(([share]) => (number -= share) < 0) ?? [1, fine, "for good"];
    drawn.set(request, duration === "once" ? fine : fault);
    return fault(request, send);
  };
}

async function openWallets(dice: Dice, count: number): Promise<string[]> {
  const post = async (path: string, body: object) => (await call(tenant.live, "post", path, { body })).body.id as string;
  const settings = {
    expiry: { kind: "rolling_months", months: 1, roundTo: "day" },
    debtPolicy: dice.of(["forbid", "within_balance", "allow_negative"]),
    reimbursementGraceDays: dice.of([0, 3]),
  };
  const programId = await post("/v1/programs", { name: "Club", ...settings });
  const open = async () => post("/v1/wallets", { customerId: await post("/v1/customers", {}), programId });
  return Promise.all(Array.from({ length: count }, open));
}

/** Every batch of the stream once more for each of its consumers, twice in a row, beside the product's own. `seen` are the keys they were handed. */
async function startSecondConsumers() {
  const folder = mkdtempSync(join(tmpdir(), "clientele-stream-"));
  const { endpoint = "", tableName } = deployment();
  const streamArn = await ensureTable(endpoint, tableName);
  const seen = new Set<string>();
  const start = async ({ name, wants }: (typeof streamConsumers)[number]) => {
    const { handler: once } = (await import(`../functions/${name}.ts`)) as { handler: StreamHandler };
    const handler: StreamHandler = async (batch) => {
      const { batchItemFailures } = await once(batch);
      if (batchItemFailures.length > 0) return { batchItemFailures };
      for (const { dynamodb } of batch.Records) seen.add(`${name} ${dynamodb?.Keys?.["pk"]?.S}`);
      return once(batch);
    };
    return startStreamConsumer({ endpoint, streamArn, positionFile: join(folder, name) }, { name: `second ${name}`, wants, handler });
  };
  const stops = await Promise.all(streamConsumers.map(start));
  const end = async () => {
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true });
  };
  return { seen, end };
}

async function whileRunning(running: Promise<unknown>, milliseconds: number, disturb: () => Promise<unknown>): Promise<void> {
  let isRunning = true;
  const end = running.finally(() => {
    isRunning = false;
  });
  while (isRunning) {
    await disturb();
    await Promise.race([end, pause(milliseconds)]);
  }
}

async function pagesOf(path: string): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await call(tenant.live, "get", `${path}?limit=100${cursor}`);
    found.push(...body.data);
    if (!body.hasMore) return found;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}

/** As EventBridge would; it does not wait for what is due within the minute. */
const sweepAt = (instant: number) => sweep({ time: new Date(instant).toISOString() }, { getRemainingTimeInMillis: () => 2_000 });
/** On a busy machine; it takes a quarter of that. */
const longestMilliseconds = 120_000;

beforeAll(async () => {
  console.log(`LEDGER_FAULTS_SEED=${seed}`);
  tenant = await newTenant();
  const dice = new Dice(seed);
  const ids = await openWallets(dice, wallets);
  const store = new Clients(tenant.live, ids);
  const arrivals: Promise<unknown>[] = [];
  const about = `T#${tenant.tenantId}#W#wal`;
  const writes = badLuck(new Dice(seed + 1), [
    [0.05, answerLost, "once"],
    [0.04, answerLost, "for good"],
    [0.05, cancelled("TransactionConflict"), "for good"],
    [0.02, cancelled("ThrottlingError"), "for good"],
    [0.02, unreachable, "for good"],
    [0.02, refused("InternalServerError", { status: 500 }), "for good"],
    [0.03, arrivesLate(30, arrivals), "once"],
    [0.04, arrivesLate(400, arrivals), "for good"],
  ]);
  const reads = badLuck(new Dice(seed + 2), [
    [0.02, firstKeyRead, "once"],
    [0.02, nothingRead, "once"],
    [0.02, unreachable, "for good"],
  ]);
  const consumers = await startSecondConsumers();
  {
    using _writes = inject({ about }, writes);
    using _reads = inject({ request: "BatchGetItem", about }, reads);
    const running = Promise.all(Array.from({ length: clients }, (_, client) => store.want(wishesOfEach, new Dice(seed + 10 + client), wishSeconds)));
    await Promise.all([
      running,
      whileRunning(running, 250, async () => clock.moveTo(Math.min(Date.now() + dice.between(1, 60) * hour, store.latestNow))),
      whileRunning(running, 400, () => {
        const times = [Date.now(), Date.now() - dice.between(1, 50) * hour].slice(0, dice.between(1, 2));
        return Promise.all(times.map(sweepAt));
      }),
    ]);
    await Promise.all(arrivals);
  }
  told = store.told;
  await sweepAt(Date.now() + hour);
  for (const id of ids) ledgers.set(id, (await pagesOf(`/v1/wallets/${id}/entries`)).toReversed());
  // What is written last comes last in the stream.
  const [last] = await openWallets(dice, 1);
  await eventually(async () => streamConsumers.every(({ name }) => consumers.seen.has(`${name} T#${tenant.tenantId}#W#${last}`)), longestMilliseconds / 2);
  await consumers.end();
  items = (await wholeTable()).filter(({ pk }) => pk.startsWith(`T#${tenant.tenantId}#`));
}, longestMilliseconds);

const entriesOfAll = () => [...ledgers.values()].flat();
const done = () => told.filter(({ status }) => status < 300);
/** The entries that nobody asked for: time made them. */
const isRolled = ({ type, reason, reference }: Json) => type === "activate" || (type === "expire" && !reference) || (type === "void" && reason === "expired");
const expectedRefusals = new Set([
  "409 insufficient_points",
  "409 hold_not_open",
  "409 capture_exceeds_hold",
  "409 too_many_holds",
  "409 reversal_exceeds_entry",
  "409 entry_not_reversible",
  "409 reference_used",
  "422 expiry_out_of_range",
]);
const named = (text: string) => items.filter(({ pk, sk }) => `${pk} ${sk}`.includes(text));
const distinct = (values: readonly (string | undefined)[]) => new Set(values.filter((value) => value !== undefined)).size;

/** What stands in one list and not in the other: short, where a difference of whole lists would be thousands of lines. */
function unmatched(some: readonly object[], others: readonly object[]): string[] {
  const counts = new Map<string, number>();
  for (const one of some.map(canonicalJson)) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const other of others.map(canonicalJson)) counts.set(other, (counts.get(other) ?? 0) - 1);
  return [...counts].flatMap(([text, count]) => (count === 0 ? [] : [`${count > 0 ? "+" : ""}${count} ${text}`]));
}

test("much went wrong, and clients heard nothing but refusals of the ledger", () => {
  const refusals = Map.groupBy(
    told.filter(({ status }) => status >= 300),
    ({ status, body }) => `${status} ${body.code}`,
  );
  console.log(`${entriesOfAll().length} entries, ${told.length} answers, ${JSON.stringify([...refusals].map(([code, all]) => [code, all.length]))}`);
  expect([...refusals.keys()].filter((refusal) => !expectedRefusals.has(refusal))).toEqual([]);
  expect(done().length).toBeGreaterThan(told.length / 2);
  expect(entriesOfAll().filter(isRolled).length).toBeGreaterThan(wallets);
  expect(done().some(({ headers }) => headers.get("idempotency-replayed") === "true")).toBe(true);
});

test("the entries of a wallet have no gap, hash each other, and verify for whoever has nothing but them", () => {
  for (const entries of ledgers.values()) expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  const input = entriesOfAll().map((entry) => JSON.stringify(entry));
  const { status, stderr } = spawnSync(process.execPath, ["openapi/sdk/ledger/verify-ledger.mjs", "-"], { input: input.join("\n"), encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("a wallet is what its entries say", async () => {
  for (const [id, entries] of ledgers) {
    const head = await openTable(tenant.tenantId).get(walletKey(id));
    expect(head && foldedPartOf(head)).toEqual(foldEntries(entries as Entry[]));
  }
});

test("every command that was answered is in the ledger once and as it was told, and nothing else is", () => {
  const entryIdsOf = Map.groupBy(done(), ({ name }) => name);
  for (const answers of entryIdsOf.values()) expect(new Set(answers.map(({ body }) => JSON.stringify(entriesIn(body)))).size).toBe(1);
  const acknowledged = [...entryIdsOf.values()].flatMap(([first]) => entriesIn(first?.body));
  const asked = entriesOfAll().filter((entry) => !isRolled(entry));
  expect(unmatched(acknowledged, asked)).toEqual([]);
});

test("entries stand in the order in which clients saw them: what began after an answer comes after it", () => {
  const first = new Map<string, Told>();
  for (const one of done())
    for (const { id } of entriesIn(one.body)) if (!first.has(id) || (first.get(id) as Told).answeredAt > one.answeredAt) first.set(id, one);
  for (const entries of ledgers.values()) {
    let latestBegin = 0;
    for (const { id } of entries) {
      const { begunAt = 0, answeredAt = Number.POSITIVE_INFINITY } = first.get(id) ?? {};
      expect(answeredAt, id).toBeGreaterThanOrEqual(latestBegin);
      latestBegin = Math.max(latestBegin, begunAt);
    }
  }
});

test("every entry was told once, as it stands in the ledger", () => {
  const events: Json[] = items.filter(({ pk }) => /#EL#\d+#\d+$/.test(pk)).map(({ document }) => JSON.parse(document));
  const toldOf = events.flatMap(({ type, data }) => (data.object.object === "entry" ? [{ type, entry: data.object }] : []));
  const expected = entriesOfAll().map((entry) => ({ type: eventOf(entry as Entry).type, entry }));
  expect(unmatched(toldOf, expected)).toEqual([]);
});

test("the books have counted every entry once, and found nothing wrong", async () => {
  const [wallet] = ledgers.keys();
  const report = await eventually(async () => {
    const { body } = await call(tenant.live, "get", `/v1/programs/${programIdOf(wallet as string)}/integrity`);
    return body.entriesChecked >= entriesOfAll().length && body;
  });
  expect(report.entriesChecked).toBe(entriesOfAll().length);
  expect(report.invariants.filter(({ drift }: Json) => drift !== 0)).toEqual([]);
});

test("what was refused left nothing: no reference, no key, no hold, no tally that no entry accounts for", () => {
  const entries = entriesOfAll();
  expect(named(" REF#")).toHaveLength(entries.filter(({ reference }) => reference).length);
  expect(named("#IDEM#")).toHaveLength(distinct(done().map(({ key }) => key)));
  const holds = named("#H#hld").map(({ document }) => JSON.parse(document));
  expect(holds.map(({ id }) => id).toSorted()).toEqual(entries.flatMap(({ type, holdId }) => (type === "hold" ? [holdId] : [])).toSorted());
  const captured = (id: string) => entries.filter(({ type, holdId }) => type === "capture" && holdId === id).reduce((sum, { points }) => sum + points, 0);
  for (const hold of holds) expect([hold.id, hold.capturedPoints]).toEqual([hold.id, captured(hold.id)]);
  const undone = Map.groupBy(
    entries.filter(({ reverses }) => reverses),
    ({ reverses }) => reverses,
  );
  const tallies = named(" RV#").map(({ pk, sk, document }) => [pk.split("#W#")[1], Number(sk.slice("RV#".length)), JSON.parse(document).points]);
  const expected = [...undone.values()].map((all) => [all[0].walletId, Number(all[0].reverses.slice(-10)), all.reduce((sum, { points }) => sum + points, 0)]);
  expect(tallies.toSorted()).toEqual(expected.toSorted());
});
