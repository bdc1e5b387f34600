/** What returned lines had earned, and that nobody returns more pieces than there were. */
import { expect, test } from "vitest";
import { pointsOfLines } from "./line-points.ts";

const lines = [
  { quantity: 3, points: 10 },
  { quantity: 1, points: 7 },
];

test.each([
  ["a line", [{ line: 1 }], 7],
  ["pieces of a line, rounded down", [{ line: 0, quantity: 2 }], 6],
  ["pieces of a line that is named twice, as one", [{ line: 0, quantity: 1 }, { line: 0, quantity: 2 }, { line: 1 }], 17],
  ["a line that does not exist", [{ line: 2 }], undefined],
  ["more pieces than there were", [{ line: 0, quantity: 4 }], undefined],
  ["a line twice", [{ line: 1 }, { line: 1 }], undefined],
  ["a line, and a piece of it", [{ line: 0 }, { line: 0, quantity: 1 }], undefined],
])("%s", (_, returned, points) => {
  expect(pointsOfLines(lines, returned)).toBe(points);
});
