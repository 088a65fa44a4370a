/** Failures as JSON-RPC errors: those of the protocol only. What a model can mend is the result of its tool. */
import type { WireError } from "../../stdio/index.ts";
import type { ExecutionFailure } from "../../support/failure.ts";
import { UnsupportedRevision } from "./callers.ts";

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method") return { code: METHOD_NOT_FOUND, message: `there is no method ${detail}` };
  if (failure === "parse_error") return { code: -32700, message: detail || "the line is not JSON" };
  if (failure === "invalid_request") return { code: -32600, message: detail || "the message is not a request" };
  const { message, kind } = failure;
  if (failure instanceof UnsupportedRevision) return { code: failure.code, message, data: failure.data };
  if (kind === "unsupported") return { code: METHOD_NOT_FOUND, message };
  return { code: kind === "invalid_input" ? INVALID_PARAMS : INTERNAL_ERROR, message };
}
