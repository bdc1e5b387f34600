/** Loyalty: what is earned can be spent once. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventually, type Json } from "./api.ts";
import type { Deployment } from "./deployment.ts";

const clients = 16;

export function pointsJourneys({ call, done, all, shop }: Deployment): void {
  const member = async () => {
    const { live } = await shop();
    const { id: programId } = await done(live, "POST", "/v1/programs", { name: "Journey club", pointsName: "beans" });
    const { id: customerId } = await done(live, "POST", "/v1/customers", { displayName: "Member" });
    const { id } = await done(live, "POST", "/v1/wallets", { customerId, programId });
    return { live, programId, customerId, wallet: `/v1/wallets/${id}` };
  };

  describe("points", () => {
    test("are earned by a rule and once for each reference, redeemed, never overspent, and given back", async () => {
      const { live, programId, customerId, wallet } = await member();
      await done(live, "POST", "/v1/earning-rules", { programId, name: "A bean for every euro", formula: { kind: "rate", points: 1 } });
      const purchase = { amount: { amountMinor: 7_450, currency: "EUR" }, occurredAt: new Date().toISOString() };
      const reference = `order-${randomUUID()}`;
      const earned = await call(live, "POST", `${wallet}/earnings`, { body: { purchase, reference } });
      const again = await call(live, "POST", `${wallet}/earnings`, { body: { purchase, reference } });
      expect([earned.status, again.status]).toEqual([201, 200]);
      expect(again.body.entry).toEqual(earned.body.entry);
      expect(earned.body.wallet.available).toBe(74);

      const redeemed = await done(live, "POST", `${wallet}/redemptions`, { points: 50 });
      expect(redeemed.wallet.available).toBe(24);
      const refused = await call(live, "POST", `${wallet}/redemptions`, { body: { points: 25 } });
      expect([refused.status, refused.body.code]).toEqual([409, "insufficient_points"]);
      const reversed = await done(live, "POST", `/v1/entries/${redeemed.entry.id}/reversals`, { points: 20, reason: "A change of mind" });
      expect(reversed.wallet.available).toBe(44);
      const tooMuch = await call(live, "POST", `/v1/entries/${redeemed.entry.id}/reversals`, { body: { points: 31, reason: "More than is left" } });
      expect([tooMuch.status, tooMuch.body.code]).toEqual([409, "reversal_exceeds_entry"]);

      const entries = await all(live, `${wallet}/entries`);
      expect(entries.reduce((sum, { postings }) => sum + sumOf(postings, "available"), 0)).toBe(44);
      expect(entries.every(({ postings }) => sumOf(postings) === 0)).toBe(true);
      expect((await done(live, "GET", `/v1/customers/${customerId}/view`)).wallets).toMatchObject([{ available: 44 }]);
      // Another reader of the wallets' changes has counted the same, and found every entry sound.
      await eventually("the books agree", async () => (await done(live, "GET", `/v1/programs/${programId}/liability`)).outstanding === 44);
      const { invariants } = await done(live, "GET", `/v1/programs/${programId}/integrity`);
      expect(invariants.filter(({ drift }: Json) => drift !== 0)).toEqual([]);
    });

    test(`spent by ${clients} clients at once are spent once`, async () => {
      const { live, wallet } = await member();
      await done(live, "POST", `${wallet}/earnings`, { points: 100 });
      const spend = () => call(live, "POST", `${wallet}/redemptions`, { body: { points: 10 } });
      const answers = await Promise.all(Array.from({ length: clients }, spend));
      const outcomes = answers.map(({ status, body }) => body.code ?? status);
      const spent = 10 * outcomes.filter((outcome) => outcome === 201).length;
      expect(outcomes.filter((outcome) => outcome !== 201 && outcome !== "contention" && outcome !== "insufficient_points")).toEqual([]);
      const { available } = await done(live, "GET", wallet);
      expect([spent > 0, available]).toEqual([true, 100 - spent]);
      // Who meets others at every attempt gives up, and has spent nothing.
      if (!outcomes.includes("contention")) expect(available).toBe(0);
      const places = (await all(live, `${wallet}/entries`)).map(({ seq }) => seq);
      expect(places.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 1 + spent / 10 }, (_, index) => index + 1));
    });
  });
}

const sumOf = (postings: Json[], account?: string): number =>
  postings.filter((posting) => account === undefined || posting.account === account).reduce((sum, { points }) => sum + points, 0);
