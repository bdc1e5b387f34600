/** Claims of many at once, on the real engine: nothing is sold twice, and nothing that is there is refused. */
import { describe, expect, test } from "vitest";
import { counterShards, shardKeys } from "../domain/kernel/sharded-counter.ts";
import { pointsIn } from "../domain/loyalty/ledger/wallet-head.ts";
import { stockOf } from "../domain/loyalty/rewards/stock.ts";
import { walletKey } from "../domain/loyalty/wallets/wallet-keys.ts";
import { openTable } from "../functions/shell/table.ts";
import { type Answer, call, eventually, type Json } from "./clientele.ts";
import { claim, clients, clubWith, counted, eachOf, get, made, manyWallets, outcomeOf, post, tally } from "./reward-club.ts";

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
    const shards = await openTable(tenant.tenantId).getMany(shardKeys(stockOf(rewardId)));
    expect(shards.map((shard) => shard?.amount)).toEqual(Array(counterShards).fill(0));
    for (let from = 0; from < wallets; from += 100) {
      const some = walletIds.slice(from, from + 100);
      const heads = await openTable(tenant.tenantId).getMany(some.map(walletKey));
      expect(heads.map((head) => pointsIn(head?.buckets ?? []))).toEqual(some.map((id) => 40 - 10 * (succeeded.get(id) ?? 0)));
    }
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
