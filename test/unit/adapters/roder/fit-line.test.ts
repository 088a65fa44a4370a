import { expect, test } from "vitest";
import { clipToWire, firstFitting } from "../../../../src/adapters/roder/reporting/fit-line.ts";

test.each([
  ["short", 100, "short"],
  ["x".repeat(50), 30, `${"x".repeat(14)}...[truncated]`],
  ["é".repeat(50), 31, `${"é".repeat(7)}...[truncated]`],
  ["😀".repeat(50), 30, `${"😀".repeat(3)}...[truncated]`],
  ["\u0001".repeat(50), 30, `${"\u0001".repeat(2)}...[truncated]`],
])("text is cut by the size of its JSON form, between characters (%#)", (text, maxBytes, expected) => {
  const cut = clipToWire(text, maxBytes);
  expect(cut).toBe(expected);
  expect(Buffer.byteLength(JSON.stringify(cut))).toBeLessThanOrEqual(maxBytes);
});

test("the first variant that fits is returned, and later ones are not built", () => {
  const made: string[] = [];
  const variant = (name: string, bytes: number) => () => {
    made.push(name);
    return { name, filler: "x".repeat(bytes) };
  };
  expect(firstFitting([variant("whole", 500), variant("lean", 50), variant("least", 5)], 100)?.name).toBe("lean");
  expect(made).toEqual(["whole", "lean"]);
  expect(firstFitting([variant("whole", 500), variant("least", 200)], 100)?.name).toBe("least");
});
