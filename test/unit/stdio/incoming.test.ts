import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeLine } from "../../../src/stdio/incoming.ts";

const judge = (line: string | Buffer) => judgeLine(Buffer.from(line as string));
const refusal = (line: string | Buffer) => {
  const verdict = judge(line);
  if (verdict.kind !== "refused") throw new Error(`not refused: ${JSON.stringify(verdict)}`);
  return [verdict.problem, verdict.id];
};

describe("requests", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":1,"method":"m"}', 1, undefined],
    ['{"jsonrpc":"2.0","id":"1","method":"m","params":null}', "1", null],
    ['{"jsonrpc":"2.0","id":0,"method":"m","params":[1]}', 0, [1]],
    ['{"jsonrpc":"2.0","id":-7,"method":"m","params":{}}', -7, {}],
    ['{"jsonrpc":"2.0","id":"","method":"m","params":{"a":1},"extra":true}', "", { a: 1 }],
    ['{"jsonrpc":"2.0","id":9007199254740991,"method":"m"}', 9007199254740991, undefined],
    [' \t{"jsonrpc":"2.0","id":1,"method":"m"} \r', 1, undefined],
    ['{"jsonrpc":"2.0","id":1,"method":"m","result":{}}', 1, undefined],
  ])("%s", (line, id, params) => {
    expect(judge(line)).toEqual({ kind: "request", id, method: "m", params });
  });

  test("keep every character of their params", () => {
    const text = "a\u2028b\u2029c\u0085😀 é";
    expect(judge(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"text":"${text}"}}`)).toEqual({
      kind: "request",
      id: 1,
      method: "m",
      params: { text },
    });
  });

  test("a member with a name of the prototype chain is a member like any other", () => {
    const verdict = judge('{"jsonrpc":"2.0","id":1,"method":"m","params":{"__proto__":{"polluted":true}}}');
    expect(verdict.kind).toBe("request");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test.each([
  '{"jsonrpc":"2.0","method":"m"}',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":7}'.replace("7", "[7]"),
])("notification %s", (line) => {
  expect(judge(line).kind).toBe("notification");
});

test.each(["", "   ", "\r", "\t \r"])("blank: %j", (line) => {
  expect(judge(line)).toEqual({ kind: "ignored" });
});

describe("responses", () => {
  const refusal = { code: 1, message: "x" };
  test.each([
    ['{"jsonrpc":"2.0","id":1,"result":{}}', 1, { kind: "value", value: {} }],
    ['{"jsonrpc":"2.0","id":"s1","result":{"a":1},"extra":true}', "s1", { kind: "value", value: { a: 1 } }],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}', 1, { kind: "error", error: refusal }],
    ['{"id":1,"result":null}', 1, { kind: "value", value: null }],
    ['{"jsonrpc":"2.0","id":"s1","result":1,"error":null}', "s1", { kind: "value", value: 1 }],
    ['{"jsonrpc":"2.0","id":"s1","result":1,"error":"no"}', "s1", { kind: "error", error: "no" }],
    [
      '{"jsonrpc":"2.0","id":"s1","result":null,"error":{"code":1,"message":"x"}}',
      "s1",
      { kind: "error", error: refusal },
    ],
    ['{"jsonrpc":"2.0","id":true,"result":1}', null, { kind: "value", value: 1 }],
    ['{"jsonrpc":"2.0","id":"\\ud83d","result":1}', null, { kind: "value", value: 1 }],
    ['{"error":null}', null, { kind: "unreadable", problem: "it has neither a result nor an error" }],
  ])("%s", (line, id, result) => {
    expect(judge(line)).toEqual({ kind: "response", id, result });
  });

  test("nested too deep are unreadable, not refused: an answer is never answered", () => {
    const deep = `${"[".repeat(256)}${"]".repeat(256)}`;
    expect(judge(`{"jsonrpc":"2.0","id":"s1","result":${deep}}`)).toEqual({
      kind: "response",
      id: "s1",
      result: { kind: "unreadable", problem: "it is nested deeper than 256 levels" },
    });
  });
});

describe("refused", () => {
  test.each([
    ["{", "parse_error", null],
    ["hello", "parse_error", null],
    ['{"jsonrpc":"2.0","id":1,"method":"m"} {}', "parse_error", null],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"\t"}}', "parse_error", null],
    ['[{"jsonrpc":"2.0","id":1,"method":"m"}]', "invalid_request", null],
    ["[]", "invalid_request", null],
    ["3", "invalid_request", null],
    ['"x"', "invalid_request", null],
    ["null", "invalid_request", null],
    ["true", "invalid_request", null],
    ["{}", "invalid_request", null],
    ['{"jsonrpc":"2.0","id":5}', "invalid_request", 5],
    ['{"jsonrpc":"1.0","id":5,"method":"m"}', "invalid_request", 5],
    ['{"id":"5","method":"m"}', "invalid_request", "5"],
    ['{"jsonrpc":2.0,"id":5,"method":"m"}', "invalid_request", 5],
    ['{"jsonrpc":"1.0","method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":1.5,"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":true,"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":{},"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":[1],"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":null,"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":1e400,"method":"m"}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":"\\ud83d","method":"m"}', "invalid_request", null],
    [`{"jsonrpc":"2.0","id":"${"x".repeat(4097)}","method":"m"}`, "invalid_request", null],
    ['{"jsonrpc":"2.0","id":5,"method":7}', "invalid_request", 5],
    ['{"jsonrpc":"2.0","id":5,"method":null}', "invalid_request", 5],
    ['{"jsonrpc":"2.0","id":5,"method":""}', "invalid_request", 5],
    ['{"jsonrpc":"2.0","method":7}', "invalid_request", null],
    ['{"jsonrpc":"2.0","id":5,"method":"m","params":3}', "invalid_request", 5],
  ])("%s", (line, problem, id) => {
    expect(refusal(line)).toEqual([problem, id]);
  });

  test.each([
    ["a lone continuation byte", [0x80]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80]],
    ["a character cut short", [0xf0, 0x9f, 0x98]],
  ])("not UTF-8: %s", (_, bytes) => {
    const line = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"'),
      Buffer.from(bytes),
      Buffer.from('"}}'),
    ]);
    expect(judgeLine(line)).toEqual({
      kind: "refused",
      problem: "parse_error",
      id: null,
      detail: "the line is not valid UTF-8",
    });
    // A decoder that remembers would spoil the line after it.
    expect(judge('{"jsonrpc":"2.0","id":1,"method":"m"}').kind).toBe("request");
  });

  test("the reason says what is wrong and repeats nothing of the line", () => {
    expect(judge('{"jsonrpc":"2.0","id":5,"method":"m","params":"hunter2"}')).toEqual({
      kind: "refused",
      problem: "invalid_request",
      id: 5,
      detail: "params: must be an object or an array",
    });
    expect(judge('{"token":"hunter2",')).toMatchObject({ detail: "the line is not valid JSON" });
  });
});

describe("hostile nesting", () => {
  const nested = (depth: number) =>
    `{"jsonrpc":"2.0","id":5,"method":"m","params":${"[".repeat(depth)}${"]".repeat(depth)}}`;

  test("up to the limit the request is passed on", () => {
    expect(judge(nested(255)).kind).toBe("request");
  });

  test("above it the request is refused with its id", () => {
    expect(refusal(nested(256))).toEqual(["invalid_request", 5]);
    expect(refusal(nested(90_000))).toEqual(["invalid_request", 5]);
  });

  test("far above it the line is not parsed", () => {
    expect(refusal(nested(2_000_000))).toEqual(["invalid_request", null]);
    expect(refusal("[".repeat(5_000_000))).toEqual(["invalid_request", null]);
    expect(refusal('{"a":'.repeat(1_000_000))).toEqual(["invalid_request", null]);
  });

  test("a line of millions of values is not parsed", () => {
    expect(refusal(`{"jsonrpc":"2.0","id":5,"method":"m","params":[${"0,".repeat(4_000_001)}0]}`)).toEqual([
      "invalid_request",
      null,
    ]);
  });

  test("brackets and commas inside strings do not count", () => {
    const text = `\\"\\\\${"[{,".repeat(2_000_000)}`;
    expect(judge(`{"jsonrpc":"2.0","id":5,"method":"m","params":{"a":"${text}"}}`).kind).toBe("request");
  });
});

test("no bytes make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void judgeLine(Buffer.from(bytes))),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.json(), (json) => void judge(json)),
    { numRuns: 500 },
  );
});
