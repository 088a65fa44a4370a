import fc from "fast-check";
import { expect, test } from "vitest";
import {
  itemSources,
  JsonSource,
  jsonLines,
  memberSource,
  stringifyExactly,
} from "../../../src/support/json-source.ts";

const ODD = { "a\\": '"', '"b": {': ["}", "]", ","], "": { "": [] } };

test("parts are found in any JSON, however it is written", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, "\t"), (object, indent) => {
      const whole = { ...object, ...ODD };
      const source = JSON.stringify(whole, null, indent);
      for (const [name, value] of Object.entries(whole)) {
        expect(JSON.parse(memberSource(source, name) ?? "")).toEqual(JSON.parse(JSON.stringify(value)));
      }
      const list = JSON.stringify(Object.values(whole), null, indent);
      expect(itemSources(list).map((item) => JSON.parse(item))).toEqual(JSON.parse(list));
      expect(JSON.parse(jsonLines(source, JSON.stringify).join("\n"))).toEqual(JSON.parse(source));
    }),
  );
});

test("numbers and repeated members stay as they were written", () => {
  const source = '{"n": 12345678901234567890, "x":1e999,"x": -0.10 , "l":[1.0,[2e-7]]}';
  expect(memberSource(source, "n")).toBe("12345678901234567890");
  expect(memberSource(source, "x")).toBe("-0.10");
  expect(itemSources(memberSource(source, "l"))).toEqual(["1.0", "[2e-7]"]);
  expect(jsonLines(source, JSON.stringify).join("")).toBe(
    '{  "n": 12345678901234567890,  "x": 1e999,  "x": -0.10,  "l": [    1.0,    [      2e-7    ]  ]}',
  );
  expect(memberSource(source, "none")).toBeUndefined();
  expect(memberSource(undefined, "n")).toBeUndefined();
});

test("an empty object and an empty list take one line", () => {
  expect(jsonLines('{"a":{},"b":[ ]}', JSON.stringify)).toEqual(["{", '  "a": {},', '  "b": []', "}"]);
  expect(jsonLines("7", JSON.stringify)).toEqual(["7"]);
});

test("deep nesting does not multiply the size", () => {
  const source = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  expect(jsonLines(source, JSON.stringify).join("\n").length).toBeLessThan(2 * source.length);
  expect(itemSources(source)).toEqual([source.slice(1, -1)]);
});

test("plain data is written like `JSON.stringify`, with sources as they are", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(stringifyExactly(value)).toBe(JSON.stringify(value));
    }),
  );
  const data = { a: [new JsonSource("1e999"), { n: new JsonSource("0.10") }], none: undefined };
  expect(stringifyExactly(data)).toBe('{"a":[1e999,{"n":0.10}]}');
  expect(JSON.stringify({ n: new JsonSource("0.10") })).toBe('{"n":0.1}');
});
