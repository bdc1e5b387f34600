/** Purchases over HTTP: what rules make of them, and what returns take back. */
import { describe, expect, test } from "vitest";
import { call } from "./clientele.ts";
import { earn, euros, get, joined, made, newMember, newProgram, post, redeem, walletOf } from "./loyalty-program.ts";

const aPointPerEuro = { name: "A point for every euro", formula: { kind: "rate", points: 1 } };
const shoesTwice = { name: "Shoes count three times", formula: { kind: "multiplier", factor: 3 }, conditions: { categories: ["shoes"] } };
const purchase = (lines: readonly [string, number][], more: object = {}) => ({
  amount: euros(lines.reduce((sum, [, amount]) => sum + amount, 0)),
  lines: lines.map(([category, amount]) => ({ category, amount: euros(amount) })),
  occurredAt: new Date(Date.now() - 60_000).toISOString(),
  ...more,
});

test("a preview answers what the real call then does, explains every rule, and changes nothing", async () => {
  const member = await newMember({}, [aPointPerEuro, shoesTwice, { ...aPointPerEuro, name: "In Lyon", conditions: { storeCodes: ["LYON"] } }]);
  const body = {
    purchase: purchase([
      ["shoes", 60],
      ["care", 14.5],
    ]),
    reference: "order-1",
  };
  const before = await walletOf(member);
  const preview = await call(member.tenant.live, "post", `/v1/wallets/${member.walletId}/earnings?dryRun=true`, { body });
  expect(await walletOf(member)).toEqual(before);
  const real = await post(member, `/wallets/${member.walletId}/earnings`, body);
  expect(real.status).toBe(201);
  expect(preview.body.rules).toEqual(real.body.rules);
  expect(preview.body.entry.points).toBe(real.body.entry.points);
  expect(real.body.rules.map(({ name, fired, points, code }: Record<string, unknown>) => [name, fired, points, code])).toEqual([
    ["A point for every euro", true, 74, undefined],
    ["In Lyon", false, 0, "store_not_included"],
    ["Shoes count three times", true, 120, undefined],
  ]);
  expect(real.body.entry).toMatchObject({ points: 194, purchase: { amountMinor: 7450, lines: [{ points: 180 }, { points: 14 }] } });
  expect(real.body.wallet.available).toBe(194);
});

test("one order earns once: sent again it answers the first entries, another basket under its reference is refused", async () => {
  const member = await newMember({}, [aPointPerEuro, { ...aPointPerEuro, name: "For a year only", expiresAfterMonths: 12 }]);
  const body = { purchase: purchase([["shoes", 60]]), reference: "order-1" };
  const first = await earn(member, body);
  expect(first.entries.map(({ points, seq }: Record<string, unknown>) => [seq, points])).toEqual([
    [1, 60],
    [2, 60],
  ]);
  expect(new Set(first.entries.map(({ allocations }: never) => allocations[0]["expiresOn"])).size).toBe(2);
  const again = await post(member, `/wallets/${member.walletId}/earnings`, body);
  expect(again.status).toBe(200);
  expect(again.body.entries).toEqual(first.entries);
  const other = await post(member, `/wallets/${member.walletId}/earnings`, { ...body, purchase: purchase([["shoes", 61]]) });
  expect(other).toMatchObject({ status: 409, body: { code: "reference_used", entryId: first.entry.id } });
});

test("a purchase that is worth nothing is written down, and its reference is used", async () => {
  const member = await newMember({}, [{ ...aPointPerEuro, conditions: { amount: { minMinor: 10_000 } } }]);
  const { entry, rules } = await earn(member, { purchase: purchase([["care", 5]]), reference: "order-1" });
  expect(entry).toMatchObject({ type: "earn", points: 0, postings: [], purchase: { amountMinor: 500 } });
  expect(rules[0].code).toBe("amount_below_minimum");
  expect((await post(member, `/entries/${entry.id}/reversals`, { reason: "Returned." })).body.code).toBe("reversal_exceeds_entry");
});

describe("a return", () => {
  test("of lines takes back what they had earned, whatever the rules say today", async () => {
    const member = await newMember({}, [aPointPerEuro, shoesTwice]);
    const { entry } = await earn(member, {
      purchase: purchase([
        ["shoes", 60],
        ["care", 14.5],
      ]),
    });
    const [rule] = (await get(member, "/earning-rules")).data;
    await call(member.tenant.live, "patch", `/v1/earning-rules/${rule.id}`, { body: { formula: { points: 50 } } });
    const careReturned = await made(member.tenant, `/entries/${entry.id}/reversals`, { lines: [{ line: 1 }], reason: "Returned." });
    expect(careReturned).toMatchObject({ entry: { points: 14 }, wallet: { available: 180 } });
    const shoesReturned = await made(member.tenant, `/entries/${entry.id}/reversals`, { lines: [{ line: 0 }], reason: "Returned." });
    expect(shoesReturned).toMatchObject({ entry: { points: 180 }, wallet: { available: 0 } });
    expect((await post(member, `/entries/${entry.id}/reversals`, { lines: [{ line: 2 }], reason: "Returned." })).body.code).toBe("line_not_found");
  });

  test("gives back the room that a cap had for it, and the points that counted for a tier", async () => {
    const tiers = { period: "calendar_year", levels: [{ code: "silver", name: "Silver", qualifyingPoints: 50 }] };
    const member = await newMember({ tiers }, [{ ...aPointPerEuro, caps: { perCustomer: { year: 100 } } }]);
    const { entry, wallet } = await earn(member, { purchase: purchase([["shoes", 90]]) });
    expect(wallet).toMatchObject({ tier: "silver", qualifying: 90 });
    expect((await earn(member, { purchase: purchase([["shoes", 90]]) })).entry.points).toBe(10);
    const returned = await made(member.tenant, `/entries/${entry.id}/reversals`, { points: 60, reason: "Returned." });
    expect(returned.wallet).toMatchObject({ available: 40, qualifying: 40 });
    expect(returned.wallet.tier).toBeUndefined();
    expect((await earn(member, { purchase: purchase([["shoes", 90]]) })).entry.points).toBe(60);
  });
});

test("a tier multiplies what is earned from the purchase after the one that reached it; its bonus does not count for tiers", async () => {
  const tiers = { period: "calendar_year", levels: [{ code: "silver", name: "Silver", qualifyingPoints: 100, earnMultiplier: 1.5 }] };
  const member = await newMember({ tiers }, [aPointPerEuro]);
  expect((await earn(member, { purchase: purchase([["shoes", 100]]) })).wallet).toMatchObject({ available: 100, tier: "silver", qualifying: 100 });
  const { entry, wallet } = await earn(member, { purchase: purchase([["shoes", 100]]) });
  expect(entry).toMatchObject({ points: 150, qualifyingPoints: 100, purchase: { tier: "silver" } });
  expect(wallet).toMatchObject({ available: 250, qualifying: 200 });
});

test("rules ask for the customer's tags and a paid membership's multiplier", async () => {
  const program = await newProgram({}, [{ ...aPointPerEuro, conditions: { tags: ["vip"] } }]);
  const [vip, other] = [await joined(program, { tags: ["vip"] }), await joined(program)];
  expect((await earn(other, { purchase: purchase([["shoes", 10]]) })).entry.points).toBe(0);
  expect((await earn(vip, { purchase: purchase([["shoes", 10]]) })).entry.points).toBe(10);
  const plan = { programId: program.programId, name: "Plus", price: euros(4.9), period: { unit: "month" }, benefits: { earnMultiplier: 2 } };
  const { id: planId } = await made(program.tenant, "/membership-plans", plan);
  await made(program.tenant, "/memberships", { walletId: vip.walletId, planId });
  expect((await earn(vip, { purchase: purchase([["shoes", 10]]) })).entry.points).toBe(20);
});

describe("a till that knows a card", () => {
  const card = { type: "member_card", value: "4711" };

  test("earns for its holder, whose wallet is opened with the first earning, once, however many come at once", async () => {
    const program = await newProgram({}, [aPointPerEuro]);
    const customer = await made(program.tenant, "/customers", { identities: [card] });
    const body = (reference: string) => ({ programId: program.programId, identity: card, purchase: purchase([["shoes", 10]]), reference });
    const answers = await Promise.all(["1", "2", "3", "1", "2", "3"].map((reference) => post(program, "/earnings", body(reference))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201, 201, 201]);
    const { data: wallets } = await get(program, `/wallets?customerId=${customer.id}`);
    expect(wallets).toMatchObject([{ available: 30, sequence: 3 }]);
  });

  test("sends many at once; one that is refused refuses nobody else", async () => {
    const program = await newProgram({}, [aPointPerEuro]);
    await made(program.tenant, "/customers", { identities: [card] });
    const item = (reference: string, identity: object) => ({ programId: program.programId, identity, points: 5, reference });
    const items = [item("1", card), item("2", { type: "member_card", value: "none" }), item("3", card), { ...item("4", card), points: undefined }];
    const { body } = await post(program, "/earnings/batch", { items });
    expect(body.items.map(({ status, problem }: never) => [status, problem?.["code"]])).toEqual([
      [201, undefined],
      [404, "customer_not_found"],
      [201, undefined],
      [400, "invalid_input"],
    ]);
    expect(body.items[2].earning.wallet.available).toBe(10);
  });
});

test("a closed programme lets nobody in and nothing be earned; points can still be spent", async () => {
  const member = await newMember();
  await earn(member, { points: 10 });
  await call(member.tenant.live, "patch", `/v1/programs/${member.programId}`, { body: { status: "closed" } });
  const { id: customerId } = await made(member.tenant, "/customers");
  expect((await post(member, "/wallets", { customerId, programId: member.programId })).body.code).toBe("program_closed");
  expect((await post(member, `/wallets/${member.walletId}/earnings`, { points: 1 })).body.code).toBe("program_closed");
  expect((await redeem(member, 10)).wallet.available).toBe(0);
});

describe("a budget of all members together", () => {
  test("is never exceeded, however many earn at once, and is used to its last point", async () => {
    const program = await newProgram({}, [{ ...aPointPerEuro, caps: { budget: 500 } }]);
    const members = await Promise.all(Array.from({ length: 16 }, () => joined(program)));
    const earned = await Promise.all(
      members.flatMap((member) =>
        Array.from({ length: 5 }, async () => {
          for (;;) {
            const { status, body } = await post(member, `/wallets/${member.walletId}/earnings`, { purchase: purchase([["shoes", 7]]) });
            if (status === 201) return body.entry.points as number;
            expect(body.code).toBe("contention");
          }
        }),
      ),
    );
    expect(earned.reduce((sum, points) => sum + points, 0)).toBe(500);
    expect(new Set(earned)).toEqual(new Set([7, 3, 0]));
  });

  test("can be raised and lowered while points are given, and a return gives its points back to it", async () => {
    const member = await newMember({}, [{ ...aPointPerEuro, caps: { budget: 100 } }]);
    const [rule] = (await get(member, "/earning-rules")).data;
    const setBudget = (budget: number) => call(member.tenant.live, "patch", `/v1/earning-rules/${rule.id}`, { body: { caps: { budget } } });
    const { entry } = await earn(member, { purchase: purchase([["shoes", 60]]) });
    await setBudget(70);
    expect((await earn(member, { purchase: purchase([["shoes", 60]]) })).entry).toMatchObject({ points: 10 });
    expect((await earn(member, { purchase: purchase([["shoes", 60]]) })).rules[0].code).toBe("budget_exhausted");
    await made(member.tenant, `/entries/${entry.id}/reversals`, { points: 20, reason: "Returned." });
    await setBudget(75);
    expect((await earn(member, { purchase: purchase([["shoes", 60]]) })).entry).toMatchObject({ points: 25 });
  });

  test("of many rules at once, each nearly used up, fits in one transaction, and is used to its last point by more than one earning", async () => {
    const small = (number: number) => ({ name: `Rule ${number}`, formula: { kind: "fixed", points: 16 }, caps: { budget: 16 } });
    const member = await newMember(
      {},
      Array.from({ length: 10 }, (_, number) => small(number)),
    );
    const earned: number[] = [];
    while (earned.at(-1) !== 0) earned.push((await earn(member, { purchase: purchase([["shoes", 5]]) })).entry.points);
    expect(earned).toEqual([60, 60, 40, 0]);
  });

  test("that is lowered below what was given, and raised again, gives no more than it says", async () => {
    const member = await newMember({}, [{ ...aPointPerEuro, caps: { budget: 100 } }]);
    const [rule] = (await get(member, "/earning-rules")).data;
    const setBudget = (budget: number | null) => call(member.tenant.live, "patch", `/v1/earning-rules/${rule.id}`, { body: { caps: { budget } } });
    const earned = async (euros: number) => (await earn(member, { purchase: purchase([["shoes", euros]]) })).entry.points;
    expect(await earned(50)).toBe(50);
    await setBudget(10);
    expect(await earned(50)).toBe(0);
    await setBudget(40);
    expect(await earned(50)).toBe(0);
    await setBudget(70);
    expect(await earned(50)).toBe(20);
    await setBudget(20);
    // Without a budget nothing is counted: the next one begins anew.
    await setBudget(null);
    await setBudget(30);
    expect(await earned(50)).toBe(30);
  });
});

test("what contradicts itself is refused with a pointer to it", async () => {
  const member = await newMember({}, [aPointPerEuro]);
  const faultsOf = async (body: object) =>
    (await post(member, `/wallets/${member.walletId}/earnings`, body)).body.errors.map(({ pointer }: { pointer: string }) => pointer);
  expect(await faultsOf({})).toEqual(["/points"]);
  expect(await faultsOf({ points: 1, purchase: purchase([["shoes", 10]]) })).toEqual(["/points"]);
  expect(await faultsOf({ purchase: purchase([["shoes", 10]]), effectiveAt: "2026-01-01T00:00:00Z", qualifyingPoints: 1 })).toEqual([
    "/effectiveAt",
    "/qualifyingPoints",
  ]);
  expect(await faultsOf({ points: 1, pendingUntil: "2030-01-02", expiresOn: "2030-01-01" })).toEqual(["/pendingUntil"]);
});
