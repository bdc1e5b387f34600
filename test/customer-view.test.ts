/** The 360 view over HTTP: what is known of a customer in all contexts, as it is at the moment it is asked. */
import { expect, test } from "vitest";
import { call, type Json, newTenant } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";

const clock = useMovingClock({ standsStill: true });

test("shows the customer's wallets as they are now, with programme, tier and membership, and nobody else's", async () => {
  clock.moveTo("2027-03-10T09:00:00Z");
  const { live } = await newTenant();
  const post = async (path: string, body: object): Promise<Json> => (await call(live, "post", `/v1${path}`, { body })).body;
  const get = async (path: string): Promise<Json> => (await call(live, "get", `/v1${path}`)).body;
  const levels = [{ code: "silver", name: "Silver", qualifyingPoints: 50 }];
  const [club, shop] = [
    await post("/programs", { name: "Club", pointsName: "beans", tiers: { period: "calendar_year", levels } }),
    await post("/programs", { name: "Shop", pendingDays: 2 }),
  ];
  const [ada, bob] = [await post("/customers", {}), await post("/customers", {})];
  const open = (customerId: string, programId: string) => post("/wallets", { customerId, programId });
  const [inClub, inShop] = [await open(ada.id, club.id), await open(ada.id, shop.id)];
  await open(bob.id, club.id);
  await post(`/wallets/${inClub.id}/earnings`, { points: 100, expiresOn: "2027-03-12" });
  await post(`/wallets/${inClub.id}/earnings`, { points: 20 });
  await post(`/wallets/${inClub.id}/holds`, { points: 5, expiresAt: "2027-03-11T09:00:00Z" });
  await post(`/wallets/${inShop.id}/earnings`, { points: 7 });
  const plan = { programId: club.id, name: "Plus", price: { amountMinor: 500, currency: "EUR" }, period: { unit: "month" }, benefits: { earnMultiplier: 2 } };
  await post("/memberships", { walletId: inClub.id, planId: (await post("/membership-plans", plan)).id });

  const wallets = async () => Object.fromEntries((await get(`/customers/${ada.id}/view`)).wallets.map((wallet: Json) => [wallet.programName, wallet]));
  expect(await wallets()).toEqual({
    Club: expect.objectContaining({ id: inClub.id, programId: club.id, pointsName: "beans", available: 115, held: 5, debt: 0, tier: "silver" }),
    Shop: expect.objectContaining({ id: inShop.id, pointsName: "points", available: 0, pending: 7 }),
  });
  const { Club } = await wallets();
  expect(Club.nextExpiries[0]).toEqual({ on: "2027-03-12", points: 95 });
  expect(Club.membership).toMatchObject({ status: "active", paidUntil: "2027-04-10", benefits: { earnMultiplier: 2 } });

  // Nothing is swept meanwhile: a hold runs out, points expire or become available, the membership lapses.
  clock.moveTo("2027-04-10T09:00:00Z");
  const later = await wallets();
  expect(later.Club).toMatchObject({ available: 20, held: 0, membership: { status: "lapsed", benefits: {} } });
  expect(later.Shop).toMatchObject({ available: 7, pending: 0 });
  expect(later.Shop).not.toHaveProperty("membership");
  const { data } = await get(`/wallets?customerId=${ada.id}`);
  expect(Object.fromEntries(data.map((wallet: Json) => [wallet.programName, wallet]))).toEqual(later);
});

test("of a customer without wallets has none", async () => {
  const { live } = await newTenant();
  const { body } = await call(live, "post", "/v1/customers", { body: {} });
  expect((await call(live, "get", `/v1/customers/${body.id}/view`)).body).toMatchObject({ wallets: [], touchpoints: { count: 0 } });
});
