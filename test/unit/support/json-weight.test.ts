import { expect, test } from "vitest";
import { objectIn } from "../../../src/seren/mapping/members.ts";
import { hasTooManyValues } from "../../../src/support/json-weight.ts";
import { parseJson } from "../../../src/support/objects.ts";

test.each([
  ["arrays in a list", `[${"[],".repeat(2_000_001)}0]`, true],
  ["members", `{${'"a":1,'.repeat(2_000_001)}"b":2}`, true],
  ["opening brackets", "[".repeat(2_000_001), true],
  ["as many as are allowed", "[".repeat(2_000_000), false],
  ["a text of commas and brackets", JSON.stringify({ text: ",[{".repeat(2_000_000) }), false],
  ["a text of quotes and backslashes", JSON.stringify({ text: '",\\'.repeat(2_000_000) }), false],
  ["a text that does not end", `"${",".repeat(5_000_000)}`, false],
  ["few values in blanks", `[${" ".repeat(5_000_000)}1,2]`, false],
])("%s", (_, text, expected) => {
  expect(hasTooManyValues(text)).toBe(expected);
});

test("a limit of one's own", () => {
  expect(hasTooManyValues("[[[[]]]]", 3)).toBe(true);
  expect(hasTooManyValues("[[[[]]]]", 4)).toBe(false);
});

test("JSON text within JSON goes through the same door", () => {
  expect(parseJson(`[${"[],".repeat(2_000_001)}0]`)).toBeUndefined();
  expect(objectIn(`{"a":[${"[],".repeat(2_000_001)}0]}`)).toBeUndefined();
});
