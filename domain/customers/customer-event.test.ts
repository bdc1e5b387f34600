import fc from "fast-check";
import { expect, test } from "vitest";
import { type CustomerEvent, customerEventExample, noTouchpoints, withTouchpoint } from "./customer-event.ts";

const events: fc.Arbitrary<CustomerEvent[]> = fc.uniqueArray(
  fc.record({
    ...Object.fromEntries(Object.entries(customerEventExample).map(([name, value]) => [name, fc.constant(value)])),
    id: fc.stringMatching(/^cev_[0-9A-Z]{8}$/),
    type: fc.constantFrom("purchase", "visit", "login"),
    channel: fc.constantFrom("store" as const, "web" as const, "app" as const),
    occurredAt: fc.date({ min: new Date("2020-01-01"), max: new Date("2026-01-01"), noInvalidDate: true }).map((date) => date.toISOString()),
    amount: fc.option(fc.record({ amountMinor: fc.integer({ min: -10_000, max: 10_000 }), currency: fc.constantFrom("EUR", "CNY") }), { nil: undefined }),
  }),
  { selector: ({ id }) => id, maxLength: 40 },
) as fc.Arbitrary<CustomerEvent[]>;

test("the summary is what counting all touchpoints gives, whatever order they arrive in", () => {
  fc.assert(
    fc.property(events, (all) => {
      const summary = all.reduce(withTouchpoint, noTouchpoints);
      expect(summary).toEqual(all.toReversed().reduce(withTouchpoint, noTouchpoints));
      expect(summary.count).toBe(all.length);
      expect(Object.values(summary.countByType).reduce((sum, n) => sum + n, 0)).toBe(all.length);
      for (const currency of ["EUR", "CNY"]) {
        const amounts = all.filter(({ type, amount }) => type === "purchase" && amount?.currency === currency).map(({ amount }) => amount?.amountMinor ?? 0);
        expect(summary.purchaseTotals.find((total) => total.currency === currency)?.amountMinor).toBe(
          amounts.length > 0 ? amounts.reduce((sum, n) => sum + n, 0) : undefined,
        );
      }
      for (const channel of ["store", "web", "app"] as const) {
        const latest = all.filter((event) => event.channel === channel).toSorted((a, b) => (a.occurredAt + a.id < b.occurredAt + b.id ? 1 : -1))[0];
        expect(summary.lastByChannel[channel]?.id).toBe(latest?.id);
      }
    }),
  );
});

test("beyond 50 types the summary stops growing", () => {
  const summary = Array.from({ length: 80 }, (_, index) => ({ ...customerEventExample, type: `custom_${index}` })).reduce(withTouchpoint, noTouchpoints);
  expect(Object.keys(summary.countByType)).toHaveLength(51);
  expect(summary.countByType["other"]).toBe(30);
});
