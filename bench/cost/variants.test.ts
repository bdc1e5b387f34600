/** The table of prices is made from the operations; what is asked besides must not outlive the operation that it names. */
import { expect, test } from "vitest";
import { operations } from "../../domain/operations.ts";
import { variants } from "./variants.ts";

test("each variant is of an operation that exists, and has a name of its own", () => {
  expect(variants.filter(({ operation }) => !operations.some(({ id }) => id === operation))).toEqual([]);
  expect(new Set(variants.map(({ name }) => name)).size).toBe(variants.length);
});
