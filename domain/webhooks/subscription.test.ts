import { describe, expect, test } from "vitest";
import { isWanted, Subscription, unknownPatterns } from "./subscription.ts";

const event = {
  type: "customer.updated",
  livemode: true,
  data: {
    object: { id: "cus_1", channel: "store", tags: ["vip", "eu"], visits: 3, consent: null, address: { city: "Lyon" }, "a/b~c": "odd", lines: [{ sku: "A" }] },
  },
};
const term = (pointer: string, ...anyOf: (string | number | boolean | null)[]) => ({ pointer, anyOf });

describe("an event is wanted", () => {
  test.each<[string, string[], boolean]>([
    ["by its name", ["customer.updated"], true],
    ["by its noun", ["customer.*"], true],
    ["by everything", ["*"], true],
    ["by one of several", ["identity.*", "customer.updated"], true],
    ["not by another type of its noun", ["customer.created"], false],
    ["not by a noun that its own begins with", ["cust.*"], false],
    ["not by a noun that begins with its own", ["customer_event.*"], false],
    ["not by a name that its own begins with", ["customer.update"], false],
  ])("%s: %j %s", (_, eventTypes, wanted) => {
    expect(isWanted({ eventTypes, filter: [] }, event)).toBe(wanted);
  });

  test.each<[string, ReturnType<typeof term>[], boolean]>([
    ["a value that is one of those", [term("/data/object/channel", "online", "store")], true],
    ["a value that is none of those", [term("/data/object/channel", "online")], false],
    ["a number, and not its text", [term("/data/object/visits", 3)], true],
    ["a text, and not its number", [term("/data/object/visits", "3")], false],
    ["a boolean outside the object", [term("/livemode", true)], true],
    ["one element of an array", [term("/data/object/tags", "vip")], true],
    ["no element of an array", [term("/data/object/tags", "us")], false],
    ["an element by its place", [term("/data/object/lines/0/sku", "A")], true],
    ["a place beyond the array", [term("/data/object/lines/1/sku", "A")], false],
    ["a nested value", [term("/data/object/address/city", "Lyon")], true],
    ["null where null stands", [term("/data/object/consent", null)], true],
    ["null where nothing stands", [term("/data/object/nothing/at/all", null)], true],
    ["a value where nothing stands", [term("/data/object/nothing", "store")], false],
    ["what an object inherits, which is nothing", [term("/data/object/tags/__proto__/length", 0)], false],
    ["the length of a text, which is nothing", [term("/data/object/channel/length", 5)], false],
    ["escaped names", [term("/data/object/a~1b~0c", "odd")], true],
    ["an object, which is no value", [term("/data/object/address", "[object Object]", null)], false],
    ["all terms", [term("/data/object/channel", "store"), term("/data/object/visits", 3)], true],
    ["all terms but one", [term("/data/object/channel", "store"), term("/data/object/visits", 4)], false],
  ])("by a filter for %s", (_, filter, wanted) => {
    expect(isWanted({ eventTypes: ["*"], filter }, event)).toBe(wanted);
  });
});

test("a subscription says what it is: everything unless it says less", () => {
  expect(Subscription.parse({})).toEqual({ eventTypes: ["*"], filter: [] });
  const wrong = ["customer", "customer.", "*.created", "customer.*.x", "Customer.created", "", "cust*"];
  for (const pattern of wrong) expect(Subscription.safeParse({ eventTypes: [pattern] }).success, pattern).toBe(false);
  for (const pointer of ["data", "/data/~2", "", `${"/a".repeat(11)}`])
    expect(Subscription.safeParse({ filter: [term(pointer, 1)] }).success, pointer).toBe(false);
});

test("patterns that match no type of the catalogue are found, and no others", () => {
  const types = [{ type: "customer.created" }, { type: "customer_event.recorded" }];
  expect(unknownPatterns(["*", "customer.*", "customer.created", "customer.creatd", "order.*", "customer_event.*", "custome.*"], types)).toEqual([
    "customer.creatd",
    "order.*",
    "custome.*",
  ]);
});
