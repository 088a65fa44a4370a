import { expect, test } from "vitest";
import { dollars, microsOf } from "../../../src/support/money.ts";

test.each([
  ["0", 0],
  ["1", 1_000_000],
  ["0.1", 100_000],
  ["0.000001", 1],
  ["0.0000001", 1],
  ["0.0000000", 0],
  ["1.2345675", 1_234_568],
  ["999999999.999999", 999_999_999_999_999],
  ["1e3", undefined],
  ["-1", undefined],
  [".5", undefined],
  ["1.", undefined],
  ["", undefined],
  [" 1", undefined],
  ["1,5", undefined],
  ["1".repeat(10), undefined],
  [`0.${"1".repeat(31)}`, undefined],
  [undefined, undefined],
])("%s is %s millionths", (text, micros) => expect(microsOf(text)).toBe(micros));

test("a thousand tenths are a hundred", () => {
  const sum = Array.from({ length: 1_000 }).reduce<number>((all) => all + (microsOf("0.1") ?? 0), 0);
  expect(dollars(sum)).toBe("$100.00");
});

test.each([
  [0, "$0.00"],
  [1, "$0.000001"],
  [4_200, "$0.0042"],
  [1_500_000, "$1.50"],
  [1_230_000_000, "$1230.00"],
  [10_100_000, "$10.10"],
])("%i millionths are %s", (micros, shown) => expect(dollars(micros)).toBe(shown));
