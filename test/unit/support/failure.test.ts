import { describe, expect, test } from "vitest";
import { asFailure, ExecutionFailure, type FailureKind } from "../../../src/support/failure.ts";

const KINDS: Record<FailureKind, boolean> = {
  invalid_input: false,
  unsupported: false,
  unauthorized: false,
  forbidden: false,
  payment_required: false,
  not_found: false,
  conflict: false,
  rate_limited: true,
  unavailable: true,
  timed_out: false,
  cancelled: false,
  unknown_outcome: false,
  contract: false,
  internal: false,
};

test.each(Object.entries(KINDS) as [FailureKind, boolean][])("%s: retryable is %s", (kind, retryable) => {
  expect(new ExecutionFailure(kind, "x").retryable).toBe(retryable);
});

test("carries message, cause and details", () => {
  const cause = new Error("socket");
  const failure = new ExecutionFailure("unavailable", "away", { cause, details: { status: 503 } });
  expect(failure).toMatchObject({ name: "ExecutionFailure", message: "away", cause, details: { status: 503 } });
  expect("cause" in new ExecutionFailure("internal", "x")).toBe(false);
});

describe("asFailure", () => {
  test("a failure stays what it is", () => {
    const failure = new ExecutionFailure("conflict", "x");
    expect(asFailure(failure)).toBe(failure);
  });

  test.each([[new TypeError("seren_secretvalue1 is not a function")], ["text"], [undefined], [null], [{ a: 1 }]])(
    "%s becomes an internal failure that keeps it as the cause and repeats none of it",
    (thrown) => {
      const failure = asFailure(thrown);
      expect(failure.kind).toBe("internal");
      expect(failure.message).toBe("seren-bridge met an error it did not foresee; its log has the details");
      expect(failure.cause).toBe(thrown);
    },
  );
});
