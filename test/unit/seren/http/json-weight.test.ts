import { expect, test } from "vitest";
import { hasTooManyValues } from "../../../../src/seren/http/json-weight.ts";

test.each([
  ["arrays in a list", `[${"[],".repeat(2_000_001)}0]`, true],
  ["members", `{${'"a":1,'.repeat(2_000_001)}"b":2}`, true],
  ["opening brackets", "[".repeat(4_100_000), true],
  ["a text of commas and brackets", JSON.stringify({ text: ",[{".repeat(2_000_000) }), false],
  ["a text of quotes and backslashes", JSON.stringify({ text: '",\\'.repeat(2_000_000) }), false],
  ["a text that does not end", `"${",".repeat(5_000_000)}`, false],
  ["few values in blanks", `[${" ".repeat(5_000_000)}1,2]`, false],
])("%s", (_, text, expected) => {
  expect(hasTooManyValues(text)).toBe(expected);
});
