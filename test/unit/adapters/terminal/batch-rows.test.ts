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
    [
      "long numbers that stay as they are, and those in texts",
      '{"id":9007199254740993000,"f":0.10000000000000000555,"e":1e21,"t":"12345678901234567891"}',
      [{ id: 9007199254740993000, f: 0.1, e: 1e21, t: "12345678901234567891" }],
    ],
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
    ["two columns of one name", "a,b,a\n1,2,3\n", 'stdin has two columns "a"'],
    [
      "a table with semicolons",
      "city;year\nLisbon;1755\n",
      "stdin has its columns between semicolons; save it with commas",
    ],
    ["a table with tabs", "city\tyear\nLisbon\t1755\n", "stdin has its columns between tabs; save it with commas"],
    ["a list of rows", '[{"prompt":"a"}]', "stdin is a JSON list; write its objects one a line"],
    ["a list of rows on lines", '\ufeff[\n{"prompt":"a"}\n]', "stdin is a JSON list; write its objects one a line"],
    [
      "a number that would be sent as another",
      '{"n":1}\n{"a":[{"id":12345678901234567890}]}',
      "line 2 of stdin has the number 12345678901234567890, which would become 12345678901234567000; write it in quotes",
    ],
    ["a number that is none afterwards", '{"id":-1e999}', "which would become null; write it in quotes"],
    [
      "a row that nothing can write again",
      `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      "line 1 of stdin is nested too deeply",
    ],
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
  const row = {
    city: "Den Haag",
    n: 3,
    list: ["a"],
    none: null,
    "a b": "x",
    Straße: "y",
    "Name (full)": "z",
    " year": "1755",
  };
  test.each([
    ["What of {city}?", "What of Den Haag?"],
    ["{n} {list} [{none}]", '3 ["a"] []'],
    ["{a b}{Straße}", "xy"],
    ["{{city}}", "{city}"],
    ["{Name (full)}{ year}", "z1755"],
    ["{{Name (full)}} {{ year}}", "{Name (full)} { year}"],
    ["{{{city}}} {{a/b}} {a/b}", "{{city}} {{a/b}} {a/b}"],
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
    [undefined, { prompt: " " }, "row 7 has an empty prompt; every row needs one"],
    [undefined, { prompt: 3 }, "row 7 has a prompt that is no text; put it in quotes, or write --template '{prompt}'"],
  ])("%s is refused", (template, of, why) => {
    expect(() => promptOfRow(template, of, 7)).toThrow(why);
  });
});
