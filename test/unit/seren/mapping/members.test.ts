import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressIn,
  contentIn,
  decimalIn,
  exactNameIn,
  flagIn,
  idIn,
  listIn,
  membersIn,
  nameIn,
  numberIn,
  objectIn,
  phraseIn,
  textIn,
  timeIn,
} from "../../../../src/seren/mapping/members.ts";

const READERS = [
  addressIn,
  contentIn,
  decimalIn,
  exactNameIn,
  flagIn,
  idIn,
  listIn,
  membersIn,
  nameIn,
  numberIn,
  objectIn,
  phraseIn,
  textIn,
  timeIn,
];

test("no value of any kind makes a reader throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of READERS) expect(() => read(value)).not.toThrow();
    }),
  );
});

describe("an id", () => {
  test.each([
    ["a text", "6f0e8f53", "6f0e8f53"],
    ["a whole number", 12, "12"],
    ["an empty text", "", undefined],
    ["blanks", "  ", undefined],
    ["a fraction", 1.5, undefined],
    ["a list", ["a"], undefined],
    ["4 MB of text", "x".repeat(4_000_000), undefined],
    ["a text of two lines", "a\nb", undefined],
    ["an escape sequence", "a\x1b[2J", undefined],
    ["a hidden character", "a\u200bb", undefined],
  ])("%s", (_, value, id) => expect(idIn(value)).toBe(id));
});

describe("a name that tells things apart", () => {
  test.each([
    ["a text", " as it is ", " as it is "],
    ["an empty text", "", undefined],
    ["a number", 7, undefined],
    ["a text that would have to be clipped", "x".repeat(1_001), undefined],
  ])("%s", (_, value, name) => expect(exactNameIn(value)).toBe(name));
});

describe("a number", () => {
  test.each([
    [3, 3],
    ["3", 3],
    ["-1.5e3", -1500],
    ["", undefined],
    ["0x10", undefined],
    ["1".repeat(400), undefined],
    [null, undefined],
    [true, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])("%j reads as %j", (value, number) => expect(numberIn(value)).toBe(number));
});

describe("an amount", () => {
  test.each([
    ["0.012", "0.012"],
    [0.5, "0.5"],
    ["1e-7", undefined],
    ["NaN", undefined],
    [{}, undefined],
  ])("%j reads as %j", (value, amount) => expect(decimalIn(value)).toBe(amount));
});

describe("a flag", () => {
  test.each([
    [true, true],
    ["false", false],
    [1, undefined],
    ["yes", undefined],
  ])("%j reads as %j", (value, flag) => expect(flagIn(value)).toBe(flag));
});

describe("what a tool was given", () => {
  test.each([
    ["text", '{"a":1}', '{"a":1}'],
    ["an object", { a: [1] }, '{"a":[1]}'],
    ["a list", [1, 2], "[1,2]"],
    ["false", false, "false"],
    ["nothing", null, undefined],
  ])("%s", (_, value, content) => expect(contentIn(value)).toBe(content));
});

describe("a time", () => {
  const time = Date.UTC(2026, 10, 27, 7, 45, 12);
  test.each([
    ["a date and time with an offset", "2026-11-27T08:45:12+01:00", time],
    ["seconds since the epoch", time / 1000, time],
    ["milliseconds since the epoch", time, time],
    ["seconds as digits", String(time / 1000), time],
    ["a date-time without an offset is UTC, wherever this machine is", "2026-11-27T07:45:12", time],
    ["the same with a blank and a fraction", "2026-11-27 07:45:12.000000", time],
    ["year, month, day and a clock", [2026, 11, 27, 7, 45, 12], time],
    ["the same with nanoseconds", [2026, 11, 27, 7, 45, 12, 0], time],
    ["year, day of the year, clock, nanosecond", [2026, 331, 7, 45, 12, 0], time],
    ["the same with an offset of one hour", [2026, 331, 8, 45, 12, 0, 1, 0, 0], time],
    ["a day alone", [2026, 11, 27], Date.UTC(2026, 10, 27)],
    ["a list that means two things", [2026, 11, 7, 7, 45, 12], undefined],
    ["a list that is no time", [1, 2, 3], undefined],
    ["a list of other things", [2026, "11", 27], undefined],
    ["a month that does not exist, with a day that does", [2026, 13, 27], undefined],
    ["a small number", 7, undefined],
    ["words", "yesterday, or so", undefined],
    ["an object", { seconds: 1 }, undefined],
  ])("%s", (_, value, expected) => expect(timeIn(value)).toBe(expected));
});

test("long names and sentences are clipped, long addresses are none", () => {
  expect(nameIn("n".repeat(5_000))).toHaveLength(1_000);
  expect(phraseIn("p".repeat(50_000))).toHaveLength(8_000);
  expect(addressIn(`https://example.com/${"a".repeat(9_000)}`)).toBeUndefined();
});

test("an object may be written as text", () => {
  expect(objectIn('{"client_request_id":"r"}')).toEqual({ client_request_id: "r" });
  expect(objectIn("[1]")).toBeUndefined();
});
