/**
 * Failures as Dispatch shows them: one line, `<code>: <message>`, behind a prefix of the host's. Only `dispatch_error`
 * reaches it; the numbers are those of its own encoder (`docs/reference/dispatch-courier-v1.md`, section 1.6).
 */

import { withAdvice } from "../../core/index.ts";
import type { WireError } from "../../stdio/index.ts";
import type { ExecutionFailure, FailureKind } from "../../support/failure.ts";

const CODES = {
  invalid_input: "bad_request",
  unsupported: "unsupported_operation",
  unauthorized: "authentication_failed",
  forbidden: "forbidden",
  payment_required: "payment_required",
  not_found: "not_found",
  conflict: "conflict",
  rate_limited: "rate_limited",
  unavailable: "unavailable",
  timed_out: "run_timeout",
  cancelled: "run_cancelled",
  unknown_outcome: "unknown_outcome",
  contract: "upstream_contract",
  internal: "internal_error",
} satisfies Record<FailureKind, string>;

const NUMBERS: Readonly<Record<string, number>> = {
  parse_error: -32700,
  invalid_request: -32600,
  method_not_found: -32601,
  bad_request: -32602,
  internal_error: -32603,
};
const OTHER_NUMBER = -32000;

/** A remote run that ended badly, as an error response: code and sentence are already the host's. */
export class TurnError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method") return dispatchError("method_not_found", `this courier has no method ${detail}`);
  if (typeof failure === "string") return dispatchError(failure, detail);
  if (failure.cause instanceof TurnError) return dispatchError(failure.cause.code, failure.cause.message);
  return dispatchError(CODES[failure.kind], withAdvice(failure));
}

function dispatchError(code: string, message: string): WireError {
  return { code: NUMBERS[code] ?? OTHER_NUMBER, message, data: { dispatch_error: { code, message } } };
}
