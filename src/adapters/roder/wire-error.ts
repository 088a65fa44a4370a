/** Failures as JSON-RPC errors. */
import type { WireError } from "../../stdio/index.ts";
import type { ExecutionFailure, FailureKind } from "../../support/failure.ts";
import { dispatchFailureText, refusalText } from "./reporting/failure-text.ts";

const INVALID_PARAMS = -32602;
const SERVER_ERROR = -32000;

/** The host shows the message and ignores the code, which is for logs and for other hosts. */
const CODES = {
  invalid_input: INVALID_PARAMS,
  unsupported: INVALID_PARAMS,
  unauthorized: SERVER_ERROR,
  forbidden: SERVER_ERROR,
  payment_required: SERVER_ERROR,
  not_found: SERVER_ERROR,
  conflict: SERVER_ERROR,
  rate_limited: SERVER_ERROR,
  unavailable: SERVER_ERROR,
  timed_out: SERVER_ERROR,
  cancelled: SERVER_ERROR,
  unknown_outcome: SERVER_ERROR,
  contract: SERVER_ERROR,
  internal: SERVER_ERROR,
} satisfies Record<FailureKind, number>;

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method") return { code: -32601, message: `there is no method ${detail}` };
  if (failure === "parse_error") return { code: -32700, message: detail || "the line is not JSON" };
  if (failure === "invalid_request") return { code: -32600, message: detail || "the message is not a request" };
  const isRefused = failure.kind === "invalid_input" || failure.kind === "unsupported";
  const message = isRefused ? refusalText(failure) : dispatchFailureText(failure);
  return { code: CODES[failure.kind], message, data: { kind: failure.kind } };
}
