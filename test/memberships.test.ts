/** Paid memberships over HTTP, on the real engine, while time passes. */
import { describe, expect, test } from "vitest";
import { handler } from "../functions/run-due-work.ts";
import { call, eventually, type Json, newTenant, type TenantKeys } from "./clientele.ts";
import { useMovingClock } from "./moving-clock.ts";

const clock = useMovingClock();
const sweep = () => handler({ time: `${new Date(Date.now() + 1000).toISOString().slice(0, 19)}Z` });

const post = (tenant: TenantKeys, path: string, body: object = {}) => call(tenant.live, "post", `/v1${path}`, { body });
const get = async (tenant: TenantKeys, path: string): Promise<Json> => (await call(tenant.live, "get", `/v1${path}`)).body;

type Member = { tenant: TenantKeys; programId: string; planId: string; customerId: string; walletId: string };
const monthly = { name: "Plus", price: { amountMinor: 490, currency: "EUR" }, period: { unit: "month" }, graceDays: 3, benefits: { earnMultiplier: 2 } };

/** With a wallet in a programme that has a plan by the month, three days of grace, in the zone of Paris. */
async function newMember(): Promise<Member> {
  const tenant = await newTenant();
  const program = await post(tenant, "/programs", { name: "Club" });
  const customer = await post(tenant, "/customers");
  const wallet = await post(tenant, "/wallets", { customerId: customer.body.id, programId: program.body.id });
  const plan = await post(tenant, "/membership-plans", { programId: program.body.id, ...monthly });
  return { tenant, programId: program.body.id, planId: plan.body.id, customerId: customer.body.id, walletId: wallet.body.id };
}
const start = ({ tenant, walletId, planId }: Member, more: object = {}) => post(tenant, "/memberships", { walletId, planId, ...more });
const idOf = ({ walletId }: Member) => `mbr_${walletId.slice(4)}`;
const renew = (member: Member, body: object = {}) => post(member.tenant, `/memberships/${idOf(member)}/renew`, body);
const cancel = (member: Member, body: object = {}) => post(member.tenant, `/memberships/${idOf(member)}/cancel`, body);
const membership = (member: Member) => get(member.tenant, `/memberships/${idOf(member)}`);

/** What was told of the member's membership, in the order of the log, once there are so many. */
const told = ({ tenant, customerId }: Member, count: number) =>
  eventually(async () => {
    const { data } = await get(tenant, `/customers/${customerId}/timeline?type=membership.*&limit=100`);
    const events = data.toSorted((one: Json, other: Json) => one.sequence - other.sequence);
    return events.length >= count && events.map(({ type, data: { object } }: Json) => [type, object.status]);
  });

test("a year passes: renewed in its days of grace without a gap, then lapsed on the day, however late that is noticed", async () => {
  clock.moveTo("2027-01-31T09:00:00+01:00");
  const member = await newMember();
  const { status, body } = await start(member);
  expect(status).toBe(201);
  expect(body.membership).toMatchObject({
    id: idOf(member),
    status: "active",
    startsOn: "2027-01-31",
    paidUntil: "2027-02-28",
    endsOn: "2027-03-03",
    version: 1,
  });

  clock.moveTo("2027-02-27T23:59:58+01:00");
  expect((await membership(member)).status).toBe("active");
  clock.moveTo("2027-02-28T00:00:01+01:00");
  expect(await membership(member)).toMatchObject({ status: "grace", benefits: { earnMultiplier: 2 }, version: 1 });
  expect((await renew(member)).body.membership).toMatchObject({ status: "active", paidUntil: "2027-03-31", endsOn: "2027-04-03", version: 2 });

  clock.moveTo("2027-04-02T23:59:58+02:00");
  await sweep();
  expect(await membership(member)).toMatchObject({ status: "grace", version: 2 });
  clock.moveTo("2027-04-03T00:00:01+02:00");
  expect(await membership(member)).toMatchObject({ status: "lapsed", benefits: {}, version: 2 });
  expect((await renew(member)).body.code).toBe("membership_over");
  await sweep();
  await sweep();
  expect(await membership(member)).toMatchObject({ status: "lapsed", benefits: {}, version: 3 });
  expect(await told(member, 3)).toEqual([
    ["membership.started", "active"],
    ["membership.renewed", "active"],
    ["membership.lapsed", "lapsed"],
  ]);

  expect((await start(member)).body.membership).toMatchObject({ status: "active", startsOn: "2027-04-03", paidUntil: "2027-05-03", version: 4 });
});

test("every write answers the membership and the wallet after it, also when nothing changes", async () => {
  const member = await newMember();
  await post(member.tenant, `/wallets/${member.walletId}/earnings`, { points: 70 });
  const writes = [
    () => start(member, { reference: "payment-1" }),
    () => start(member, { reference: "payment-1" }),
    () => renew(member, { reference: "payment-2" }),
    () => renew(member, { reference: "payment-2" }),
    () => cancel(member),
    () => cancel(member),
    () => cancel(member, { atPeriodEnd: false }),
  ];
  for (const write of writes) {
    const { body } = await write();
    expect(Object.keys(body)).toEqual(["object", "membership", "wallet"]);
    expect(body).toEqual({
      object: "membership_result",
      membership: await membership(member),
      wallet: await get(member.tenant, `/wallets/${member.walletId}`),
    });
    expect(body.wallet).toMatchObject({ available: 70, sequence: 1 });
  }
});

test("one that ended unnoticed is told as lapsed before it is started again", async () => {
  const member = await newMember();
  await start(member);
  clock.moveOn(60 * 86_400);
  expect((await start(member)).status).toBe(201);
  expect(await told(member, 3)).toEqual([
    ["membership.started", "active"],
    ["membership.lapsed", "lapsed"],
    ["membership.started", "active"],
  ]);
  await sweep();
  expect((await membership(member)).status).toBe("active");
});

describe("a payment", () => {
  test("renews once for ever, even when it is told ten times at once", async () => {
    const member = await newMember();
    const { paidUntil } = (await start(member, { startsOn: "2027-06-15" })).body.membership;
    const answers = await Promise.all(Array.from({ length: 10 }, () => renew(member, { reference: "payment-2" })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(9).fill(200), 201]);
    expect(paidUntil).toBe("2027-07-15");
    expect(new Set(answers.map(({ body }) => body.membership.paidUntil))).toEqual(new Set(["2027-08-15"]));
    clock.moveOn(86_400);
    expect((await renew(member, { reference: "payment-2" })).status).toBe(200);
    expect((await renew(member, { reference: "payment-3" })).body.membership.paidUntil).toBe("2027-09-15");
    expect((await membership(member)).version).toBe(3);
  });

  test("starts once, and what started does not renew", async () => {
    const member = await newMember();
    const answers = await Promise.all(Array.from({ length: 10 }, () => start(member, { reference: "payment-1" })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(9).fill(200), 201]);
    expect((await renew(member, { reference: "payment-1" })).body.code).toBe("reference_used");
    expect((await start(member)).body).toMatchObject({ code: "membership_exists", membershipId: idOf(member) });
  });

  test("of another day is another payment", async () => {
    const member = await newMember();
    const { paidUntil } = (await start(member)).body.membership;
    const later = `${Number(paidUntil.slice(0, 4)) + 1}-06-30`;
    expect((await renew(member, { paidUntil: later, reference: "p" })).body.membership).toMatchObject({ paidUntil: later, renewalDay: 30 });
    expect((await renew(member, { reference: "p" })).body.code).toBe("reference_used");
    for (const outOfRange of [later, paidUntil, "2099-01-01"])
      expect((await renew(member, { paidUntil: outOfRange })).body.code).toBe("paid_until_out_of_range");
  });
});

describe("cancelled", () => {
  test("at the end of what is paid for: the benefits stay until then, and that is told when it comes", async () => {
    const member = await newMember();
    const { paidUntil } = (await start(member)).body.membership;
    const first = await cancel(member, { reason: "Moved away." });
    expect(first.body.membership).toMatchObject({
      status: "active",
      endsOn: paidUntil,
      cancellation: { effectiveOn: paidUntil, reason: "Moved away." },
      version: 2,
    });
    expect((await cancel(member, { reason: "Moved away." })).body.membership.version).toBe(2);
    clock.moveTo(`${paidUntil}T12:00:00Z`);
    expect(await membership(member)).toMatchObject({ status: "canceled", benefits: {} });
    await sweep();
    expect(await told(member, 3)).toEqual([
      ["membership.started", "active"],
      ["membership.canceled", "active"],
      ["membership.lapsed", "canceled"],
    ]);
    expect((await cancel(member)).body.code).toBe("membership_over");
    expect((await start(member)).body.membership).toMatchObject({ status: "active" });
    expect(await membership(member)).not.toHaveProperty("cancellation");
  });

  test("and paid for again in time: it goes on", async () => {
    const member = await newMember();
    await start(member);
    await cancel(member);
    const body = (await renew(member)).body.membership;
    expect([body.status, body.cancellation]).toEqual(["active", undefined]);
    clock.moveTo(`${body.periods[0].from}T12:00:00Z`);
    await sweep();
    expect((await membership(member)).status).toBe("active");
  });

  test("at once: it is over, and both are told", async () => {
    const member = await newMember();
    await start(member);
    expect((await cancel(member, { atPeriodEnd: false })).body.membership).toMatchObject({ status: "canceled", benefits: {} });
    expect(await told(member, 3)).toEqual([
      ["membership.started", "active"],
      ["membership.canceled", "canceled"],
      ["membership.lapsed", "canceled"],
    ]);
    await sweep();
    expect((await membership(member)).version).toBe(2);
  });
});

describe("a start", () => {
  test("on a later day is scheduled, and gives nothing before it", async () => {
    const member = await newMember();
    const startsOn = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
    expect((await start(member, { startsOn })).body.membership).toMatchObject({ status: "scheduled", benefits: {}, startsOn });
    clock.moveTo(`${startsOn}T12:00:00Z`);
    expect(await membership(member)).toMatchObject({ status: "active", benefits: { earnMultiplier: 2 } });
  });

  test("is refused when it would be over by now, is too far away, or has the plan of another programme, or a closed one", async () => {
    const member = await newMember();
    for (const startsOn of ["2020-01-01", "2099-01-01"]) expect((await start(member, { startsOn })).body.code).toBe("start_out_of_range");
    const program = await post(member.tenant, "/programs", { name: "Other" });
    const other = await post(member.tenant, "/membership-plans", { programId: program.body.id, ...monthly });
    expect((await start(member, { planId: other.body.id })).body.code).toBe("plan_of_another_program");
    await call(member.tenant.live, "patch", `/v1/membership-plans/${member.planId}`, { body: { status: "closed" } });
    expect((await start(member)).body.code).toBe("membership_plan_closed");
    expect(await get(member.tenant, `/memberships?walletId=${member.walletId}`)).toMatchObject({ data: [], hasMore: false });
  });
});

test("a plan's change holds for what is paid for later, also when its programme is closed to new members", async () => {
  const member = await newMember();
  await start(member);
  const patch = { price: { amountMinor: 990, currency: "EUR" }, benefits: { earnMultiplier: null, entitlements: ["lounge"] }, graceDays: null };
  const changed = await call(member.tenant.live, "patch", `/v1/membership-plans/${member.planId}`, { body: { ...patch, status: "closed" } });
  expect(changed.body).toMatchObject({ graceDays: 0, benefits: { entitlements: ["lounge"] }, version: 2 });
  expect(await membership(member)).toMatchObject({ benefits: { earnMultiplier: 2 }, periods: [{ price: { amountMinor: 490 } }] });
  const body = (await renew(member)).body.membership;
  expect(body).toMatchObject({ benefits: { earnMultiplier: 2 }, periods: [{ price: { amountMinor: 490 } }, { price: { amountMinor: 990 } }] });
  clock.moveTo(`${body.periods[1].from}T12:00:00Z`);
  expect(await membership(member)).toMatchObject({ status: "active", benefits: { entitlements: ["lounge"] }, version: 2 });
  clock.moveTo(`${body.paidUntil}T12:00:00Z`);
  expect((await membership(member)).status).toBe("lapsed");
});
