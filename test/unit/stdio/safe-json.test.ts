import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toSafeText } from "../../../src/stdio/safe-json.ts";
import { isMemberName } from "../../../src/support/protocol-words.ts";
import { createRedactor } from "../../../src/support/redact.ts";

const plain = createRedactor();
const knowing = (...secrets: string[]) => {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
};

/** Any UTF-16, halves of characters included. */
const anyText = (min = 0) =>
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { minLength: min, maxLength: 20 })
    .map((codes) => String.fromCharCode(...codes));
const surrogates = fc
  .constantFrom("\ud83d", "\udc00", "\ud83d\ude00", "a")
  .chain((half) => anyText().map((text) => half + text));

describe("text", () => {
  test("lone surrogates are replaced, in keys too", () => {
    expect(toSafeText({ "k\ud83d": ["\udc00", "ok 😀"] }, 2, plain)).toBe('{"k�":["�","ok 😀"]}');
  });

  test("any value gives JSON with valid UTF-8", () => {
    fc.assert(
      fc.property(fc.dictionary(surrogates, fc.oneof(surrogates, fc.anything())), (value) => {
        const text = toSafeText(value, 2, plain);
        expect(text.isWellFormed()).toBe(true);
        expect(JSON.parse(text).constructor).toBeDefined();
        expect(text).not.toMatch(/\\ud[89a-f][0-9a-f]{2}/i);
      }),
      { numRuns: 500 },
    );
  });

  test("the rules of JSON.stringify hold", () => {
    const value: unknown = {
      ...JSON.parse('{"__proto__":5}'),
      undefined: undefined,
      function: () => 1,
      nan: Number.NaN,
      infinite: Number.POSITIVE_INFINITY,
      list: [undefined, () => 1, null],
      date: new Date(0),
      zero: -0,
    };
    expect(toSafeText(value, 2, plain)).toBe(JSON.stringify(value));
  });
});

test("a value without anything to repair is written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      expect(toSafeText(value, 2, plain)).toBe(JSON.stringify(value));
      const repaired = toSafeText({ value, half: "\ud83d" }, 2, plain);
      expect(repaired).toBe(JSON.stringify({ value, half: "\ufffd" }));
    }),
    { numRuns: 300 },
  );
});

describe("cannot be sent", () => {
  const self: Record<string, unknown> = {};
  self.self = self;
  const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
  const always: object = { toJSON: () => always };

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "is not an object"],
    ["null", null, "is not an object"],
    ["a text", "text", "is not an object"],
    ["a list", [1], "is not an object"],
    ["a function", () => 1, "is not an object"],
    ["a date", new Date(0), "is not an object"],
    ["a bigint", { a: 1n }, "holds a number that JSON cannot carry"],
    ["a circle", self, "is nested deeper than 64 levels"],
    ["an endless toJSON", always, "is nested deeper than 64 levels"],
    ["level 65", nested(63), "is nested deeper than 64 levels"],
  ])("%s", (_, value, message) => {
    expect(() => toSafeText(value, 2, plain)).toThrow(message);
  });

  test("level 64 can", () => {
    expect(JSON.parse(toSafeText(nested(62), 2, plain))).toEqual(nested(62));
  });
});

describe("secrets", () => {
  test.each<[string, string, unknown, string]>([
    ["in a value", "hunter2hunter2", { a: "x hunter2hunter2 y" }, '{"a":"x [redacted] y"}'],
    ["in a key", "hunter2hunter2", { hunter2hunter2: 1 }, '{"[redacted]":1}'],
    ["deep inside", "hunter2hunter2", { a: [{ b: "hunter2hunter2" }] }, '{"a":[{"b":"[redacted]"}]}'],
    ["with quotes and a line break", 'pa"ss\nword', { a: 'is pa"ss\nword.' }, '{"a":"is [redacted]."}'],
    [
      "inside JSON inside a string",
      'pa"ssword',
      { a: JSON.stringify({ p: 'pa"ssword' }) },
      '{"a":"{\\"p\\":\\"[redacted]\\"}"}',
    ],
    ["made of digits, as a number", "12345678", { a: 12345678, b: 9123456789, c: 5 }, '{"a":0,"b":0,"c":5}'],
    [
      "spread over fields, as a credential that is JSON",
      '{"type":"service_account","key":"abc"}',
      { result: { type: "service_account", key: "abc" }, rest: "kept" },
      '{"result":"[redacted]","rest":"kept"}',
    ],
    [
      "spread over neighbours",
      'alpha","beta',
      { list: ["alpha", "beta"], rest: "kept" },
      '{"list":"[redacted]","rest":"kept"}',
    ],
    ["that only an escape spells", "nsecret-word", { a: "\nsecret-word", b: "kept" }, '{"a":"[redacted]","b":"kept"}'],
    ["of a known shape after a line break", "", { a: "key:\nseren_abcdefgh123" }, '{"a":"key:\\n[redacted]"}'],
    ["a bearer token", "", { a: "Authorization: Bearer abcdefghijk" }, '{"a":"Authorization: [redacted]"}'],
    [
      "ending in a backslash",
      "pass\\word\\",
      { a: "pass\\word\\", b: 'pass\\word\\"' },
      '{"a":"[redacted]","b":"[redacted]\\""}',
    ],
    ["with half a character", "secret\ud83d!", { a: "secret\ud83d!" }, '{"a":"[redacted]"}'],
  ])("%s", (_, secret, value, text) => {
    const redactor = knowing(...(secret ? [secret] : []));
    expect(toSafeText(value, 2, redactor)).toBe(text);
  });

  test.each<[string, object, string]>([
    ["message", { kind: "message", role: "assistant", content: "a message" }, "a [redacted]"],
    [
      "completed",
      { type: "completed", result: { exit_reason: "completed", error: "was completed" } },
      "was [redacted]",
    ],
    ["stdout", { type: "output", stream: "stdout", chunk: "on stdout" }, "on [redacted]"],
    ["content", { kind: "text_delta", content: "the content" }, "the [redacted]"],
    ["a1b2c3", { id: "seren-cloud-a1b2c3d4", run_id: "a1b2c3d4-0000", label: "is a1b2c3" }, "is [redacted]"],
    ["dispatchId", { dispatchId: "dispatch-1", type: "status", detail: "no dispatchId" }, "no [redacted]"],
  ])("a secret that is %s changes free text and no word of the protocol", (secret, value, free) => {
    const text = JSON.stringify(value);
    const before = free.replace("[redacted]", secret);
    expect(toSafeText(value, 2, knowing(secret))).toBe(text.replace(JSON.stringify(before), JSON.stringify(free)));
  });

  test("what cannot be masked without losing the object is not sent", () => {
    expect(() => toSafeText({ a: "b", c: "d" }, 2, knowing('{"a":"b","c":"d"}'))).toThrow("would show a secret");
  });

  test("whatever the secret is, the result is JSON that does not contain it", () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText(6), fc.string({ minLength: 6 })),
        fc.json(),
        fc.integer(),
        (secret, other, digits) => {
          const value = {
            text: `a${secret}b`,
            list: [secret, other],
            [isMemberName(secret) ? "-" : secret]: digits,
            json: JSON.parse(other),
          };
          const redactor = knowing(secret);
          let text: string;
          try {
            text = toSafeText(value, 2, redactor);
          } catch (error) {
            expect((error as Error).name).toBe("Unsendable");
            return;
          }
          JSON.parse(text);
          expect(redactor.redact(text)).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });
});
