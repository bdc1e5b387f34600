/** Which entries are of one purchase: what is written at the same instant need not be. */
import { expect, test } from "vitest";
import type { Entry } from "../ledger/entry.ts";
import type { EntryPurchase } from "./entry-purchase.ts";
import { purchasesIn } from "./past-purchases.ts";

const at = "2026-11-21T09:30:00.000Z";
/** An entry of wallet `w`, by the rules that are named. */
function earned(seq: number, rules: readonly string[], others: Partial<Entry> = {}, walletId = "w") {
  const purchase: EntryPurchase = { amountMinor: 5000, currency: "EUR", lines: [{ quantity: 1, amountMinor: 5000, points: seq }] };
  const told = { walletId, seq, recordedAt: at, effectiveAt: at, purchase, rules: rules.map((ruleId) => ({ ruleId, ruleVersion: 1, points: 1 })) };
  return { ...told, ...others } as Entry & { purchase: EntryPurchase };
}
const grouped = (...entries: ReturnType<typeof earned>[]) =>
  purchasesIn(entries).map((purchase) => purchase.map(({ walletId, seq }) => `${walletId}${seq}`).join(" "));

test("entries by different rules, written at once for one basket, are one purchase, in whatever order they are read", () => {
  expect(grouped(earned(3, ["c"]), earned(1, ["a"]), earned(2, ["b"]))).toEqual(["w1 w2 w3"]);
});

test.each([
  ["the same bought again in the same instant", earned(2, ["a"])],
  ["a purchase that earned nothing", earned(2, [])],
  ["another receipt", earned(2, ["b"], { reference: "r-2" })],
  ["a purchase of another day", earned(2, ["b"], { effectiveAt: "2026-11-20T09:30:00.000Z" })],
  ["another request", earned(2, ["b"], { recordedAt: "2026-11-21T09:30:00.001Z" })],
  ["something else", earned(2, ["b"], { purchase: { amountMinor: 1, currency: "EUR" } })],
])("%s is another purchase", (_, second) => {
  expect(grouped(earned(1, ["a"]), second)).toEqual(["w1", "w2"]);
});

test("purchases of all wallets come in the order in which they were recorded", () => {
  const later = { recordedAt: "2026-11-21T09:31:00.000Z" };
  expect(grouped(earned(2, ["a"], later), earned(1, ["a"]), earned(7, ["a"], {}, "x"))).toEqual(["w1", "x7", "w2"]);
});
