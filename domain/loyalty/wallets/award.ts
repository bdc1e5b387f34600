/** What a purchase is worth to a member: the programme's rules, asked with all that they look at. */
import type { CustomerRecord } from "../../customers/model.ts";
import { customerDocumentKey } from "../../customers/store.ts";
import { type Change, create, type DocumentsFound, type KeysOf, type Reader, replace } from "../../kernel/table.ts";
import { activatesOnFor, addMonths, endOfMonth, expiresOnFor } from "../ledger/calendar.ts";
import type { Of } from "../ledger/ledger.ts";
import type { Membership } from "../memberships/membership.ts";
import { membershipKey } from "../memberships/membership-keys.ts";
import { membershipBenefits } from "../memberships/membership-life.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { loadBudgets, spendChanges, spentOf } from "../rules/budget.ts";
import type { EarningRule } from "../rules/earning-rule.ts";
import { toEntryPurchase, toEntryRule } from "../rules/entry-purchase.ts";
import { type EarnedGroup, type Evaluation, evaluateRules } from "../rules/evaluate-rules.ts";
import { linePoints } from "../rules/line-points.ts";
import type { Purchase } from "../rules/purchase.ts";
import type { RuleOutcome } from "../rules/rule-outcome.ts";
import { budgetSpends, usageAfter, type WalletUsage } from "../rules/rule-usage.ts";
import { levelNow } from "../tiers/standing.ts";
import type { OpenWallet } from "./load-wallet.ts";
import { customerIdOf } from "./wallet.ts";
import { walletUsageKey } from "./wallet-keys.ts";

/** The documents that rules look at, besides the wallet and the programme. */
export type EarnerDocuments = [CustomerRecord, WalletUsage, Membership];
export const earnerKeys = (walletId: string): KeysOf<EarnerDocuments> => [
  customerDocumentKey(customerIdOf(walletId)),
  walletUsageKey(walletId),
  membershipKey(walletId),
];
export type EarningWallet = OpenWallet & {
  readonly alongside: DocumentsFound<EarnerDocuments> | [];
  /** Of every programme of the tenant. */
  readonly rules: readonly EarningRule[];
};

export type EarnCommand = Omit<Of<"earn">, "kind">;
export type Award = { readonly commands: readonly EarnCommand[]; readonly changes: readonly Change[]; readonly outcomes?: readonly RuleOutcome[] };
/** Dates that the request states go before those of rules and programme. */
type Stated = { readonly expiresOn?: string | undefined; readonly pendingUntil?: string | undefined };

/** One more round trip when rules have a budget; none otherwise. */
export async function award(table: Reader, wallet: EarningWallet, purchase: Purchase, stated: Stated, earnedOn: string): Promise<Award> {
  const { program, head, time } = wallet;
  const [customer, usage, membership] = wallet.alongside;
  const rules = wallet.rules.filter(({ programId }) => programId === program.id);
  const budgets = await loadBudgets(table, rules, head.id);
  const level = levelNow(head, program, time);
  const { earnMultiplier = 1 } = membershipBenefits(membership, time.today);
  const standing = {
    tags: customer?.tags ?? [],
    tier: level?.code,
    // Who is entitled to two multipliers has the higher one.
    tierMultiplier: Math.max(level?.earnMultiplier ?? 1, earnMultiplier),
    usage: usage?.rules ?? {},
    budgetSpent: spentOf(rules, budgets),
  };
  const evaluation = evaluateRules(rules, purchase, standing, program.timeZone);
  const { outcomes } = evaluation;
  const after = usageAfter(usage, rules, outcomes, purchase, program.timeZone);
  const key = walletUsageKey(head.id);
  const usageChanges = after && after !== usage ? [usage ? replace(key, usage, after) : create(key, after)] : [];
  const changes = [...usageChanges, ...spendChanges(budgetSpends(rules, outcomes), budgets, head.id)];
  return { commands: commandsOf(evaluation, rules, purchase, program, stated, earnedOn, level?.code), changes, outcomes };
}

/** One for each group of points with the same dates; a purchase that earned nothing is written down all the same. */
function commandsOf(
  { byExpiry, outcomes }: Evaluation,
  rules: readonly EarningRule[],
  purchase: Purchase,
  program: ProgramRecord,
  stated: Stated,
  earnedOn: string,
  tier: string | undefined,
): EarnCommand[] {
  const budgeted = new Set(rules.filter(({ caps }) => caps.budget !== undefined).map(({ id }) => id));
  const nothing: EarnedGroup = { points: 0, qualifyingPoints: 0, ruleIds: [] };
  return (byExpiry.length > 0 ? byExpiry : [nothing]).map((group) => {
    const fired = outcomes.filter(({ ruleId }) => group.ruleIds.includes(ruleId));
    const counted = fired.flatMap(({ ruleId, points }) => rules.filter(({ id }) => id === ruleId).map((rule) => ({ rule, points })));
    return {
      points: group.points,
      expiresOn: stated.expiresOn ?? ownExpiry(group, program, earnedOn),
      activatesOn: stated.pendingUntil ?? activatesOnFor(group.pendingDays ?? program.pendingDays, earnedOn),
      purchase: toEntryPurchase(purchase, linePoints(purchase, counted), tier),
      ...(fired.length > 0 && { rules: fired.map((outcome) => toEntryRule(outcome, budgeted.has(outcome.ruleId))) }),
      ...(group.qualifyingPoints > 0 && { qualifyingPoints: group.qualifyingPoints }),
    };
  });
}

function ownExpiry({ expiresOn, expiresAfterMonths }: EarnedGroup, { expiry }: ProgramRecord, earnedOn: string): string | null {
  if (expiresOn !== undefined) return expiresOn;
  if (expiresAfterMonths === undefined) return expiresOnFor(expiry, earnedOn);
  const exact = addMonths(earnedOn, expiresAfterMonths);
  return "roundTo" in expiry && expiry.roundTo === "day" ? exact : endOfMonth(exact);
}
