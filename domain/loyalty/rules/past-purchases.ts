/** What members have bought lately, as the tenant's event log tells it: every entry that earned keeps its purchase. */
import type { Reader } from "../../kernel/table.ts";
import type { Event } from "../../webhooks/model.ts";
import { newestEvents } from "../../webhooks/store.ts";
import type { Entry } from "../ledger/entry.ts";
import { pointsEarned } from "../wallets/ledger-events.ts";
import { programIdOf } from "../wallets/wallet.ts";
import { entryKey, placeOfEntry } from "../wallets/wallet-keys.ts";
import { basketOf, type EntryPurchase } from "./entry-purchase.ts";

/** A few seconds of reading: a request must answer, however much was bought. */
export const purchasesMax = 10_000;
const eventsReadMax = 50_000;

type EarnEntry = Entry & { readonly purchase: EntryPurchase };
/** The entries of one purchase: one for each group of points with dates of their own. */
export type PurchaseEntries = readonly [EarnEntry, ...EarnEntry[]];
/** In the order in which they were recorded; truncated when older ones were not looked at. */
export type PastPurchases = { readonly purchases: readonly PurchaseEntries[]; readonly isTruncated: boolean };

/** The purchases that were recorded in a programme since an instant, the newest `purchasesMax` of them. */
export async function pastPurchases(table: Reader, programId: string, since: Date): Promise<PastPurchases> {
  const entries: EarnEntry[] = [];
  let eventsRead = 0;
  for await (const events of newestEvents(table, since)) {
    entries.push(...(await earnEntriesIn(table, events, programId)));
    eventsRead += events.length;
    if (entries.length <= purchasesMax && eventsRead < eventsReadMax) continue;
    // Of the oldest purchase, some entries may not have been read.
    const [, ...whole] = purchasesIn(entries);
    return { purchases: whole.slice(-purchasesMax), isTruncated: true };
  }
  return { purchases: purchasesIn(entries), isTruncated: false };
}

/** An event of a very long purchase tells no more than the entry's id. */
async function earnEntriesIn(table: Reader, events: readonly Event[], programId: string): Promise<EarnEntry[]> {
  const earned = events.filter(
    ({ type, data: { object } }) => type === pointsEarned.type && programIdOf(placeOfEntry(object["id"] as string).walletId) === programId,
  );
  const thin = earned.filter(({ data }) => data.thin);
  const read = await Promise.all(thin.map(({ data }) => table.get(keyOf(data.object["id"] as string))));
  const told = earned.filter(({ data }) => !data.thin).map(({ data }) => data.object as unknown as Entry);
  return [...told, ...read].filter((entry): entry is EarnEntry => entry?.purchase !== undefined);
}
function keyOf(entryId: string) {
  const { walletId, seq } = placeOfEntry(entryId);
  return entryKey(walletId, seq);
}

/** A wallet's entries are recorded at times that never go back. */
export function purchasesIn(entries: readonly EarnEntry[]): PurchaseEntries[] {
  const ofWallets = [...Map.groupBy(entries, ({ walletId }) => walletId).values()];
  const purchases = ofWallets.flatMap((ofWallet) => joined(ofWallet.toSorted((one, other) => one.seq - other.seq)));
  return purchases.toSorted(([one], [other]) => (one.recordedAt < other.recordedAt ? -1 : one.recordedAt > other.recordedAt ? 1 : 0));
}

function joined(ofWallet: readonly EarnEntry[]): PurchaseEntries[] {
  const purchases: [EarnEntry, ...EarnEntry[]][] = [];
  for (const entry of ofWallet) {
    const last = purchases.at(-1);
    if (last && isOfSamePurchase(last, entry)) last.push(entry);
    else purchases.push([entry]);
  }
  return purchases;
}

/** Written at once and about the same, each by rules of its own: the same basket twice would be by the same rules. */
function isOfSamePurchase(entries: PurchaseEntries, { recordedAt, effectiveAt, reference, purchase, rules = [] }: EarnEntry): boolean {
  const [first] = entries;
  const before = new Set(entries.flatMap((entry) => entry.rules ?? []).map(({ ruleId }) => ruleId));
  return (
    recordedAt === first.recordedAt &&
    effectiveAt === first.effectiveAt &&
    reference === first.reference &&
    basketOf(purchase) === basketOf(first.purchase) &&
    before.size > 0 &&
    rules.length > 0 &&
    !rules.some(({ ruleId }) => before.has(ruleId))
  );
}
