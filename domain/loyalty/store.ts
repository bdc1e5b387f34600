/** Reads of the loyalty context for this and other contexts. */
import type { Reader } from "../kernel/table.ts";
import { earningRuleKey, earningRulesPk, earningRuleVersionKey, programKey } from "./keys.ts";
import { ledgerTimeIn } from "./ledger/ledger-time.ts";
import type { WalletHead } from "./ledger/wallet-head.ts";
import type { Membership } from "./memberships/membership.ts";
import { membershipKey } from "./memberships/membership-keys.ts";
import { membershipAt } from "./memberships/membership-life.ts";
import type { CustomerWallet } from "./model.ts";
import type { ProgramRecord } from "./programs/program.ts";
import { type EarningRule, earningRulesMax } from "./rules/earning-rule.ts";
import { walletNow } from "./wallets/load-wallet.ts";
import { assembled } from "./wallets/segments.ts";
import { programIdOf } from "./wallets/wallet.ts";
import { walletKey } from "./wallets/wallet-keys.ts";

export const loadProgram = (table: Reader, programId: string): Promise<ProgramRecord | undefined> => table.get(programKey(programId));

/** The rule as it is, or as it was in one of its versions. */
export const loadEarningRule = (table: Reader, ruleId: string, version?: number): Promise<EarningRule | undefined> =>
  table.get(version === undefined ? earningRuleKey(ruleId) : earningRuleVersionKey(ruleId, version));

/** All rules of the partition, of every programme, oldest first, in one strongly consistent query. Two creations at once may exceed the limit a little. */
export async function loadEarningRules(table: Reader): Promise<EarningRule[]> {
  const rows = await table.query<EarningRule>({ from: "items", pk: earningRulesPk, order: "ascending", limit: 2 * earningRulesMax });
  return rows.map(({ document }) => document);
}

/** Under a customer stands a link to each of its wallets; its sort key begins so. */
export const walletLinkPrefix = "WALLET#";
export type WalletLink = { readonly walletId: string };
/** Three documents a wallet: so many are read in one round trip. */
const walletsAtOnce = 33;

/** The wallets that links lead to, as they are now, in the order of the links. One round trip, none without links. */
export async function walletsOf(table: Reader, links: readonly WalletLink[], now: Date): Promise<CustomerWallet[]> {
  const batches = Array.from({ length: Math.ceil(links.length / walletsAtOnce) }, (_, batch) =>
    links.slice(batch * walletsAtOnce, (batch + 1) * walletsAtOnce),
  );
  return (await Promise.all(batches.map((batch) => walletsAtOneTime(table, batch, now)))).flat();
}

async function walletsAtOneTime(table: Reader, links: readonly WalletLink[], now: Date): Promise<CustomerWallet[]> {
  const keys = links.flatMap(({ walletId }) => [walletKey(walletId), programKey(programIdOf(walletId)), membershipKey(walletId)]);
  const found = await table.getMany<object>(keys);
  const wallets = links.map(async (_, index) => {
    const [head, program, membership] = found.slice(3 * index) as [WalletHead?, ProgramRecord?, Membership?];
    if (!head || !program) return [];
    const time = ledgerTimeIn(program.timeZone, now);
    const wallet = walletNow({ head: await assembled(table, head), program, time, used: undefined });
    const { name: programName, pointsName } = program;
    return [{ ...wallet, programName, pointsName, ...(membership && { membership: membershipAt(membership, time.today) }) }];
  });
  return (await Promise.all(wallets)).flat();
}
