/** Members as rules look at them, for purchases of the past: the tier is the purchase's own, tags are those of now. */
import { customerDocumentKey } from "../../customers/store.ts";
import type { Key, Reader } from "../../kernel/table.ts";
import { todayIn } from "../ledger/calendar.ts";
import type { Membership } from "../memberships/membership.ts";
import { membershipKey, membershipPlansPk } from "../memberships/membership-keys.ts";
import { membershipBenefits } from "../memberships/membership-life.ts";
import type { MembershipPlan } from "../memberships/membership-plan.ts";
import type { ProgramRecord } from "../programs/program.ts";
import { customerIdOf } from "../wallets/wallet.ts";
import type { Earner } from "./earning-conditions.ts";
import type { EarningRule } from "./earning-rule.ts";
import type { PurchaseEntries } from "./past-purchases.ts";

const keysAtOnce = 100;
const roundsAtOnce = 8;

/** Whom a purchase was of. Customers are read only when a rule asks for tags, memberships only when the tenant has plans: up to one of each for each member. */
export async function loadPastEarners(
  table: Reader,
  program: ProgramRecord,
  rules: readonly EarningRule[],
  purchases: readonly PurchaseEntries[],
): Promise<(purchase: PurchaseEntries) => Earner> {
  const walletIds = [...new Set(purchases.map(([{ walletId }]) => walletId))];
  const asksForTags = rules.some(({ conditions }) => conditions.tags !== undefined);
  const plans = await table.query<MembershipPlan>({ from: "items", pk: membershipPlansPk, order: "ascending", limit: 1 });
  const [customers, memberships] = await Promise.all([
    asksForTags ? readAll(table, walletIds, (walletId) => customerDocumentKey(customerIdOf(walletId))) : new Map<string, never>(),
    plans.length > 0 ? readAll(table, walletIds, membershipKey) : new Map<string, Membership>(),
  ]);
  return ([{ walletId, purchase, recordedAt }]) => {
    const level = program.tiers?.levels.find(({ code }) => code === purchase.tier);
    const { earnMultiplier = 1 } = membershipBenefits(memberships.get(walletId), todayIn(program.timeZone, new Date(recordedAt)));
    return {
      tags: customers.get(walletId)?.tags ?? [],
      tier: purchase.tier,
      tierMultiplier: Math.max(level?.earnMultiplier ?? 1, earnMultiplier),
    };
  };
}

/** What is there, by wallet. */
async function readAll<Document extends object>(
  table: Reader,
  walletIds: readonly string[],
  keyOf: (walletId: string) => Key<Document>,
): Promise<Map<string, Document>> {
  const found = new Map<string, Document>();
  const rounds = Array.from({ length: Math.ceil(walletIds.length / keysAtOnce) }, (_, round) => walletIds.slice(round * keysAtOnce, (round + 1) * keysAtOnce));
  for (let at = 0; at < rounds.length; at += roundsAtOnce) {
    await Promise.all(
      rounds.slice(at, at + roundsAtOnce).map(async (ids) => {
        for (const [index, document] of (await table.getMany(ids.map(keyOf))).entries()) if (document) found.set(ids[index] as string, document);
      }),
    );
  }
  return found;
}
