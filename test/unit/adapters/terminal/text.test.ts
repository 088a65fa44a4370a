import { describe, expect, test } from "vitest";
import { age, cost, duration, parseDuration } from "../../../../src/adapters/terminal/screen/format.ts";
import { table } from "../../../../src/adapters/terminal/screen/table.ts";
import { oneLine, printable } from "../../../../src/adapters/terminal/screen/text.ts";
import { fitTo, lineOf, widthOf } from "../../../../src/adapters/terminal/screen/width.ts";

describe("foreign text", () => {
  test.each([
    ["\x1b[2J\x1b[31mred\x1b[0m", "red"],
    ["\x1b]0;title\x07after", "after"],
    ["a\x07b\x08c\x7fd\x85e", "abcde"],
    ["a\x9b2Jb\x9d0;title\x9cc", "abc"],
    ["a\u200bb\u202ec\u{e0041}d\ufeff\u2028e\u3164", "abcde"],
    ["one\r\ntwo\tthree\n", "one\ntwo\tthree\n"],
    ["over\rwritten", "overwritten"],
  ])("%j is shown as %j", (given, shown) => expect(printable(given)).toBe(shown));

  test("one line stays one line", () => expect(oneLine(" a\n b\t\x1b[1mc ")).toBe("a b c"));
});

test("width counts columns, not characters", () => {
  expect(widthOf("日本語")).toBe(6);
  expect(widthOf("e\u0301")).toBe(1);
  expect(widthOf(printable("👩‍🚀"))).toBe(4); // two pictures: what joins them is not shown
  expect(fitTo("日本語", 5)).toBe("日本…");
  expect(fitTo("short", 5)).toBe("short");
});

test.each([
  ["90", 90_000],
  ["90s", 90_000],
  ["15m", 900_000],
  ["2h", 7_200_000],
  ["250ms", 250],
])("%s is %d ms", (text, ms) => expect(parseDuration(text, "--timeout")).toBe(ms));

test.each(["", "0", "-1", "1w", "1.5h", "abc"])("%j is no duration", (text) => {
  expect(() => parseDuration(text, "--timeout")).toThrow("--timeout is");
});

test("times and money", () => {
  expect([400, 12_900, 185_000, 7_800_000, 400_000_000].map(duration)).toEqual([
    "0.4s",
    "12s",
    "3m 05s",
    "2h 10m",
    "4d",
  ]);
  expect([10, 12_000, 180_000, 7_200_000, 400_000_000].map(age)).toEqual(["now", "12s", "3m", "2h", "4d"]);
  const usage = { inputTokens: 1, outputTokens: 1 };
  expect(cost({ ...usage, computeUsd: "0.000100", inferenceUsd: "0.012200" })).toBe("$0.0123");
  expect(cost({ ...usage, inferenceUsd: "0.000001" })).toBe("<$0.0001");
  expect(cost({ ...usage, inferenceUsd: "3.456" })).toBe("$3.46");
  expect(cost(usage)).toBeUndefined();
});

test("a table aligns, gives way where it may, and wraps nowhere", () => {
  const rows = [
    { id: "1", text: "日本" },
    { id: "22", text: "a long text\nwith two lines" },
  ];
  const columns = [
    { title: "ID", of: ({ id }: (typeof rows)[number]) => id },
    { title: "TEXT", of: ({ text }: (typeof rows)[number]) => text, min: 4 },
    { title: "X", of: () => "x" },
  ];
  expect(table(columns, rows, { writer: { fit: lineOf }, columns: 18, dim: (text) => text })).toEqual([
    "ID  TEXT         X",
    "1   日本         x",
    "22  a long tex…  x",
  ]);
});

test("on a narrow screen columns are left out, those that can be spared most first", () => {
  const columns = [
    { title: "ID", of: () => "12345678" },
    { title: "NAME", of: () => "a long name", min: 6, spare: 1 },
    { title: "AGE", of: () => "3m", spare: 2 },
  ];
  const at = (width: number) => table(columns, [0], { writer: { fit: lineOf }, columns: width, dim: (text) => text });
  expect(at(80)).toEqual(["ID        NAME         AGE", "12345678  a long name  3m"]);
  expect(at(21)).toEqual(["ID        NAME    AGE", "12345678  a lon…  3m"]);
  expect(at(20)).toEqual(["ID        NAME", "12345678  a long na…"]);
  expect(at(15)).toEqual(["ID", "12345678"]);
  expect(at(3)).toEqual(["ID", "12345678"]);
});
