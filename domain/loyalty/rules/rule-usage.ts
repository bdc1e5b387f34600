/**
 * What a wallet remembers of earning rules, for caps per customer and cooldowns: one small document that is written in the
 * transaction of the earning. Only rules that need it are in it, and of each the latest periods. Budgets are of all
 * customers together and counted elsewhere; `budgetSpends` is what an earning adds to them.
 */
import type { EarningRule } from "./earning-rule.ts";
import { type LocalTime, localTime } from "./local-time.ts";
import type { Purchase } from "./purchase.ts";
import type { CapCut, RuleOutcome } from "./rule-outcome.ts";

/** Points by day (2026-11-21), month (2026-11) or year (2026). */
type PointsByPeriod = Readonly<Record<string, number>>;
export type RuleUsage = {
  /** The latest `occurredAt` of the purchases that it gave points for. */
  readonly lastAt: string;
  readonly day?: PointsByPeriod;
  readonly month?: PointsByPeriod;
  readonly year?: PointsByPeriod;
  readonly total?: number;
};
export type UsageByRule = Readonly<Record<string, RuleUsage>>;
export type WalletUsage = { readonly version: number; readonly rules: UsageByRule };
/** Points that a rule has given to all customers together, by its id. */
export type BudgetSpent = Readonly<Record<string, number>>;

/**
 * How many periods a rule is remembered for: purchases may come late. In one that is older than all of these, a rule with a
 * cap on it gives nothing, because nobody knows any more what it gave then.
 */
const periods = [
  { period: "day", characters: 10, kept: 7 },
  { period: "month", characters: 7, kept: 3 },
  { period: "year", characters: 4, kept: 2 },
] as const;

function leftIn(byPeriod: PointsByPeriod, key: string, cap: number, kept: number): number {
  const known = Object.keys(byPeriod).toSorted();
  const isForgotten = known.length >= kept && key < (known[0] as string);
  return isForgotten ? 0 : Math.max(0, cap - (byPeriod[key] ?? 0));
}

export type CapRoom = Omit<CapCut, "points"> & { readonly left: number };
/** What each cap of the rule leaves it to give, in the order in which they cut. */
export function capRooms({ caps, id }: EarningRule, usage: RuleUsage | undefined, budgetSpent: BudgetSpent, { date }: LocalTime): CapRoom[] {
  const { perPurchase, perCustomer = {}, budget } = caps;
  const rooms: CapRoom[] = perPurchase === undefined ? [] : [{ code: "cap_per_purchase", left: perPurchase }];
  for (const { period, characters, kept } of periods) {
    const cap = perCustomer[period];
    if (cap !== undefined) rooms.push({ code: "cap_per_period", period, left: leftIn(usage?.[period] ?? {}, date.slice(0, characters), cap, kept) });
  }
  if (perCustomer.total !== undefined) rooms.push({ code: "cap_per_period", period: "total", left: Math.max(0, perCustomer.total - (usage?.total ?? 0)) });
  if (budget !== undefined) rooms.push({ code: "budget_exhausted", left: Math.max(0, budget - (budgetSpent[id] ?? 0)) });
  return rooms;
}

/** Also for a purchase from before the last one that it gave points for: whether there was another one then is not known. */
export function isCoolingDown({ cooldownSeconds }: EarningRule, usage: RuleUsage | undefined, occurredAt: string): boolean {
  return cooldownSeconds !== undefined && usage !== undefined && Date.parse(occurredAt) < Date.parse(usage.lastAt) + cooldownSeconds * 1000;
}

const isRemembered = ({ caps, cooldownSeconds }: EarningRule): boolean =>
  cooldownSeconds !== undefined || Object.values(caps.perCustomer ?? {}).some((cap) => cap !== undefined);

/**
 * The usage after the points of `outcomes` were given; the same object when there is nothing to remember, which is then not
 * written. `rules` are all of the programme, paused ones too: what is not among them is forgotten.
 */
export function usageAfter(
  usage: WalletUsage | undefined,
  rules: readonly EarningRule[],
  outcomes: readonly RuleOutcome[],
  { occurredAt }: Pick<Purchase, "occurredAt">,
  zone: string,
): WalletUsage | undefined {
  const given = new Map(outcomes.filter(({ fired }) => fired).map(({ ruleId, points }) => [ruleId, points]));
  const remembered = rules.filter(isRemembered);
  if (!remembered.some(({ id }) => given.has(id))) return usage;
  const { date } = localTime(occurredAt, zone);
  const next: Record<string, RuleUsage> = {};
  for (const rule of remembered) {
    const before = usage?.rules[rule.id];
    const points = given.get(rule.id);
    const after = points === undefined ? before : withPoints(rule, before, points, occurredAt, date);
    if (after) next[rule.id] = after;
  }
  return { version: (usage?.version ?? 0) + 1, rules: next };
}

function withPoints({ caps: { perCustomer = {} } }: EarningRule, before: RuleUsage | undefined, points: number, occurredAt: string, date: string): RuleUsage {
  const capped = periods.filter(({ period }) => perCustomer[period] !== undefined);
  const byPeriod = capped.map(({ period, characters, kept }) => {
    const key = date.slice(0, characters);
    const all = { ...before?.[period], [key]: (before?.[period]?.[key] ?? 0) + points };
    const latest = Object.entries(all)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .slice(-kept);
    return [period, Object.fromEntries(latest)] as const;
  });
  const lastAt = before && before.lastAt > occurredAt ? before.lastAt : occurredAt;
  return { lastAt, ...Object.fromEntries(byPeriod), ...(perCustomer.total !== undefined && { total: (before?.total ?? 0) + points }) };
}

/**
 * The usage after some of an earning's points were taken back: caps have that room again. Cooldowns stay. `dayEarned` is
 * the day of the earning in the programme's zone; periods that are forgotten stay so.
 */
export function usageAfterReturn(usage: WalletUsage, returned: readonly { ruleId: string; points: number }[], dayEarned: string): WalletUsage {
  const rules = { ...usage.rules };
  for (const { ruleId, points } of returned) {
    const before = rules[ruleId];
    if (!before) continue;
    const byPeriod = periods.flatMap(({ period, characters }) => {
      const key = dayEarned.slice(0, characters);
      const given = before[period]?.[key];
      return given === undefined ? [] : [[period, { ...before[period], [key]: Math.max(0, given - points) }] as const];
    });
    rules[ruleId] = {
      ...before,
      ...Object.fromEntries(byPeriod),
      ...(before.total !== undefined && { total: Math.max(0, before.total - points) }),
    };
  }
  return { version: usage.version + 1, rules };
}

/** What the points of `outcomes` take from the budgets of rules that have one. */
export function budgetSpends(rules: readonly EarningRule[], outcomes: readonly RuleOutcome[]): { ruleId: string; points: number }[] {
  const budgeted = new Set(rules.filter(({ caps }) => caps.budget !== undefined).map(({ id }) => id));
  return outcomes.filter(({ fired, ruleId }) => fired && budgeted.has(ruleId)).map(({ ruleId, points }) => ({ ruleId, points }));
}
