/** The past of a wallet over HTTP, on the real engine: its balance at any instant, and what proves an entry. */
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { overwrite } from "../domain/kernel/table.ts";
import { entryHash } from "../domain/loyalty/ledger/entry.ts";
import type { WalletHead } from "../domain/loyalty/ledger/wallet-head.ts";
import { walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { openTable } from "../functions/shell/table.ts";
import { baseUrl, call, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";

const clock = useMovingClock();
const day = 86_400;

async function newWallet(settings: object = {}): Promise<{ tenant: TenantKeys; id: string }> {
  const tenant = await newTenant();
  const program = await call(tenant.live, "post", "/v1/programs", { body: { name: "Club", timeZone: "UTC", expiry: { kind: "never" }, ...settings } });
  const customer = await call(tenant.live, "post", "/v1/customers", { body: {} });
  const { body } = await call(tenant.live, "post", "/v1/wallets", { body: { customerId: customer.body.id, programId: program.body.id } });
  return { tenant, id: body.id };
}
const now = () => new Date().toISOString();
const dateIn = (days: number) => new Date(Date.now() + days * day * 1000).toISOString().slice(0, 10);

async function post(tenant: TenantKeys, path: string, body: object): Promise<Json> {
  const answer = await call(tenant.live, "post", `/v1${path}`, { body });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}
async function balance(tenant: TenantKeys, id: string, query: { at?: string; knownAt?: string } = {}): Promise<Json> {
  const { body } = await call(tenant.live, "get", `/v1/wallets/${id}/balance?${new URLSearchParams(query)}`);
  const { available, pending, held, debt } = body;
  return body.object === "wallet_balance" ? { available, pending, held, debt } : body;
}
const has = (available: number, others: object = {}) => ({ available, pending: 0, held: 0, debt: 0, ...others });

/** 152 entries, with two checkpoints, at 64 and 128; `told` is what the wallet had, from minute to minute. */
async function writeLongHistory(): Promise<{ tenant: TenantKeys; id: string; told: [string, Json][] }> {
  const { tenant, id } = await newWallet();
  const early = await post(tenant, `/wallets/${id}/earnings`, { points: 1000, pendingUntil: dateIn(1000) });
  const told: [string, Json][] = [];
  for (let count = 1; count <= 149; count++) {
    if (count % 70 === 0) await post(tenant, `/entries/${early.entry.id}/reversals`, { points: 100, reason: "Returned." });
    await post(tenant, `/wallets/${id}/earnings`, { points: count });
    told.push([now(), has((count * (count + 1)) / 2, { pending: 1000 - 100 * Math.floor(count / 70) })]);
    clock.moveOn(60);
  }
  return { tenant, id, told };
}
let written: ReturnType<typeof writeLongHistory> | undefined;
const longHistory = () => (written ??= writeLongHistory());

describe("the balance of a wallet", () => {
  test("is known of every instant, whether or not anybody wrote down what came due", async () => {
    const { tenant, id } = await newWallet();
    const opened = now();
    clock.moveOn(1);
    await post(tenant, `/wallets/${id}/earnings`, { points: 100, expiresOn: dateIn(10) });
    await post(tenant, `/wallets/${id}/earnings`, { points: 40, pendingUntil: dateIn(5) });
    const earned = now();
    clock.moveOn(day);
    await post(tenant, `/wallets/${id}/holds`, { points: 30, expiresAt: new Date(Date.now() + 3 * day * 1000).toISOString() });
    const held = now();
    clock.moveOn(30 * day);
    const expected = [
      [opened, has(0)],
      [earned, has(100, { pending: 40 })],
      [held, has(70, { pending: 40, held: 30 })],
      [`${dateIn(-26)}T00:00:00.000Z`, has(140)],
      [`${dateIn(-21)}T23:59:59.999Z`, has(140)],
      [`${dateIn(-20)}T00:00:00.000Z`, has(40)],
    ] as const;
    for (const [at, then] of expected) expect(await balance(tenant, id, { at }), at).toEqual(then);
    expect(await balance(tenant, id)).toEqual(has(40));
    await post(tenant, `/wallets/${id}/redemptions`, { points: 1 });
    for (const [at, then] of expected) expect(await balance(tenant, id, { at }), at).toEqual(then);
    expect(await balance(tenant, id)).toEqual(has(39));
  });

  test("tells what was true from what was known", async () => {
    const { tenant, id } = await newWallet({ debtPolicy: "allow_negative" });
    await post(tenant, `/wallets/${id}/earnings`, { points: 10 });
    clock.moveOn(day);
    const purchasedAt = now();
    clock.moveOn(day);
    await post(tenant, `/wallets/${id}/adjustments`, { points: -25, reason: "Mistake." });
    const knownBefore = now();
    clock.moveOn(day);
    await post(tenant, `/wallets/${id}/earnings`, { points: 50, effectiveAt: purchasedAt });
    const knownAfter = now();
    clock.moveOn(day);
    await post(tenant, `/wallets/${id}/redemptions`, { points: 35 });
    expect(await balance(tenant, id, { at: purchasedAt })).toEqual(has(60));
    expect(await balance(tenant, id, { at: purchasedAt, knownAt: knownBefore })).toEqual(has(10));
    expect(await balance(tenant, id, { knownAt: knownBefore })).toEqual(has(0, { debt: 15 }));
    expect(await balance(tenant, id, { at: knownBefore, knownAt: knownAfter })).toEqual(has(35));
    expect(await balance(tenant, id)).toEqual(has(0));
  });

  test("is found from checkpoints, far back in a long history, even where pending points were taken back", async () => {
    const { tenant, id, told } = await longHistory();
    for (const index of [0, 30, 62, 63, 64, 69, 71, 100, 127, 128, 139, 148]) {
      const [at, then] = told[index] as [string, Json];
      for (const query of [{ at }, { at, knownAt: at }, { knownAt: at }]) expect(await balance(tenant, id, query), `${index}`).toEqual(then);
    }
  });

  test("is refused for the future, and for what was true later than it was known", async () => {
    const { tenant, id } = await newWallet();
    const past = now();
    clock.moveOn(1);
    const future = new Date(Date.now() + 10_000).toISOString();
    expect(await balance(tenant, id, { at: future })).toMatchObject({ status: 422, code: "instant_in_future" });
    expect(await balance(tenant, id, { knownAt: future })).toMatchObject({ status: 422, code: "instant_in_future" });
    expect(await balance(tenant, id, { at: now(), knownAt: past })).toMatchObject({ status: 422, code: "at_after_known_at" });
    expect(await balance(tenant, id, { at: "2001-01-01T00:00:00Z" })).toEqual(has(0));
  });

  test("is refused when more than 10,000 entries lie between the two instants, before any of them is read", async () => {
    const { tenant, id } = await newWallet();
    await post(tenant, `/wallets/${id}/earnings`, { points: 1 });
    const early = now();
    clock.moveOn(60);
    const table = openTable(tenant.tenantId);
    const head = { ...((await table.get(walletKey(id))) as WalletHead), sequence: 10_001, updatedAt: now() };
    await table.commit([overwrite(walletKey(id), head)], () => []);
    expect(await balance(tenant, id, { at: "2001-01-01T00:00:00Z" })).toMatchObject({ code: "range_too_long", entries: 10_001, entriesMax: 10_000 });
    expect(await balance(tenant, id, { at: early, knownAt: early })).toEqual(has(1));
  });
});

describe("expired points that are reinstated", () => {
  /** A wallet with an entry that tells of 100 expired points. */
  async function withExpired(): Promise<{ tenant: TenantKeys; id: string; expiryId: string }> {
    const { tenant, id } = await newWallet();
    await post(tenant, `/wallets/${id}/earnings`, { points: 100, expiresOn: dateIn(3) });
    clock.moveOn(5 * day);
    await post(tenant, `/wallets/${id}/earnings`, { points: 1 });
    const { body } = await call(tenant.live, "get", `/v1/wallets/${id}/entries?type=expire`);
    return { tenant, id, expiryId: body.data[0].id };
  }
  const reinstate = (tenant: TenantKeys, entryId: string, points?: number) =>
    call(tenant.live, "post", `/v1/entries/${entryId}/reinstatements`, { body: { reason: "Goodwill.", points } });

  test("in parts are never more than had expired, and the rest is what is left", async () => {
    const { tenant, id, expiryId } = await withExpired();
    const first = await reinstate(tenant, expiryId, 60);
    expect(first).toMatchObject({ status: 201, body: { entry: { type: "reinstatement", points: 60, reverses: expiryId }, wallet: { available: 61 } } });
    expect((await reinstate(tenant, expiryId, 41)).body).toMatchObject({ code: "reversal_exceeds_entry", reversible: 40 });
    expect((await reinstate(tenant, expiryId)).body).toMatchObject({ entry: { points: 40 }, wallet: { available: 101 } });
    expect((await reinstate(tenant, expiryId)).body).toMatchObject({ code: "reversal_exceeds_entry", reversible: 0 });
    expect((await reinstate(tenant, expiryId, 1)).body).toMatchObject({ code: "reversal_exceeds_entry", reversible: 0 });
    expect(await balance(tenant, id)).toEqual(has(101));
  });

  test("by many at once are never more than had expired", async () => {
    const { tenant, id, expiryId } = await withExpired();
    const codes = await Promise.all(
      Array.from({ length: 12 }, async () => {
        for (;;) {
          const { status, body } = await reinstate(tenant, expiryId, 30);
          if (body.code !== "contention") return body.code ?? status;
        }
      }),
    );
    expect(codes.toSorted()).toEqual([201, 201, 201, ...Array(9).fill("reversal_exceeds_entry")]);
    expect(await balance(tenant, id)).toEqual(has(91));
  });

  test("are those of an expiry, not of another entry", async () => {
    const { tenant, id } = await newWallet();
    const { entry } = await post(tenant, `/wallets/${id}/earnings`, { points: 5 });
    expect(await reinstate(tenant, entry.id)).toMatchObject({ status: 409, body: { code: "entry_not_reversible", entryType: "earn" } });
  });
});

describe("the proof of an entry", () => {
  const folder = mkdtempSync(join(tmpdir(), "clientele-proofs-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  function file(name: string, content: unknown): string {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
    return join(folder, name);
  }
  const verify = (...files: string[]) => spawnSync(process.execPath, ["openapi/sdk/ledger/verify-ledger.mjs", ...files], { encoding: "utf8" });
  const proofOf = async (tenant: TenantKeys, entryId: string): Promise<Json> => (await call(tenant.live, "get", `/v1/entries/${entryId}/proof`)).body;
  const keySet = async () => (await call(undefined, "get", "/.well-known/jwks.json")).body;
  const entryIds = (id: string, seq: number) => `ent_${id.slice("wal_".length)}${String(seq).padStart(10, "0")}`;

  test.each([
    [1, 64, 63],
    [64, 64, 0],
    [65, 128, 63],
    [129, 152, 23],
    [152, 152, 0],
  ])("entry %i is chained to entry %i by %i links, and an auditor can verify it alone", async (seq, anchorSeq, links) => {
    const { tenant, id } = await longHistory();
    const proof = await proofOf(tenant, entryIds(id, seq));
    expect([proof.entry.seq, proof.anchor.seq, proof.links.length]).toEqual([seq, anchorSeq, links]);
    expect(createHash("sha256").update(proof.canonical).digest("hex")).toBe(proof.entry.hash);
    const { status, stdout, stderr } = verify(file("proof.json", proof), file("jwks.json", await keySet()));
    expect(stderr).toBe("");
    expect(stdout).toContain(`is chained to entry ${anchorSeq}`);
    expect(stdout).toContain(`signed for live data of ${tenant.tenantId}`);
    expect(status).toBe(0);
    expect(verify(file("proof.json", proof)).stdout).toContain("signature not checked");
  });

  test("an export made page by page verifies, together with the proofs that were kept", async () => {
    const { tenant, id } = await longHistory();
    // Not at once, as the verifier is run: the product that it asks runs in this process.
    const env = { ...process.env, CLIENTELE_API_KEY: tenant.live };
    const { stdout: exported } = await promisify(execFile)(process.execPath, ["openapi/sdk/ledger/export-ledger.mjs", baseUrl, id], { env });
    expect(exported.trim().split("\n")).toHaveLength(152);
    const files = [file("export.ndjson", exported), file("kept.json", await proofOf(tenant, entryIds(id, 3))), file("jwks.json", await keySet())];
    expect(verify(...files)).toMatchObject({
      status: 0,
      stderr: "",
      stdout: expect.stringContaining("OK: 152 entries of 1 wallet verify.\nOK: 1 proof verifies."),
    });
  });

  const forgeries: [string, (proof: Json) => unknown, string][] = [
    ["points changed", (proof) => ({ ...proof, entry: { ...proof.entry, points: 5 } }), "not the text of the entry"],
    ["a link left out", (proof) => ({ ...proof, links: proof.links.slice(1) }), "the chain has entry 5 after entry 3"],
    ["the last link left out", (proof) => ({ ...proof, links: proof.links.slice(0, -1) }), "the anchor is another"],
    ["a link changed", (proof) => ({ ...proof, links: proof.links.map((link: Json) => ({ ...link, reason: "gift" })) }), "has the hash"],
    [
      "another anchor, that the chain does lead to",
      (proof) => ({ ...proof, links: [], anchor: { seq: 3, hash: proof.entry.hash, recordedAt: proof.entry.recordedAt } }),
      "what is signed is another anchor",
    ],
    ["a signature of nobody", (proof) => ({ ...proof, signature: `${proof.signature.slice(0, -6)}AAAAAA` }), "its signature does not verify"],
    ["a signature of something else", (proof) => ({ ...proof, signature: `e30.${proof.signature.split(".").slice(1).join(".")}` }), "none of an anchor"],
  ];
  test.each(forgeries)("forged is found out: %s", async (_, forge, text) => {
    const { tenant, id } = await longHistory();
    const { status, stderr, stdout } = verify(file("forged.json", forge(await proofOf(tenant, entryIds(id, 3)))), file("jwks.json", await keySet()));
    expect(stderr).toContain(text);
    expect([status, stdout]).toEqual([1, ""]);
  });

  test("a history that is written anew contradicts a proof that was kept", async () => {
    const { tenant, id } = await longHistory();
    const kept = await proofOf(tenant, entryIds(id, 1));
    const { hash: _, object: __, ...body } = { ...kept.entry, reason: "Invented." };
    const forged = { ...body, hash: entryHash(body) };
    expect(verify(file("rewritten.ndjson", forged)).status).toBe(0);
    const { status, stderr } = verify(file("rewritten.ndjson", forged), file("kept.json", kept));
    expect(stderr).toContain("the export has another entry 1");
    expect(status).toBe(1);
  });

  test("an entry that does not exist has none", async () => {
    const { tenant, id } = await longHistory();
    expect(await proofOf(tenant, entryIds(id, 153))).toMatchObject({ status: 404, code: "entry_not_found" });
  });
});
