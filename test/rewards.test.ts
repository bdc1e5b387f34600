/** Rewards over HTTP, on the real engine: what is promised of stock, codes and limits, however many claim at once. */
import { describe, expect, test } from "vitest";
import { create } from "../domain/kernel/table.ts";
import { apply } from "../domain/loyalty/ledger/ledger.ts";
import { ledgerTimeIn } from "../domain/loyalty/ledger/ledger-time.ts";
import { newWalletHead } from "../domain/loyalty/ledger/wallet-head.ts";
import { allStockKeys, stockShards } from "../domain/loyalty/rewards/stock.ts";
import { walletIdOf } from "../domain/loyalty/wallets/wallet.ts";
import { entryKey, walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { newId } from "../functions/shell/random.ts";
import { openTable } from "../functions/shell/table.ts";
import { type Answer, call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { answerLost, inject } from "./fault-injection.ts";

const clients = 64;
const post = (tenant: TenantKeys, path: string, body?: object) => call(tenant.live, "post", `/v1${path}`, { body });
const get = async (tenant: TenantKeys, path: string): Promise<Json> => (await call(tenant.live, "get", `/v1${path}`)).body;
async function made(answer: Promise<Answer>): Promise<Json> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(JSON.stringify(body));
  return body;
}

/** Work for a number of clients, each with one thing in hand at a time. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: Math.min(clients, items.length) }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

/** Wallets as earning makes them, written straight away: what is tested begins after it. */
async function manyWallets({ tenantId }: TenantKeys, programId: string, count: number, points: number): Promise<string[]> {
  const now = new Date();
  const wallets = Array.from({ length: count }, () => {
    const customerId = newId("cus");
    const head = newWalletHead({ id: walletIdOf(customerId, programId), customerId, programId, metadata: {}, livemode: true }, now);
    const applied = apply(head, { kind: "earn", points, expiresOn: null }, ledgerTimeIn("Europe/Paris", now));
    if (applied.kind === "refused") throw new Error(applied.code);
    return applied;
  });
  const changes = wallets.flatMap(({ head, entries }) => [
    create(walletKey(head.id), head),
    ...entries.map((entry) => create(entryKey(head.id, entry.seq), entry)),
  ]);
  for (let done = 0; done < changes.length; done += 100) await openTable(tenantId).commit(changes.slice(done, done + 100), () => []);
  return wallets.map(({ head }) => head.id);
}

async function clubWith(members: number, points: number) {
  const tenant = await newTenant();
  const program = await made(post(tenant, "/programs", { name: "Club" }));
  const walletIds: string[] = [];
  await eachOf(Array.from({ length: members }), async () => {
    const customer = await made(post(tenant, "/customers", {}));
    const wallet = await made(post(tenant, "/wallets", { customerId: customer.id, programId: program.id }));
    await made(post(tenant, `/wallets/${wallet.id}/earnings`, { points }));
    walletIds.push(wallet.id);
  });
  const reward = (settings: object): Promise<Json> => made(post(tenant, "/rewards", { programId: program.id, name: "Mug", pricePoints: 10, ...settings }));
  return { tenant, program, walletIds, walletId: walletIds[0] as string, reward };
}
const counted = (quantity: number) => ({ stock: { kind: "counted", quantity } });

/** As an API client does: what is refused by contention is tried again. */
async function claim(tenant: TenantKeys, walletId: string, body: object): Promise<Answer> {
  for (;;) {
    const answer = await post(tenant, `/wallets/${walletId}/redemptions`, body);
    if (answer.body.code !== "contention") return answer;
  }
}
const outcomeOf = ({ status, body }: Answer): string => body.code ?? String(status);
const tally = (outcomes: readonly string[]) =>
  Object.fromEntries(
    Map.groupBy(outcomes, String)
      .entries()
      .map(([name, all]) => [name, all.length]),
  );

describe("2,000 claims by 64 clients of a reward with stock 1,000", () => {
  test("exactly 1,000 succeed, nothing is left, and the losers keep their points", { timeout: 120_000 }, async () => {
    const wallets = 500;
    const { tenant, program, reward } = await clubWith(0, 0);
    const walletIds = await manyWallets(tenant, program.id, wallets, 40);
    const { id: rewardId } = await reward(counted(1000));
    const claims = Array.from({ length: 2000 }, (_, index) => walletIds[index % wallets] as string);
    const outcomes: string[] = [];
    const succeeded = new Map<string, number>();
    const startedAt = performance.now();
    await eachOf(claims, async (walletId) => {
      const answer = await claim(tenant, walletId, { rewardId });
      outcomes.push(outcomeOf(answer));
      if (answer.status === 201) succeeded.set(walletId, (succeeded.get(walletId) ?? 0) + 1);
    });
    console.info(`2,000 claims in ${Math.round(performance.now() - startedAt)} ms`);
    expect(tally(outcomes)).toEqual({ 201: 1000, out_of_stock: 1000 });
    expect(await get(tenant, `/rewards/${rewardId}`)).toMatchObject({ left: 0, stock: { quantity: 1000 } });
    const shards = await openTable(tenant.tenantId).getMany(allStockKeys(rewardId));
    expect(shards.map((shard) => shard?.amount)).toEqual(Array(stockShards).fill(0));
    await eachOf(walletIds, async (walletId) => {
      expect((await get(tenant, `/wallets/${walletId}`)).available).toBe(40 - 10 * (succeeded.get(walletId) ?? 0));
    });
  });
});

describe("stock", () => {
  test("is found to the last unit, wherever it is; what is claimed and what is left are all there is", async () => {
    const { tenant, walletIds, reward } = await clubWith(3, 1000);
    const { id: rewardId } = await reward(counted(20));
    for (let claimed = 1; claimed <= 20; claimed++) {
      const answer = await claim(tenant, walletIds[claimed % 3] as string, { rewardId });
      expect(outcomeOf(answer)).toBe("201");
      expect((await get(tenant, `/rewards/${rewardId}`)).left).toBe(20 - claimed);
    }
    for (const walletId of walletIds) expect(outcomeOf(await claim(tenant, walletId, { rewardId }))).toBe("out_of_stock");
  });

  test("is raised and lowered while members claim, never below what they have", async () => {
    const { tenant, walletIds, reward } = await clubWith(32, 100);
    const { id: rewardId } = await reward(counted(60));
    const patch = (quantity: number) => call(tenant.live, "patch", `/v1/rewards/${rewardId}`, { body: { stock: { quantity } } });
    let claimed = 0;
    const claiming = eachOf([...walletIds, ...walletIds], async (walletId) => {
      if ((await claim(tenant, walletId, { rewardId })).status === 201) claimed += 1;
    });
    for (const quantity of [40, 50, 45]) await patch(quantity);
    await claiming;
    const { stock, left } = await get(tenant, `/rewards/${rewardId}`);
    expect(claimed + left).toBe(stock.quantity);
    expect((await patch(claimed - 1)).body).toMatchObject({ code: "stock_already_redeemed", left, redeemed: claimed });
    expect((await patch(claimed)).body).toMatchObject({ left: 0, stock: { quantity: claimed } });
    expect((await patch(claimed + 17)).body).toMatchObject({ left: 17 });
  });

  test("that is not counted has no quantity", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const unlimited = await reward({});
    expect(unlimited.left).toBeUndefined();
    expect((await claim(tenant, walletId, { rewardId: unlimited.id })).status).toBe(201);
    const answer = await call(tenant.live, "patch", `/v1/rewards/${unlimited.id}`, { body: { stock: { quantity: 5 } } });
    expect(answer.body.code).toBe("stock_not_counted");
    expect((await post(tenant, `/rewards/${unlimited.id}/codes`, { codes: ["A"] })).body.code).toBe("stock_without_codes");
  });
});

describe("unique codes", () => {
  const codes = Array.from({ length: 50 }, (_, index) => `CODE-${index}`);
  const withCodes = { stock: { kind: "codes" } };

  test("64 clients that want 50 get 50 different ones", { timeout: 30_000 }, async () => {
    const { tenant, walletIds, reward } = await clubWith(clients, 100);
    const { id: rewardId } = await reward(withCodes);
    expect(await made(post(tenant, `/rewards/${rewardId}/codes`, { codes }))).toMatchObject({ added: 50, known: 0 });
    const answers: Answer[] = [];
    await eachOf(walletIds, async (walletId) => {
      answers.push(await claim(tenant, walletId, { rewardId }));
    });
    expect(tally(answers.map(outcomeOf))).toEqual({ 201: 50, out_of_stock: 14 });
    const given = answers.flatMap(({ body }) => body.redemption?.code ?? []);
    expect(given.toSorted()).toEqual(codes.toSorted());
    expect((await get(tenant, `/rewards/${rewardId}`)).left).toBe(0);
  });

  test("are imported once, however often and by however many they are sent", async () => {
    const { tenant, reward } = await clubWith(0, 0);
    const { id: rewardId } = await reward(withCodes);
    const sendAll = async (some: string[]): Promise<Json> => {
      for (;;) {
        const { body } = await post(tenant, `/rewards/${rewardId}/codes`, { codes: some });
        if (body.code !== "contention") return body;
      }
    };
    const halves = [codes.slice(0, 30), codes.slice(20), codes.slice(0, 30), codes.slice(20)];
    const added = (await Promise.all(halves.map(sendAll))).reduce((sum, answer) => sum + answer.added, 0);
    expect(added).toBe(50);
    expect(await sendAll([...codes, "CODE-0 ", "NEW"])).toMatchObject({ added: 1, known: 51 });
    expect((await get(tenant, `/rewards/${rewardId}`)).left).toBe(51);
  });

  test("stay with a cancelled redemption, and are told to nobody but who asks for it", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const { id: rewardId } = await reward(withCodes);
    await made(post(tenant, `/rewards/${rewardId}/codes`, { codes: ["SECRET-1"] }));
    const { redemption, wallet } = await made(claim(tenant, walletId, { rewardId }));
    expect(redemption.code).toBe("SECRET-1");
    await made(post(tenant, `/redemptions/${redemption.id}/cancel`, { reason: "Changed her mind." }));
    expect(await get(tenant, `/redemptions/${redemption.id}`)).toMatchObject({ code: "SECRET-1", status: "canceled" });
    expect(outcomeOf(await claim(tenant, walletId, { rewardId }))).toBe("out_of_stock");
    expect(await made(post(tenant, `/rewards/${rewardId}/codes`, { codes: ["SECRET-1"] }))).toMatchObject({ added: 0, known: 1 });
    const timeline = await eventually(async () => {
      const text = JSON.stringify(await get(tenant, `/customers/${wallet.customerId}/timeline`));
      return text.includes("redemption.canceled") && text;
    });
    expect(timeline).toContain("reward.redeemed");
    expect(timeline).not.toContain("SECRET-1");
  });
});

test("a member limit holds when one wallet claims from many places at once, and a cancellation makes room", async () => {
  const { tenant, walletId, reward } = await clubWith(1, 1000);
  const { id: rewardId } = await reward({ memberLimit: 3, ...counted(100) });
  const answers: Answer[] = [];
  await eachOf(Array.from({ length: 16 }), async () => {
    answers.push(await claim(tenant, walletId, { rewardId }));
  });
  expect(tally(answers.map(outcomeOf))).toEqual({ 201: 3, member_limit_reached: 13 });
  const redeemed = answers.find(({ status }) => status === 201)?.body.redemption;
  await made(post(tenant, `/redemptions/${redeemed.id}/cancel`, { reason: "Broken." }));
  expect(outcomeOf(await claim(tenant, walletId, { rewardId }))).toBe("201");
  expect(outcomeOf(await claim(tenant, walletId, { rewardId }))).toBe("member_limit_reached");
  expect(await get(tenant, `/rewards/${rewardId}`)).toMatchObject({ left: 97 });
  expect(await get(tenant, `/wallets/${walletId}`)).toMatchObject({ available: 970 });
});

describe("a cancellation", () => {
  test("gives back points and stock once, from many places at once", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const { id: rewardId } = await reward(counted(1));
    const { redemption } = await made(claim(tenant, walletId, { rewardId }));
    await made(post(tenant, `/redemptions/${redemption.id}/fulfill`));
    const answers = await Promise.all(Array.from({ length: 16 }, () => post(tenant, `/redemptions/${redemption.id}/cancel`, { reason: "Broken." })));
    const done = answers.filter(({ status }) => status === 200);
    expect(done).toHaveLength(1);
    expect(done[0]?.body).toMatchObject({
      redemption: { status: "canceled", cancelReason: "Broken.", version: 3 },
      entry: { type: "reimbursement", points: 10, reverses: redemption.entryId },
      wallet: { available: 100 },
    });
    expect((await get(tenant, `/rewards/${rewardId}`)).left).toBe(1);
    expect(await post(tenant, `/redemptions/${redemption.id}/cancel`, { reason: "Again." })).toMatchObject({
      status: 409,
      body: { code: "redemption_canceled" },
    });
    expect((await post(tenant, `/redemptions/${redemption.id}/fulfill`)).body.code).toBe("redemption_not_pending");
  });

  test("gives back what is left of the entry, and is refused when nothing is", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const { id: rewardId } = await reward(counted(5));
    const [partly, wholly] = [await made(claim(tenant, walletId, { rewardId })), await made(claim(tenant, walletId, { rewardId }))];
    await made(post(tenant, `/entries/${partly.entry.id}/reversals`, { points: 4, reason: "Goodwill." }));
    expect(await made(post(tenant, `/redemptions/${partly.redemption.id}/cancel`, { reason: "Broken." }))).toMatchObject({
      entry: { points: 6 },
      wallet: { available: 90 },
    });
    await made(post(tenant, `/entries/${wholly.entry.id}/reversals`, { reason: "Goodwill." }));
    expect(await post(tenant, `/redemptions/${wholly.redemption.id}/cancel`, { reason: "Broken." })).toMatchObject({
      status: 409,
      body: { code: "reversal_exceeds_entry" },
    });
    expect((await post(tenant, `/entries/${partly.entry.id}/reversals`, { reason: "Again." })).body.code).toBe("reversal_exceeds_entry");
  });
});

describe("a claim", () => {
  test("answers the redemption again by its reference, and tells another claim by it apart", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const [mug, cup] = [await reward(counted(5)), await reward(counted(5))];
    const first = await claim(tenant, walletId, { rewardId: mug.id, reference: "till-7" });
    const again = await claim(tenant, walletId, { rewardId: mug.id, reference: "till-7" });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect([again.body.redemption, again.body.entry]).toEqual([first.body.redemption, first.body.entry]);
    expect(first.body.entry.redemptionId).toBe(first.body.redemption.id);
    for (const other of [{ rewardId: cup.id }, { points: 10 }])
      expect(outcomeOf(await claim(tenant, walletId, { ...other, reference: "till-7" }))).toBe("reference_used");
    expect((await get(tenant, `/redemptions?walletId=${walletId}`)).data).toEqual([first.body.redemption]);
    expect((await get(tenant, `/rewards/${mug.id}`)).left).toBe(4);
  });

  test("is refused while a reward is paused, before and after its time, in another programme, and without points", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 15);
    const other = await made(post(tenant, "/programs", { name: "Other" }));
    const hour = 3_600_000;
    const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
    const refusals: [object, string][] = [
      [{ status: "paused" }, "reward_not_available"],
      [{ activeFrom: at(hour) }, "reward_not_available"],
      [{ activeUntil: at(-hour) }, "reward_not_available"],
      [{ programId: other.id }, "reward_not_found"],
      [{ pricePoints: 16 }, "insufficient_points"],
      [counted(0), "out_of_stock"],
    ];
    for (const [settings, code] of refusals) {
      const { id: rewardId } = await reward(settings);
      expect(outcomeOf(await claim(tenant, walletId, { rewardId }))).toBe(code);
      const dry = await call(tenant.live, "post", `/v1/wallets/${walletId}/redemptions?dryRun=true`, { body: { rewardId } });
      expect(outcomeOf(dry)).toBe(code);
    }
    expect(await get(tenant, `/wallets/${walletId}`)).toMatchObject({ available: 15, sequence: 1 });
    for (const body of [{}, { points: 1, rewardId: "rwd_01JD3S8K9ZQ4T7N2V5X8B1C6F0" }]) expect((await claim(tenant, walletId, body)).status).toBe(400);
  });

  test("of a reward that is fulfilled immediately is fulfilled", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 15);
    const { id: rewardId } = await reward({ fulfilment: "immediate" });
    expect((await claim(tenant, walletId, { rewardId })).body.redemption).toMatchObject({ status: "fulfilled", fulfilledAt: expect.any(String) });
  });

  test("takes one unit when the answer of the commit is lost", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const { id: rewardId } = await reward({ memberLimit: 5, ...counted(1) });
    using lost = inject({ about: `RWS#${rewardId}`, times: 1 }, answerLost);
    const { redemption } = await made(claim(tenant, walletId, { rewardId }));
    expect(lost.hits).toBe(1);
    expect(await get(tenant, `/rewards/${rewardId}`)).toMatchObject({ left: 0 });
    expect(await get(tenant, `/wallets/${walletId}`)).toMatchObject({ available: 90, sequence: 2 });
    using lostAgain = inject({ about: `RWS#${rewardId}`, times: 1 }, answerLost);
    await made(post(tenant, `/redemptions/${redemption.id}/cancel`, { reason: "Broken." }));
    expect(lostAgain.hits).toBe(1);
    expect(await get(tenant, `/rewards/${rewardId}`)).toMatchObject({ left: 1 });
    expect(await get(tenant, `/wallets/${walletId}`)).toMatchObject({ available: 100, sequence: 3 });
  });

  test("of another tenant's reward, and another tenant's redemptions, are not found", async () => {
    const [one, other] = [await clubWith(1, 100), await clubWith(1, 100)];
    const { id: rewardId } = await one.reward(counted(5));
    const { redemption } = await made(claim(one.tenant, one.walletId, { rewardId }));
    expect(outcomeOf(await claim(other.tenant, other.walletId, { rewardId }))).toBe("reward_not_found");
    expect((await get(other.tenant, `/redemptions/${redemption.id}`)).code).toBe("redemption_not_found");
    expect((await get(other.tenant, `/redemptions?walletId=${one.walletId}`)).data).toEqual([]);
    for (const step of ["fulfill", "cancel"])
      expect((await post(other.tenant, `/redemptions/${redemption.id}/${step}`, step === "cancel" ? { reason: "Mine." } : undefined)).status).toBe(404);
    expect(await get(one.tenant, `/rewards/${rewardId}`)).toMatchObject({ left: 4 });
  });
});
