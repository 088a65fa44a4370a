/** Failures as JSON-RPC errors: those of the protocol only. What a model can mend is the result of its tool. */
import { ERROR_CODES, type WireError } from "../../stdio/index.ts";
import type { ExecutionFailure } from "../../support/failure.ts";
import { ProtocolError } from "./protocol-error.ts";

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method")
    return { code: ERROR_CODES.methodNotFound, message: `there is no method ${detail}` };
  if (failure === "parse_error") return { code: ERROR_CODES.parseError, message: detail || "the line is not JSON" };
  if (failure === "invalid_request")
    return { code: ERROR_CODES.invalidRequest, message: detail || "the message is not a request" };
  const { message, kind } = failure;
  if (failure instanceof ProtocolError) return { code: failure.code, message, data: failure.data };
  if (kind === "unsupported") return { code: ERROR_CODES.methodNotFound, message };
  return { code: kind === "invalid_input" ? ERROR_CODES.invalidParams : ERROR_CODES.internalError, message };
}
