import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type ApiVersions, downgraded, newestOf, upgradesOf } from "./api-version.ts";

type Members = Record<string, unknown>;
/** In 2025 a customer had a `fullName`, in 2026 a `name` in two parts, since 2027 it is a `displayName` again and tags are objects. */
const versions: ApiVersions = [
  { date: "2025-01-01", summary: "The first." },
  {
    date: "2026-01-01",
    summary: "`fullName` became `name`.",
    upgrades: { createCustomer: z.strictObject({ fullName: z.string() }).transform(({ fullName }) => ({ name: fullName.split(" ") })) },
    downgrades: { customer: ({ name, ...rest }: Members) => ({ ...rest, fullName: (name as string[]).join(" ") }) },
  },
  {
    date: "2027-01-01",
    summary: "`name` became `displayName`.",
    upgrades: { createCustomer: z.strictObject({ name: z.array(z.string()).min(2) }).transform(({ name }) => ({ displayName: name.join(" ") })) },
    downgrades: {
      customer: ({ displayName, ...rest }: Members) => ({ ...rest, name: (displayName as string).split(" ") }),
      tag: ({ label }: Members) => ({ object: "tag", text: label }),
    },
  },
];
const ada = { object: "customer", id: "cus_1", displayName: "Ada Lovelace", version: 2 };
const adaIn2026 = { object: "customer", id: "cus_1", name: ["Ada", "Lovelace"], version: 2 };
const adaIn2025 = { object: "customer", id: "cus_1", fullName: "Ada Lovelace", version: 2 };
const down = (value: unknown, to: string, from = "2027-01-01") => downgraded(versions, value, from, to);

test("the newest version is the last", () => expect(newestOf(versions)).toBe("2027-01-01"));

describe("a body", () => {
  const upgraded = (from: string, body: unknown) => upgradesOf(versions, from, "createCustomer").reduce((value, schema) => schema.parse(value), body);

  test("goes through every version since the caller's, oldest first", () => {
    expect(upgraded("2025-01-01", { fullName: "Ada Lovelace" })).toEqual({ displayName: "Ada Lovelace" });
    expect(upgraded("2026-01-01", { name: ["Ada", "Lovelace"] })).toEqual({ displayName: "Ada Lovelace" });
  });

  test("of the newest version, or of an operation that never changed, goes through none", () => {
    expect(upgradesOf(versions, "2027-01-01", "createCustomer")).toEqual([]);
    expect(upgradesOf(versions, "2025-01-01", "createWallet")).toEqual([]);
  });

  test("is faulted by the version that the caller wrote it in", () => {
    const [of2025] = upgradesOf(versions, "2025-01-01", "createCustomer");
    expect(of2025?.safeParse({ fullNam: "Ada" }).error?.issues.map(({ path, code }) => [code, ...path])).toEqual([
      ["invalid_type", "fullName"],
      ["unrecognized_keys"],
    ]);
  });
});

describe("an answer", () => {
  test("goes through every version since the caller's, newest first", () => {
    expect(down(ada, "2026-01-01")).toEqual(adaIn2026);
    expect(down(ada, "2025-01-01")).toEqual(adaIn2025);
  });

  test("for the version that it is in, or a newer one, is the very same value", () => {
    expect(down(ada, "2027-01-01")).toBe(ada);
    expect(down(adaIn2026, "2027-01-01", "2026-01-01")).toBe(adaIn2026);
  });

  test("that was kept in an older version starts from there", () => {
    expect(down(adaIn2026, "2025-01-01", "2026-01-01")).toEqual(adaIn2025);
  });

  test("is changed wherever an object of the type stands, the inner ones first", () => {
    const tagged = { ...ada, tags: [{ object: "tag", label: "vip" }] };
    expect(down({ object: "list", data: [tagged, { object: "wallet", customer: ada }], hasMore: false }, "2026-01-01")).toEqual({
      object: "list",
      data: [
        { ...adaIn2026, tags: [{ object: "tag", text: "vip" }] },
        { object: "wallet", customer: adaIn2026 },
      ],
      hasMore: false,
    });
  });

  test("keeps the words of integrators, though they look like a type", () => {
    for (const own of ["metadata", "properties"]) {
      const wallet = { object: "wallet", [own]: { object: "customer", displayName: "mine" } };
      expect(down(wallet, "2025-01-01")).toEqual(wallet);
    }
  });
});

describe("an event", () => {
  const event = {
    object: "event",
    type: "customer.updated",
    apiVersion: "2027-01-01",
    data: { object: ada, previousAttributes: { displayName: "Ada Byron", email: null } as Members },
  };

  test("tells object and former values as the version knew them, and names that version", () => {
    expect(down(event, "2025-01-01")).toEqual({
      ...event,
      apiVersion: "2025-01-01",
      data: { object: adaIn2025, previousAttributes: { fullName: "Ada Byron" } },
    });
  });

  test("that the log keeps in an older version starts from that one, in an answer too", () => {
    const old = { ...event, apiVersion: "2026-01-01", data: { object: adaIn2026 } };
    const { data } = down({ object: "list", data: [old, { ...event, data: { object: ada } }] }, "2025-01-01") as { data: unknown[] };
    const expected = { ...event, apiVersion: "2025-01-01", data: { object: adaIn2025 } };
    expect(data).toEqual([expected, expected]);
    expect(down({ object: "list", data: [old] }, "2026-01-01")).toEqual({ object: "list", data: [old] });
  });

  test("that is thin keeps the id of its object", () => {
    const thin = { ...event, data: { object: { id: "cus_1", object: "customer" }, thin: true } };
    expect(down(thin, "2025-01-01")).toEqual({ ...thin, apiVersion: "2025-01-01" });
  });

  test("can itself be of another shape", () => {
    const renamed: ApiVersions = [
      { date: "2026-01-01", summary: "" },
      { date: "2027-01-01", summary: "", downgrades: { event: ({ type, ...rest }) => ({ ...rest, kind: type }) } },
    ];
    expect(downgraded(renamed, event, "2027-01-01", "2026-01-01")).toMatchObject({ kind: "customer.updated", apiVersion: "2026-01-01" });
  });
});
