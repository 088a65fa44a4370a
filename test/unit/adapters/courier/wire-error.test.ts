import { expect, test } from "vitest";
import { CourierErrorDataSchema } from "#protocols/dispatch-courier";
import { TurnError, toWireError } from "../../../../src/adapters/courier/wire-error.ts";
import { ExecutionFailure, type FailureKind } from "../../../../src/support/failure.ts";

test.each<[FailureKind, string, number]>([
  ["invalid_input", "bad_request", -32602],
  ["unsupported", "unsupported_operation", -32000],
  ["unauthorized", "authentication_failed", -32000],
  ["forbidden", "forbidden", -32000],
  ["payment_required", "payment_required", -32000],
  ["not_found", "not_found", -32000],
  ["conflict", "conflict", -32000],
  ["rate_limited", "rate_limited", -32000],
  ["unavailable", "unavailable", -32000],
  ["timed_out", "run_timeout", -32000],
  ["cancelled", "run_cancelled", -32000],
  ["unknown_outcome", "unknown_outcome", -32000],
  ["contract", "upstream_contract", -32000],
  ["internal", "internal_error", -32603],
])("%s is %s", (kind, code, number) => {
  expect(toWireError(new ExecutionFailure(kind, "why"), "detail")).toEqual({
    code: number,
    message: "why",
    data: { dispatch_error: { code, message: "why" } },
  });
});

test("a hint becomes the command that helps", () => {
  const failure = new ExecutionFailure("unknown_outcome", "it was lost", { details: { hint: "list_runs" } });
  expect(toWireError(failure, "").message).toBe("it was lost; see `seren-bridge runs list`");
});

test.each([
  ["unknown_method", "courier.dance", "method_not_found", -32601, "this courier has no method courier.dance"],
  ["parse_error", "not JSON", "parse_error", -32700, "not JSON"],
  ["invalid_request", "a batch", "invalid_request", -32600, "a batch"],
] as const)("%s is the host's own code", (problem, detail, code, number, message) => {
  expect(toWireError(problem, detail)).toEqual({
    code: number,
    message,
    data: { dispatch_error: { code, message } },
  });
});

test("a run that ended badly keeps its own code and sentence", () => {
  const cause = new TurnError("run_blocked", "policy [run x]");
  const error = toWireError(new ExecutionFailure("internal", "other words", { cause }), "");
  expect(error).toEqual({
    code: -32000,
    message: "policy [run x]",
    data: { dispatch_error: { code: "run_blocked", message: "policy [run x]" } },
  });
  expect(CourierErrorDataSchema.parse(error.data)).toEqual(error.data);
});
