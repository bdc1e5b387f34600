import { expect, test } from "vitest";
import * as z from "zod";
import { mergePatch, patched, patchShape } from "./merge-patch.ts";
import { Metadata } from "./text.ts";

// The cases of RFC 7396, appendix A.
test.each([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("%j patched with %j is %j", (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result);
});

const shape = { name: z.string().optional(), tags: z.array(z.string()).default([]), metadata: Metadata.default({}) };

test("a cleared field is named as undefined, and a default comes back", () => {
  const result = patched(
    z.strictObject(shape),
    { name: "Ada", tags: ["vip"], metadata: { a: "1" } },
    { name: null, tags: null, metadata: { a: null, b: "2" } },
  );
  expect(result).toEqual({ name: undefined, tags: [], metadata: { b: "2" } });
  expect("name" in result).toBe(true);
});

test("limits hold for what the patch makes, not only for the patch", () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, "v"]));
  expect(() => patched(z.strictObject(shape), { metadata: many }, { metadata: { oneMore: "v" } })).toThrow(expect.objectContaining({ code: "invalid_input" }));
});

test("a patch leaves what it does not mention, defaults too", () => {
  expect(z.strictObject(patchShape(shape)).parse({})).toEqual({});
});
