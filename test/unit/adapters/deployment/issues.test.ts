/** Issues may hold text of the spec, and the host prints them unchanged: one printable line each, bounded in number and size. */
import { expect, test } from "vitest";
import { Issues } from "../../../../src/adapters/deployment/spec/issues.ts";

test("what moves a cursor, ends a line or is not seen is escaped", () => {
  const issues = new Issues();
  issues.add("a\nb\u001b[31m", "x", "no\r\nwhere \u202e\ud800");
  expect(issues.list).toEqual([
    { field: "a\\u{a}b\\u{1b}[31m", code: "x", message: "no\\u{d}\\u{a}where \\u{202e}\ufffd" },
  ]);
});

test("they fit in a line, however long and however many they are", () => {
  const issues = new Issues();
  for (let index = 0; index < 1_000; index += 1)
    issues.add(`${index}${"\n".repeat(100_000)}`, "x", "\u0001".repeat(100_000));
  expect(Buffer.byteLength(JSON.stringify(issues.list))).toBeLessThan(300_000);
});

test("the same one is said once, also about the whole", () => {
  const issues = new Issues();
  for (const field of ["", "", "a", "a"]) issues.add(field, "x", "wrong");
  expect(issues.list).toHaveLength(2);
});
