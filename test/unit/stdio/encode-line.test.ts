import { describe, expect, test } from "vitest";
import { RpcFailureSchema, RpcSuccessSchema } from "#protocols/json-rpc";
import { bareError, encodeLine, type Outgoing } from "../../../src/stdio/encode-line.ts";
import { createRedactor } from "../../../src/support/redact.ts";

const redactor = createRedactor();
const line = (message: Outgoing) => {
  const frame = encodeLine(message, redactor);
  if (!frame.ok) throw new Error(frame.problem);
  return frame.bytes.toString("utf8");
};

test.each<[Outgoing, string]>([
  [{ id: 1, result: { kind: "ok" } }, '{"jsonrpc":"2.0","id":1,"result":{"kind":"ok"}}\n'],
  [{ id: "1", result: {} }, '{"jsonrpc":"2.0","id":"1","result":{}}\n'],
  [{ id: 'a"\u2028', result: {} }, '{"jsonrpc":"2.0","id":"a\\"\u2028","result":{}}\n'],
  [
    { id: null, error: { code: -32700, message: "no" } },
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}\n',
  ],
  [
    { id: 1, error: { code: -32602, message: "bad", data: { dispatch_error: { code: "x", message: "bad" } } } },
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"bad","data":{"dispatch_error":{"code":"x","message":"bad"}}}}\n',
  ],
  [
    { method: "courier.event", params: { kind: "done" } },
    '{"jsonrpc":"2.0","method":"courier.event","params":{"kind":"done"}}\n',
  ],
])("%j", (message, expected) => {
  expect(line(message)).toBe(expected);
});

test("a line break inside a text does not break the line", () => {
  expect(line({ id: 1, result: { a: "x\ny\r\u0085" } })).toBe(
    '{"jsonrpc":"2.0","id":1,"result":{"a":"x\\ny\\r\u0085"}}\n',
  );
});

describe("1 MiB, newline included", () => {
  const around = (padding: string) => ({ id: 1, result: { a: padding } });
  const overhead = Buffer.byteLength('{"jsonrpc":"2.0","id":1,"result":{"a":""}}\n');

  test("fits exactly", () => {
    const frame = encodeLine(around("x".repeat(1_048_576 - overhead)), redactor);
    expect(frame.ok && frame.bytes.length).toBe(1_048_576);
  });

  test.each([
    ["one byte more", "x".repeat(1_048_577 - overhead)],
    ["fewer characters, more bytes", "€".repeat(400_000)],
    ["more by escapes", "\u0001".repeat(200_000)],
  ])("%s does not", (_, padding) => {
    expect(encodeLine(around(padding), redactor)).toEqual({
      ok: false,
      problem: "is larger than the 1 MiB that one message may have",
    });
  });
});

test("a value that throws when it is read is refused", () => {
  const trap = {
    get a(): string {
      throw new Error("hunter2");
    },
  };
  expect(encodeLine({ id: 1, result: trap }, redactor)).toEqual({ ok: false, problem: "cannot be written as JSON" });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(encodeLine({ id: 1, result: proxy }, redactor)).toEqual({ ok: false, problem: "cannot be written as JSON" });
});

test("a secret that reads like an envelope does not break one", () => {
  const knowing = createRedactor();
  for (const secret of ["jsonrpc", '"result":{', "courier.event", "123456"]) knowing.add(secret);
  const frame = encodeLine({ id: 123456, result: { a: 1 } }, knowing);
  expect(frame.ok && frame.bytes.toString()).toBe('{"jsonrpc":"2.0","id":123456,"result":{"a":1}}\n');
});

test("what is emitted fits the published schemas", () => {
  expect(RpcSuccessSchema.safeParse(JSON.parse(line({ id: 1, result: { a: [1] } }))).success).toBe(true);
  expect(
    RpcFailureSchema.safeParse(JSON.parse(line({ id: null, error: { code: -32600, message: "m" } }))).success,
  ).toBe(true);
  expect(RpcFailureSchema.safeParse(JSON.parse(bareError("x").toString())).success).toBe(true);
});
