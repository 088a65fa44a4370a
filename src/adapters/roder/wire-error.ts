/** Failures as JSON-RPC errors. */
import { ERROR_CODES, type WireError } from "../../stdio/index.ts";
import type { ExecutionFailure, FailureKind } from "../../support/failure.ts";
import { dispatchFailureText, refusalText } from "./reporting/failure-text.ts";

/** The host shows the message and ignores the code, which is for logs and for other hosts. */
const CODES = {
  invalid_input: ERROR_CODES.invalidParams,
  unsupported: ERROR_CODES.invalidParams,
  unauthorized: ERROR_CODES.serverError,
  forbidden: ERROR_CODES.serverError,
  payment_required: ERROR_CODES.serverError,
  not_found: ERROR_CODES.serverError,
  conflict: ERROR_CODES.serverError,
  rate_limited: ERROR_CODES.serverError,
  unavailable: ERROR_CODES.serverError,
  timed_out: ERROR_CODES.serverError,
  cancelled: ERROR_CODES.serverError,
  unknown_outcome: ERROR_CODES.serverError,
  contract: ERROR_CODES.serverError,
  internal: ERROR_CODES.serverError,
} satisfies Record<FailureKind, number>;

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method")
    return { code: ERROR_CODES.methodNotFound, message: `there is no method ${detail}` };
  if (failure === "parse_error") return { code: ERROR_CODES.parseError, message: detail || "the line is not JSON" };
  if (failure === "invalid_request")
    return { code: ERROR_CODES.invalidRequest, message: detail || "the message is not a request" };
  const isRefused = failure.kind === "invalid_input" || failure.kind === "unsupported";
  const message = isRefused ? refusalText(failure) : dispatchFailureText(failure);
  return { code: CODES[failure.kind], message, data: { kind: failure.kind } };
}
