/** Reads of the loyalty context for this and other contexts. */
import type { Reader } from "../kernel/table.ts";
import { earningRuleKey, earningRulesPk, earningRuleVersionKey, programKey } from "./keys.ts";
import type { ProgramRecord } from "./programs/program.ts";
import { type EarningRule, earningRulesMax } from "./rules/earning-rule.ts";

export const loadProgram = (table: Reader, programId: string): Promise<ProgramRecord | undefined> => table.get(programKey(programId));

/** The rule as it is, or as it was in one of its versions. */
export const loadEarningRule = (table: Reader, ruleId: string, version?: number): Promise<EarningRule | undefined> =>
  table.get(version === undefined ? earningRuleKey(ruleId) : earningRuleVersionKey(ruleId, version));

/** All rules of the partition, of every programme, oldest first, in one strongly consistent query. Two creations at once may exceed the limit a little. */
export async function loadEarningRules(table: Reader): Promise<EarningRule[]> {
  const rows = await table.query<EarningRule>({ from: "items", pk: earningRulesPk, order: "ascending", limit: 2 * earningRulesMax });
  return rows.map(({ document }) => document);
}
