/** Back-tests of earning rules over HTTP: what a draft would have given for purchases that really were made. */
import { expect, test } from "vitest";
import { call, eventually, type Json } from "./clientele.ts";
import { earn, euros, get, joined, type Member, made, newMember, newProgram, post } from "./loyalty-program.ts";

const rate = (points: number) => ({ name: `${points} for every euro`, formula: { kind: "rate", points } });
const on = (day: number, amount: number, more: object = {}) => ({
  purchase: { amount: euros(amount), occurredAt: `2026-07-${String(day).padStart(2, "0")}T12:00:00Z`, ...more },
});

const backtest = async ({ tenant, programId }: Pick<Member, "tenant" | "programId">, settings: object): Promise<Json> =>
  made(tenant, "/earning-rules/backtests", { programId, days: 7, ...settings });
/** Once the log tells of so many purchases. */
const backtestOf = (purchases: number, member: Pick<Member, "tenant" | "programId">, settings: object): Promise<Json> =>
  eventually(async () => {
    const report = await backtest(member, settings);
    return report.purchases === purchases && report;
  });
const ruleOf = async (member: Member): Promise<Json> => (await get(member, `/earning-rules?programId=${member.programId}`)).data[0];
const settingsOf = ({ id, object, programId, createdAt, updatedAt, version, livemode, ...settings }: Json) => settings;

test("a draft that doubles points doubles them, for those who bought", async () => {
  const member = await newMember({}, [rate(1)]);
  const other = await joined(member);
  await joined(member);
  await earn(member, on(1, 10.9));
  await earn(member, on(2, 5));
  await earn(other, on(2, 7));
  await earn(other, { points: 1000 });
  const { id } = await ruleOf(member);
  const report = await backtestOf(3, member, { rule: rate(2), replacesRuleId: id });
  expect(report).toMatchObject({
    object: "earning_backtest",
    programId: member.programId,
    isTruncated: false,
    purchases: 3,
    // 10.90 euros are 10 units, each worth two.
    pointsIssued: 44,
    pointsReallyIssued: 22,
    liabilityDelta: 22,
    members: 2,
    membersAffected: 2,
    membersGaining: 2,
    membersLosing: 0,
    rules: [{ ruleId: id, name: "2 for every euro", isDraft: true, timesFired: 3, points: 44, pointsCut: 0 }],
  });
  expect(Date.now() - Date.parse(report.since)).toBeGreaterThan(6.9 * 86_400_000);
});

test("a draft beside the present rules adds to them; it has no id, for it is no rule", async () => {
  const member = await newMember({}, [rate(1), { ...rate(9), status: "paused" }]);
  await earn(member, on(1, 10));
  const { id } = await ruleOf(member);
  const report = await backtestOf(1, member, { rule: { name: "Bonus", formula: { kind: "fixed", points: 50 } } });
  expect(report).toMatchObject({ pointsIssued: 60, liabilityDelta: 50 });
  expect(report.rules).toEqual([
    { ruleId: id, name: "1 for every euro", isDraft: false, timesFired: 1, points: 10, pointsCut: 0 },
    { name: "Bonus", isDraft: true, timesFired: 1, points: 50, pointsCut: 0 },
  ]);
});

test("a draft that says what the rule says changes nothing: lines, tiers, tags, dates, caps and cooldowns are as they were", async () => {
  const tiers = { period: "calendar_year", levels: [{ code: "gold", name: "Gold", qualifyingPoints: 100, earnMultiplier: 1.5 }], downgrade: "one_down" };
  const rules = [
    { ...rate(3), caps: { perCustomer: { day: 250 } } },
    { name: "Shoes", formula: { kind: "fixed", points: 20, per: "item" }, conditions: { categories: ["shoes"] }, expiresAfterMonths: 3 },
    { name: "Friends", formula: { kind: "multiplier", factor: 2 }, conditions: { tags: ["friend"] }, pendingDays: 2 },
    { name: "Visit", formula: { kind: "fixed", points: 5 }, cooldownSeconds: 3 * 86_400, pendingDays: 30 },
  ];
  const member = await newMember({ tiers }, rules, { tags: ["friend"] });
  const stranger = await joined(member);
  const shoes = { lines: [{ category: "shoes", quantity: 2, amount: euros(40) }], channel: "web" };
  for (const one of [member, stranger]) {
    await earn(one, on(1, 60, shoes));
    await earn(one, on(1, 60));
    await earn(one, { ...on(2, 60), reference: "r-1" });
    await earn(one, on(2, 0.5));
  }
  const rule = await ruleOf(member);
  const same = await backtestOf(8, member, { rule: settingsOf(rule), replacesRuleId: rule.id });
  expect(same.pointsReallyIssued).toBeGreaterThan(1000);
  expect(same).toMatchObject({ liabilityDelta: 0, membersAffected: 0, members: 2 });
  expect(same.rules.map(({ timesFired, pointsCut }: Json) => [timesFired > 0, pointsCut > 0])).toEqual([
    [true, false],
    [true, false],
    [true, false],
    [true, true],
  ]);
});

test("the same bought twice at one instant is two purchases, and a very long one is one like others", async () => {
  const member = await newMember({}, [rate(1), { ...rate(1), pendingDays: 3 }]);
  const { customerId, programId } = member;
  await made(member.tenant, "/earnings/batch", { items: [on(1, 30), on(1, 30)].map((one) => ({ programId, customerId, ...one })) });
  const lines = Array.from({ length: 500 }, (_, index) => ({ productCode: `${index}-${"x".repeat(55)}`, category: "c".repeat(60), amount: euros(1) }));
  await earn(member, on(2, 500, { lines }));
  const { id } = await ruleOf(member);
  const draft = { ...rate(1), conditions: { productCodes: [lines[499]?.productCode] } };
  expect(await backtestOf(3, member, { rule: draft, replacesRuleId: id })).toMatchObject({
    pointsReallyIssued: 2 * (30 + 30 + 500),
    pointsIssued: 30 + 30 + 500 + 1,
  });
});

test("who has paid for more points has them in a back-test, too", async () => {
  const member = await newMember({}, [rate(1)]);
  const plan = { programId: member.programId, name: "Plus", price: euros(39), period: { unit: "year" }, benefits: { earnMultiplier: 2 } };
  const { id: planId } = await made(member.tenant, "/membership-plans", plan);
  await made(member.tenant, "/memberships", { walletId: member.walletId, planId });
  await earn(member, on(1, 10));
  const rule = await ruleOf(member);
  expect(await backtestOf(1, member, { rule: settingsOf(rule), replacesRuleId: rule.id })).toMatchObject({ pointsReallyIssued: 20, liabilityDelta: 0 });
});

test("caps of the draft are honoured, for each customer and for all", async () => {
  const { tenant, programId } = await newProgram({}, [rate(1)]);
  const members = [await joined({ tenant, programId }), await joined({ tenant, programId })];
  for (const member of members) for (const day of [1, 1, 2]) await earn(member, on(day, 40));
  const at = { tenant, programId };
  const capped = (caps: object) => backtestOf(6, at, { rule: { ...rate(1), caps }, replacesRuleId: id });
  const { id } = await ruleOf(members[0] as Member);
  expect(await capped({ perCustomer: { day: 50 } })).toMatchObject({ pointsIssued: 180, liabilityDelta: -60, membersLosing: 2, rules: [{ pointsCut: 60 }] });
  expect(await capped({ budget: 100 })).toMatchObject({ pointsIssued: 100, liabilityDelta: -140 });
});

test("another programme's purchases do not count, nor those of another tenant or mode", async () => {
  const member = await newMember({}, [rate(1)]);
  const { id: otherId } = await made(member.tenant, "/programs", { name: "Other" });
  await made(member.tenant, "/earning-rules", { programId: otherId, ...rate(7) });
  await made(member.tenant, "/earnings", { programId: otherId, customerId: member.customerId, ...on(1, 100) });
  await earn(member, on(1, 10));
  expect(await backtestOf(1, member, { rule: rate(1) })).toMatchObject({ pointsReallyIssued: 10, pointsIssued: 20, members: 1 });
  const stranger = await newProgram();
  expect(await backtest(stranger, { rule: rate(1) })).toMatchObject({ purchases: 0, members: 0, liabilityDelta: 0 });
  const inTestMode = await call(member.tenant.test, "post", "/v1/earning-rules/backtests", { body: { programId: member.programId, rule: rate(1) } });
  expect(inTestMode).toMatchObject({ status: 404, body: { code: "program_not_found" } });
});

test("only a rule of the programme can be replaced, and no more than 90 days are looked at", async () => {
  const member = await newMember({}, [rate(1)]);
  const { id: otherId } = await made(member.tenant, "/programs", { name: "Other" });
  const { id: replacesRuleId } = await made(member.tenant, "/earning-rules", { programId: otherId, ...rate(1) });
  const send = (body: object) => post(member, "/earning-rules/backtests", { programId: member.programId, rule: rate(1), ...body });
  expect(await send({ replacesRuleId })).toMatchObject({ status: 404, body: { code: "earning_rule_not_found" } });
  expect(await send({ programId: otherId, replacesRuleId })).toMatchObject({ status: 200 });
  expect((await send({ days: 91 })).body.errors).toEqual([expect.objectContaining({ pointer: "/days" })]);
  expect((await send({ rule: { name: "x" } })).body.errors[0].pointer).toBe("/rule/formula");
});
