import { describe, expect, test } from "vitest";
import { ERROR_CODES, RpcErrorSchema, RpcFailureSchema, RpcIdSchema, RpcSuccessSchema } from "#protocols/json-rpc";

describe("ids", () => {
  test.each([[1], [0], [-1], ["1"], [""], [9007199254740991], ["😀"]])("%j is one", (id) => {
    expect(RpcIdSchema.parse(id)).toBe(id);
  });

  test.each([
    [1.5],
    [null],
    [true],
    [{}],
    [[1]],
    [9007199254740992],
    [Number.NaN],
    ["\ud83d"],
    ["x".repeat(4097)],
    [undefined],
  ])("%j is not", (id) => {
    expect(RpcIdSchema.safeParse(id).success).toBe(false);
  });
});

test("codes are those of the specification", () => {
  expect(ERROR_CODES).toEqual({
    parseError: -32700,
    invalidRequest: -32600,
    methodNotFound: -32601,
    invalidParams: -32602,
    internalError: -32603,
    serverError: -32000,
  });
});

test("a reply has a result or an error, not both, and neither is null", () => {
  const envelope = { jsonrpc: "2.0", id: 1 };
  const error = { code: 1, message: "m" };
  expect(RpcSuccessSchema.safeParse({ ...envelope, result: {} }).success).toBe(true);
  expect(RpcSuccessSchema.safeParse({ ...envelope, result: null }).success).toBe(false);
  expect(RpcSuccessSchema.safeParse({ ...envelope, result: {}, error: null }).success).toBe(false);
  expect(RpcFailureSchema.safeParse({ ...envelope, id: null, error }).success).toBe(true);
  expect(RpcFailureSchema.safeParse({ ...envelope, result: {}, error }).success).toBe(false);
  expect(RpcErrorSchema.safeParse({ ...error, code: 1.5 }).success).toBe(false);
});
