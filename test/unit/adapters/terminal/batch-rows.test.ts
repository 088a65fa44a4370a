/** Rows and prompts of a batch, as people write them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { readRows } from "../../../../src/adapters/terminal/batch/read-rows.ts";
import { promptOfRow } from "../../../../src/adapters/terminal/batch/template.ts";
import { scratchFolder } from "../../../support/child-process/child.ts";

const stdinOf = (text: string | Buffer) => ({ stdin: Readable.from([Buffer.from(text)]) });
const rowsOf = (text: string | Buffer) => readRows(stdinOf(text), "-");

describe("rows", () => {
  test.each([
    ["JSON lines", '{"prompt":"a\\nb"}\n\n{"prompt":"日本"}\r\n', [{ prompt: "a\nb" }, { prompt: "日本" }]],
    ["a last line without an end", '{"n":1}', [{ n: 1 }]],
    ["a byte order mark", '\ufeff{"n":1}', [{ n: 1 }]],
    ["a table", "city,note\nDen Haag,x\n", [{ city: "Den Haag", note: "x" }]],
    [
      "quotes, commas and lines in a cell",
      'city,note\r\n"Haag, Den","says ""hi""\nand goes"\r\n',
      [{ city: "Haag, Den", note: 'says "hi"\nand goes' }],
    ],
    ["a table with a byte order mark", "\ufeffcity\nLisbon\n", [{ city: "Lisbon" }]],
    ["a column called __proto__", '{"__proto__":{"prompt":"p"}}', [JSON.parse('{"__proto__":{"prompt":"p"}}')]],
  ])("%s", async (_, text, rows) => {
    expect(await rowsOf(text)).toEqual(rows);
  });

  test.each([
    ["no row", "\n", "stdin has no rows"],
    ["a row that is no object", '{"n":1}\n[2]\n', "line 2 of stdin is not a JSON object"],
    ["a line that is cut", '{"n":1}\n{"n":', "line 2 of stdin is not a JSON object"],
    ["a cell too many", "a,b\n1,2\n1,2,3\n", "stdin cannot be read as CSV: Invalid Record Length"],
    ["an open quote", 'a,b\n"1,2\n', "stdin cannot be read as CSV: Quote Not Closed"],
    ["bytes that are no text", Buffer.from([0x7b, 0xff]), "stdin is not UTF-8 text"],
  ])("%s is refused", async (_, text, why) => {
    await expect(rowsOf(text)).rejects.toThrow(why);
  });

  test("the end of the file's name says what it is", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "a.CSV"), "n\n1\n");
    writeFileSync(join(folder, "a.txt"), '{"n":1}\n');
    expect(await readRows(stdinOf(""), join(folder, "a.CSV"))).toEqual([{ n: "1" }]);
    expect(await readRows(stdinOf(""), join(folder, "a.txt"))).toEqual([{ n: 1 }]);
    await expect(readRows(stdinOf(""), join(folder, "none"))).rejects.toThrow("does not exist; give a .jsonl or .csv");
    await expect(readRows(stdinOf(""), folder)).rejects.toThrow("it is a folder");
  });
});

describe("prompts", () => {
  const row = { city: "Den Haag", n: 3, list: ["a"], none: null, "a b": "x", Straße: "y" };
  test.each([
    ["What of {city}?", "What of Den Haag?"],
    ["{n} {list} [{none}]", '3 ["a"] []'],
    ["{a b}{Straße}", "xy"],
    ["{{city}}", "{city}"],
    ['{"a": {"b": 1}} {}', '{"a": {"b": 1}} {}'],
    ["function f() { return 1; }", "function f() { return 1; }"],
    ["$& {city} $1", "$& Den Haag $1"],
  ])("%s", (template, prompt) => {
    expect(promptOfRow(template, row, 1)).toBe(prompt);
  });

  test("without a template the column `prompt` is sent as it is", () => {
    expect(promptOfRow(undefined, { prompt: "{city}\n" }, 1)).toBe("{city}\n");
  });

  test.each([
    ["{town}", row, 'row 7 has no column "town"; its columns are city, n, list'],
    ["{none}", row, "row 7 has an empty prompt"],
    ["{constructor}", {}, 'row 7 has no column "constructor"; its columns are none'],
    [undefined, { text: "x" }, 'row 7 has no column "prompt"; its columns are text'],
    [undefined, { prompt: 3 }, "row 7 has an empty prompt"],
  ])("%s is refused", (template, of, why) => {
    expect(() => promptOfRow(template, of, 7)).toThrow(why);
  });
});
