/** Rewards and redemptions over HTTP: limits, cancellations, references, refusals, and answers that are lost. */
import { describe, expect, test } from "vitest";
import { type Answer, call } from "./clientele.ts";
import { answerLost, inject } from "./fault-injection.ts";
import { claim, clubWith, counted, eachOf, get, made, outcomeOf, post, tally } from "./reward-club.ts";

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
    expect(await made(post(tenant, `/redemptions/${redemption.id}/fulfill`))).toMatchObject({
      object: "redemption_result",
      redemption: { id: redemption.id, status: "fulfilled", version: 2 },
      entry: { id: redemption.entryId, type: "redeem" },
      wallet: { available: 90 },
    });
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

  test("gives back what is left of the entry; when that is nothing, the unit all the same", async () => {
    const { tenant, walletId, reward } = await clubWith(1, 100);
    const { id: rewardId } = await reward(counted(5));
    const [partly, wholly] = [await made(claim(tenant, walletId, { rewardId })), await made(claim(tenant, walletId, { rewardId }))];
    await made(post(tenant, `/entries/${partly.entry.id}/reversals`, { points: 4, reason: "Goodwill." }));
    expect(await made(post(tenant, `/redemptions/${partly.redemption.id}/cancel`, { reason: "Broken." }))).toMatchObject({
      entry: { points: 6 },
      wallet: { available: 90 },
    });
    await made(post(tenant, `/entries/${wholly.entry.id}/reversals`, { reason: "Goodwill." }));
    expect(await made(post(tenant, `/redemptions/${wholly.redemption.id}/cancel`, { reason: "Broken." }))).toMatchObject({
      redemption: { status: "canceled" },
      entry: { id: wholly.entry.id },
      wallet: { available: 100 },
    });
    expect((await get(tenant, `/rewards/${rewardId}`)).left).toBe(5);
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
