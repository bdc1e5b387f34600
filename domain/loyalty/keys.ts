/**
 * | question                             | where                                       | order     |
 * |--------------------------------------|---------------------------------------------|-----------|
 * | a programme, the programmes          | PRG / <programId>                           | createdAt |
 * | an earning rule, the earning rules   | ERL / <ruleId>                              | createdAt |
 * | a version of an earning rule         | ERL#<ruleId> / <version>                    | version   |
 * | what is left of a rule's budget      | ERB#<ruleId> / <shard>                      |           |
 * | by how much it gave more than that   | ERB#<ruleId> / EXCESS                       |           |
 *
 * Wallets and what belongs to them: wallet-keys.ts.
 */
import { type Counter, type Key, key } from "../kernel/table.ts";
import type { ProgramRecord } from "./programs/program.ts";
import type { EarningRule } from "./rules/earning-rule.ts";

export const programsPk = "PRG";
export const programKey = (programId: string): Key<ProgramRecord> => key<ProgramRecord>(programsPk, programId);
/** All rules of a tenant stand together: a purchase is evaluated with one query. */
export const earningRulesPk = "ERL";
export const earningRuleKey = (ruleId: string): Key<EarningRule> => key<EarningRule>(earningRulesPk, ruleId);
export const earningRuleVersionKey = (ruleId: string, version: number): Key<EarningRule> =>
  key<EarningRule>(`${earningRulesPk}#${ruleId}`, String(version).padStart(8, "0"));
export const budgetShardKey = (ruleId: string, shard: number): Key<Counter> => key<Counter>(`ERB#${ruleId}`, String(shard));
/** What a rule had given beyond its budget when that was lowered. */
export const budgetExcessKey = (ruleId: string): Key<Counter> => key<Counter>(`ERB#${ruleId}`, "EXCESS");
