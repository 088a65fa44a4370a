import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clipBytes, clipCharacters, isHighSurrogate, splitBytes } from "../../../src/support/clip.ts";

const check = (property: fc.IProperty<unknown[]>) =>
  fc.assert(property as fc.IProperty<unknown>, { seed: 1, numRuns: 1_000 });
const bytes = (text: string) => Buffer.byteLength(text);
const characters = (text: string) => Array.from(text);
/** Text with characters of one to four bytes next to each other. */
const mixed = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\n"), maxLength: 60 });
/** The same with halves of characters, as a careless service may send them. */
const broken = fc.string({ unit: fc.constantFrom("a", "€", "😀", "\ud83d", "\ude00"), maxLength: 40 });

describe("clipBytes", () => {
  test.each([
    ["hello", 5, "hello"],
    ["hello", 4, "h…"],
    ["héllo", 5, "h…"],
    ["€€€", 8, "€…"],
    ["😀😀", 7, "😀…"],
    ["😀😀", 6, "…"],
    ["hello", 3, "…"],
    ["hello", 2, "he"],
    ["hello", 0, ""],
    ["", 0, ""],
  ])("%j to %i bytes is %j", (text, max, expected) => {
    expect(clipBytes(text, max)).toBe(expected);
  });

  test("the mark is the caller's and is counted", () => {
    expect(clipBytes("abcdefghij", 8, " [cut]")).toBe("ab [cut]");
  });

  test("stays within the bound, keeps a beginning, cuts no character and no more than it must", () => {
    check(
      fc.property(mixed, fc.nat(120), (text, max) => {
        const clipped = clipBytes(text, max, "~");
        expect(bytes(clipped)).toBeLessThanOrEqual(max);
        expect(clipped.isWellFormed()).toBe(true);
        const mark = bytes(text) <= max || max === 0 ? "" : "~";
        expect(clipped.endsWith(mark)).toBe(true);
        const kept = clipped.slice(0, clipped.length - mark.length);
        expect(text.startsWith(kept)).toBe(true);
        const next = characters(text.slice(kept.length))[0] ?? "";
        if (next) expect(bytes(kept + next + mark)).toBeGreaterThan(max);
      }),
    );
  });

  test("bounds text with halves of characters too", () => {
    check(fc.property(broken, fc.nat(80), (text, max) => bytes(clipBytes(text, max)) <= max));
  });
});

describe("clipCharacters", () => {
  test.each([
    ["hello", 5, "hello"],
    ["😀😀😀", 3, "😀😀😀"],
    ["😀😀😀😀", 3, "😀😀~"],
    ["hello", 1, "~"],
    ["hello", 0, ""],
  ])("%j to %i characters is %j", (text, max, expected) => {
    expect(clipCharacters(text, max, "~")).toBe(expected);
  });

  test("the usual mark is counted", () => {
    expect(clipCharacters("x".repeat(30), 20)).toBe("xxxxxx...[truncated]");
  });

  test("a mark longer than the bound is cut itself", () => {
    expect(clipCharacters("abcdefghij", 4, "......")).toBe("....");
  });

  test("counts what a reader counts", () => {
    check(
      fc.property(mixed, fc.nat(70), (text, max) => {
        const clipped = clipCharacters(text, max, "~");
        const whole = characters(text);
        const cut = max === 0 ? "" : `${whole.slice(0, max - 1).join("")}~`;
        expect(clipped).toBe(whole.length <= max ? text : cut);
      }),
    );
  });

  test("a text of many megabytes costs no more than what is kept", () => {
    expect(clipCharacters("😀".repeat(4_000_000), 5, "~")).toBe("😀😀😀😀~");
  });
});

describe("splitBytes", () => {
  test.each([
    ["abcdef", 4, ["abcd", "ef"]],
    ["a😀b😀", 5, ["a😀", "b😀"]],
    ["😀é", 5, ["😀", "é"]],
    ["😀😀", 4, ["😀", "😀"]],
    ["😀", 1, ["😀"]],
    ["€€", 2, ["€", "€"]],
    ["", 10, []],
  ])("%j in pieces of %i bytes is %j", (text, max, expected) => {
    expect([...splitBytes(text, max)]).toEqual(expected);
  });

  test("loses nothing, cuts no character, fills each piece", () => {
    check(
      fc.property(mixed, fc.integer({ min: 4, max: 40 }), (text, max) => {
        const pieces = [...splitBytes(text, max)];
        expect(pieces.join("")).toBe(text);
        for (const [index, piece] of pieces.entries()) {
          expect(bytes(piece)).toBeLessThanOrEqual(max);
          expect(piece.isWellFormed()).toBe(true);
          expect(piece).not.toBe("");
          const next = characters(pieces[index + 1] ?? "")[0];
          if (next) expect(bytes(piece + next)).toBeGreaterThan(max);
        }
      }),
    );
  });

  test("halves of characters pass through as they are", () => {
    check(
      fc.property(broken, fc.integer({ min: 4, max: 20 }), (text, max) => [...splitBytes(text, max)].join("") === text),
    );
  });
});

test("the first half of a character is known", () => {
  expect(["\ud83d", "\udbff", "\ude00", "a"].map((text) => isHighSurrogate(text.charCodeAt(0)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
