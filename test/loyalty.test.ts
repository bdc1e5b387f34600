/** Wallets over HTTP, on the real engine: what a member has is never more and never less than what the entries say. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../domain/kernel/canonical-json.ts";
import { call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";

async function walletIn(tenant: TenantKeys, settings: object = {}): Promise<string> {
  const program = await call(tenant.live, "post", "/v1/programs", { body: { name: "Club", ...settings } });
  return walletOf(tenant, program.body.id);
}
async function walletOf(tenant: TenantKeys, programId: string): Promise<string> {
  const customer = await call(tenant.live, "post", "/v1/customers", { body: {} });
  const { status, body } = await call(tenant.live, "post", "/v1/wallets", { body: { customerId: customer.body.id, programId } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.id;
}
const post = (tenant: TenantKeys, path: string, body: object) => call(tenant.live, "post", `/v1${path}`, { body });
const wallet = async (tenant: TenantKeys, id: string): Promise<Json> => (await call(tenant.live, "get", `/v1/wallets/${id}`)).body;
async function entries(tenant: TenantKeys, id: string): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await call(tenant.live, "get", `/v1/wallets/${id}/entries?limit=100${cursor}`);
    found.push(...body.data);
    if (!body.hasMore) return found.toReversed();
    cursor = `&cursor=${body.nextCursor}`;
  }
}

describe("64 clients at once", () => {
  test("never redeem more than a wallet has, and every point they do redeem is written down", async () => {
    const tenant = await newTenant();
    const id = await walletIn(tenant);
    await post(tenant, `/wallets/${id}/earnings`, { points: 100 });
    let redeemed = 0;
    const codes = new Map<string, number>();
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        for (let tries = 0; tries < 30; tries++) {
          const { status, body } = await post(tenant, `/wallets/${id}/redemptions`, { points: 7 });
          codes.set(body.code ?? String(status), (codes.get(body.code ?? String(status)) ?? 0) + 1);
          if (status === 201) redeemed += 7;
          if (body.code === "insufficient_points") return;
        }
      }),
    );
    expect(redeemed).toBe(98);
    expect(await wallet(tenant, id)).toMatchObject({ available: 2, sequence: 15 });
    expect((await entries(tenant, id)).map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
    expect([...codes.keys()].toSorted()).toSatisfy((seen: string[]) => seen.every((code) => ["201", "contention", "insufficient_points"].includes(code)));
  });

  test("earn once with one reference", async () => {
    const tenant = await newTenant();
    const id = await walletIn(tenant);
    const answers = await Promise.all(Array.from({ length: 64 }, () => post(tenant, `/wallets/${id}/earnings`, { points: 10, reference: "order-1" })));
    const settled = answers.filter(({ status }) => status < 300);
    expect(new Set(settled.map(({ body }) => body.entry.id)).size).toBe(1);
    expect(settled.filter(({ status }) => status === 201)).toHaveLength(1);
    expect((await wallet(tenant, id)).available).toBe(10);
    expect((await post(tenant, `/wallets/${id}/earnings`, { points: 11, reference: "order-1" })).body.code).toBe("reference_used");
  });
});

test("entries hash each other, and their postings sum to zero", async () => {
  const tenant = await newTenant();
  const id = await walletIn(tenant, { debtPolicy: "allow_negative" });
  const earned = await post(tenant, `/wallets/${id}/earnings`, { points: 100 });
  await post(tenant, `/wallets/${id}/redemptions`, { points: 80 });
  const held = await post(tenant, `/wallets/${id}/holds`, { points: 10 });
  await post(tenant, `/holds/${held.body.hold.id}/captures`, { points: 4 });
  await post(tenant, `/holds/${held.body.hold.id}/void`, {});
  await post(tenant, `/entries/${earned.body.entry.id}/reversals`, { points: 60, reason: "Returned." });
  expect(await wallet(tenant, id)).toMatchObject({ available: 0, held: 0, debt: 44 });
  await post(tenant, `/wallets/${id}/adjustments`, { points: 50, reason: "Goodwill." });
  expect(await wallet(tenant, id)).toMatchObject({ available: 6, debt: 0 });
  const all = await entries(tenant, id);
  expect(all.map(({ type }) => type)).toEqual(["earn", "redeem", "hold", "capture", "void", "reversal", "adjustment"]);
  let prevHash = "0".repeat(64);
  for (const { object: _, hash, ...entry } of all) {
    expect(entry.prevHash).toBe(prevHash);
    expect(createHash("sha256").update(canonicalJson(entry)).digest("hex")).toBe(hash);
    expect(entry.postings.reduce((sum: number, { points }: Json) => sum + points, 0)).toBe(0);
    prevHash = hash;
  }
});

test("what is done to a wallet or an entry can be made to depend on the version of the wallet", async () => {
  const tenant = await newTenant();
  const id = await walletIn(tenant);
  const earned = await post(tenant, `/wallets/${id}/earnings`, { points: 100, reference: "order-1" });
  const expired = await post(tenant, `/wallets/${id}/earnings`, { points: 10, expiresOn: "2026-01-31" });
  const expiryId = `${expired.body.entry.id.slice(0, -1)}${expired.body.entry.seq + 1}`;
  const writes = {
    [`/wallets/${id}/earnings`]: { points: 100, reference: "order-1" },
    [`/wallets/${id}/redemptions`]: { points: 1 },
    [`/wallets/${id}/adjustments`]: { points: 1, reason: "Goodwill." },
    [`/wallets/${id}/holds`]: { points: 1 },
    [`/entries/${earned.body.entry.id}/reversals`]: { points: 1, reason: "Returned." },
    [`/entries/${expiryId}/reinstatements`]: { points: 1, reason: "Goodwill." },
  };
  for (const [path, body] of Object.entries(writes)) {
    const seen = (await call(tenant.live, "get", `/v1/wallets/${id}`)).headers.get("etag") ?? "";
    const send = (etag: string) => call(tenant.live, "post", `/v1${path}`, { body, headers: { "if-match": etag } });
    expect(await send('"1"')).toMatchObject({ status: 412, body: { code: "version_mismatch", currentVersion: Number(JSON.parse(seen)) } });
    expect([path, Math.floor((await send(seen)).status / 100)]).toEqual([path, 2]);
  }
});

test("an adjustment that took points is refused as what it is, not as one that has nothing left", async () => {
  const tenant = await newTenant();
  const id = await walletIn(tenant);
  await post(tenant, `/wallets/${id}/earnings`, { points: 100 });
  const taken = await post(tenant, `/wallets/${id}/adjustments`, { points: -40, reason: "A mistake." });
  for (const undo of ["reversals", "reinstatements"])
    expect((await post(tenant, `/entries/${taken.body.entry.id}/${undo}`, { reason: "Another one." })).body).toMatchObject({
      code: "entry_not_reversible",
      entryType: "adjustment",
    });
});

test.each([
  ["points below 1", { points: -1 }, ["/points too_small"]],
  [
    "money of a currency that there is not",
    { purchase: { amount: { amountMinor: 500, currency: "ZZZ" }, occurredAt: "2026-11-21T09:30:00Z" } },
    ["/purchase/amount/currency invalid_value"],
  ],
])("%s: one fault, where it is", async (_, body, faults) => {
  const tenant = await newTenant();
  const answer = await post(tenant, `/wallets/${await walletIn(tenant)}/earnings`, body);
  expect(answer.body.errors.map(({ pointer, code }: Json) => `${pointer} ${code}`)).toEqual(faults);
});

test("entries stand in the customer's timeline and reach webhooks as events", async () => {
  const tenant = await newTenant();
  const id = await walletIn(tenant);
  await post(tenant, `/wallets/${id}/earnings`, { points: 5 });
  const { customerId } = await wallet(tenant, id);
  const types = await eventually(async () => {
    const { body } = await call(tenant.live, "get", `/v1/customers/${customerId}/timeline`);
    const seen = JSON.stringify(body);
    return seen.includes("points.earned") && seen.includes("wallet.opened");
  });
  expect(types).toBe(true);
});
