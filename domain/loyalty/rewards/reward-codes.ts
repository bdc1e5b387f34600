/** Unique codes, such as a partner's vouchers: one document for each, which is given to one redemption. */
import { type Change, create, type Reader, replace } from "../../kernel/table.ts";
import { codeKey, freeCodesPk, hashOfCode, type RewardCode } from "./reward-keys.ts";

export const newCode = (rewardId: string, code: string, importId: string): Change =>
  create(
    codeKey(rewardId, code),
    { code, rewardId, status: "free", importId, version: 1 },
    { placement: { list: { pk: freeCodesPk(rewardId), sk: hashOfCode(code) } } },
  );

/** How many free codes a claim looks at: claimants between the same two codes should not all want one. */
const candidatesMax = 8;

/**
 * A free code for the redemption, and the change that makes it its own; undefined when there is none. Codes stand in the
 * order of their hashes, and claimants, as `claimant` tells them apart, look at different places among them.
 */
export async function claimCode(
  table: Reader,
  rewardId: string,
  redemptionId: string,
  claimant: string,
): Promise<{ code: string; change: Change } | undefined> {
  const place = hashOfCode(claimant);
  const free = { from: "list", pk: freeCodesPk(rewardId), order: "ascending", limit: candidatesMax } as const;
  let rows = await table.query<RewardCode>({ ...free, beyondSk: place });
  if (rows.length === 0) rows = await table.query<RewardCode>(free);
  const row = rows[Number.parseInt(place.slice(0, 8), 16) % rows.length];
  if (!row) return undefined;
  const { code } = row.document;
  const claimed: RewardCode = { ...row.document, status: "claimed", redemptionId, version: row.document.version + 1 };
  return { code, change: replace(codeKey(rewardId, code), row.document, claimed) };
}
