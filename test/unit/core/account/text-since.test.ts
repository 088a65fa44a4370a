/** Whatever the pieces and the room, looks that go on from each other's cursor together say everything once. */
import { describe, expect, test } from "vitest";
import { readCursor, textSince } from "../../../../src/core/account/text-since.ts";
import { createRedactor } from "../../../../src/support/redact.ts";

const rowsOf = (texts: readonly string[]) =>
  texts.map((text, index) => ({ sequence_number: index + 1, type: "text", text }));

/** All that the looks say, each within the room. */
function read(texts: readonly string[], room: number, { clean = (text: string) => text, ended = true } = {}): string[] {
  const rows = rowsOf(texts);
  const said: string[] = [];
  for (let cursor = 0; ; ) {
    const since = readCursor(cursor);
    const left = rows.slice(since.row);
    const {
      text,
      cursor: next,
      more,
    } = textSince(left, { since, room, measure: ({ length }) => length, clean, ended });
    said.push(text);
    if (!more) return said;
    expect(next).toBeGreaterThan(cursor % 100_000_000);
    expect(next).not.toBe(cursor);
    cursor = next;
  }
}

const CASES: [string, string[]][] = [
  ["short pieces", ["one ", "two ", "three"]],
  ["one long piece", ["x".repeat(100)]],
  ["a long piece among short ones", ["a", "b".repeat(57), "c", "d"]],
  ["two long pieces", ["a".repeat(31), "b".repeat(31)]],
  ["characters of two units", ["🎉".repeat(40)]],
  ["a character in two rows", [`${"a".repeat(25)}\ud83c`, `\udf89${"b".repeat(25)}`]],
  ["halves of characters", ["\ud83c".repeat(30)]],
  ["nothing", ["", "", "x"]],
];

describe.each(CASES)("%s", (_, texts) => {
  test.each([2, 3, 10, 30, 1_000])("in a room of %i", (room) => {
    const said = read(texts, room);
    expect(said.join("")).toBe(texts.join(""));
    for (const one of said) expect(one.length).toBeLessThanOrEqual(Math.max(room, 2));
  });
});

test("within the largest log and the longest row a cursor is a number that JSON carries exactly", () => {
  expect(readCursor(812)).toEqual({ row: 812, within: 0 });
  const largest = 250_000 + 32 * 1024 * 1024 * 100_000_000;
  expect(Number.isSafeInteger(largest)).toBe(true);
  expect(readCursor(largest)).toEqual({ row: 250_000, within: 32 * 1024 * 1024 });
});

test("no part of a secret is left where a piece is cut, and the rest is whole", () => {
  const redactor = createRedactor();
  const secret = "the-secret-of-a-parcel-0123456789";
  redactor.add(secret);
  for (let shift = 0; shift < secret.length; shift += 1) {
    const text = `${"x".repeat(shift)}${secret}${"y".repeat(40)}`;
    const said = read([text], 20, { clean: redactor.redact });
    expect(said.join("")).toBe(`${"x".repeat(shift)}[redacted]${"y".repeat(40)}`);
  }
});
