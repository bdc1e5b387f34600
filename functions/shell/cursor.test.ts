import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cursorSeal } from "./cursor.ts";

const list = ["tn_1", "tn_1", "listCustomers", {}, { status: "active" }];
const position = { shard: 3, after: "2026-11-21T09:30:00.000Z#cus_1" };
const refused = expect.objectContaining({ code: "invalid_cursor", status: 400 });
const problemOf = (open: () => unknown) => {
  try {
    return { opened: open() };
  } catch (error) {
    return error;
  }
};

describe("a cursor", () => {
  test("gives back any position to the list that sealed it", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const seal = cursorSeal("secret", list);
        expect(seal.open(seal.seal(JSON.parse(json)))).toEqual(JSON.parse(json));
      }),
    );
  });

  test("fits a query parameter as it is", () => {
    const cursor = cursorSeal("secret", list).seal(position);
    expect(encodeURIComponent(cursor)).toBe(cursor);
  });

  test("with any character changed, added or taken away is refused", () => {
    const seal = cursorSeal("secret", list);
    const cursor = seal.seal(position);
    const text = fc.string({ unit: "binary-ascii", maxLength: 3 });
    fc.assert(
      fc.property(fc.nat({ max: cursor.length }), fc.nat({ max: 3 }), text, (at, taken, added) => {
        const tampered = cursor.slice(0, at) + added + cursor.slice(at + taken);
        fc.pre(tampered !== cursor);
        expect(problemOf(() => seal.open(tampered))).toEqual(refused);
      }),
      { numRuns: 2_000 },
    );
  });

  test("with anything hung on behind another dot is refused", () => {
    const seal = cursorSeal("secret", list);
    expect(problemOf(() => seal.open(`${seal.seal(position)}.more`))).toEqual(refused);
  });

  test.each([
    ["secret", "other", list],
    ["partition: live and test", "secret", ["tn_1.test", "tn_1", "listCustomers", {}, { status: "active" }]],
    ["tenant", "secret", ["tn_1", "tn_2", "listCustomers", {}, { status: "active" }]],
    ["operation", "secret", ["tn_1", "tn_1", "listEvents", {}, { status: "active" }]],
    ["path parameter", "secret", ["tn_1", "tn_1", "listCustomers", { customerId: "cus_1" }, { status: "active" }]],
    ["filter", "secret", ["tn_1", "tn_1", "listCustomers", {}, { status: "deleted" }]],
    ["missing filter", "secret", ["tn_1", "tn_1", "listCustomers", {}, {}]],
  ])("of another %s is refused", (_, secret, other) => {
    const cursor = cursorSeal("secret", list).seal(position);
    expect(problemOf(() => cursorSeal(secret, other).open(cursor))).toEqual(refused);
  });

  test("does not mind the order in which filters were written", () => {
    const cursor = cursorSeal("secret", [{ tag: "vip", status: "active" }]).seal(1);
    expect(cursorSeal("secret", [{ status: "active", tag: "vip" }]).open(cursor)).toBe(1);
  });
});
