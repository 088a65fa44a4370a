/** Failures as errors of this protocol. Clients show the message; an authentication error makes them offer a login. */
import { ACP_ERRORS } from "#protocols/acp";
import { withAdvice } from "../../core/index.ts";
import { ERROR_CODES, type WireError } from "../../stdio/index.ts";
import { ExecutionFailure, type FailureKind } from "../../support/failure.ts";

const CODES = {
  parse_error: ERROR_CODES.parseError,
  invalid_request: ERROR_CODES.invalidRequest,
  unknown_method: ERROR_CODES.methodNotFound,
  invalid_params: ERROR_CODES.invalidParams,
  internal_error: ERROR_CODES.internalError,
  unknown_session: ACP_ERRORS.resourceNotFound,
  authentication_required: ACP_ERRORS.authenticationRequired,
} as const;

const OF_KIND: Partial<Record<FailureKind, keyof typeof CODES>> = {
  invalid_input: "invalid_params",
  unauthorized: "authentication_required",
};

/** A request that does not fit the state of the conversation with this client. */
export class Refusal extends ExecutionFailure {
  readonly code: "invalid_request" | "invalid_params" | "unknown_session";

  constructor(code: Refusal["code"], message: string) {
    super("invalid_input", message);
    this.code = code;
  }
}

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method") return { code: CODES.unknown_method, message: `there is no method ${detail}` };
  if (typeof failure === "string") return { code: CODES[failure], message: detail };
  const name = failure instanceof Refusal ? failure.code : (OF_KIND[failure.kind] ?? "internal_error");
  return { code: CODES[name], message: withAdvice(failure).toWellFormed() };
}
