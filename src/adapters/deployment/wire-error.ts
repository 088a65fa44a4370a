/**
 * Failures as Dispatch shows them: one line, `<code>: <message>`, printed raw; with `--json` the details as well
 * (`docs/reference/dispatch-deployment-v1.md`, sections 5 and 9.6).
 */
import { withAdvice } from "../../core/index.ts";
import { errorNumber, type WireError } from "../../stdio/index.ts";
import { clipBytes } from "../../support/clip.ts";
import { ExecutionFailure, type FailureKind } from "../../support/failure.ts";
import { onOneLine } from "../../support/unseen.ts";

const CODES = {
  invalid_input: "bad_request",
  unsupported: "unsupported_operation",
  unauthorized: "authentication_failed",
  forbidden: "authentication_failed",
  payment_required: "payment_required",
  not_found: "not_found",
  conflict: "conflict",
  rate_limited: "upstream_error",
  unavailable: "upstream_error",
  timed_out: "upstream_error",
  cancelled: "cancelled",
  unknown_outcome: "unknown_outcome",
  contract: "upstream_error",
  internal: "internal_error",
} satisfies Record<FailureKind, string>;

const MAX_MESSAGE_BYTES = 8 * 1024;

type Details = Readonly<Record<string, unknown>>;

/** The code and the details of an error reply, where they do not follow from the kind of a failure. */
class Refusal extends Error {
  readonly code: string;
  readonly details: Details | undefined;
  constructor(code: string, message: string, details: Details | undefined) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Returns the failure that becomes an error with this code. */
export function refusal(code: string, message: string, details?: Details): ExecutionFailure {
  return new ExecutionFailure("invalid_input", message, { cause: new Refusal(code, message, details) });
}

export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method") return dispatchError("method_not_found", `this plugin has no method ${detail}`);
  if (typeof failure === "string") return dispatchError(failure, detail);
  if (failure.cause instanceof Refusal) {
    return dispatchError(failure.cause.code, failure.message, failure.cause.details);
  }
  const { failedDeployment, status, retryAfterMs } = failure.details;
  if (failedDeployment !== undefined) {
    return dispatchError("build_failed", failure.message, { deployment_id: failedDeployment });
  }
  if (failure.kind === "unknown_outcome") {
    const look = "a deployment may exist: look with `seren-bridge deployments list`";
    return dispatchError("unknown_outcome", `${failure.message}; ${look}`);
  }
  return dispatchError(CODES[failure.kind], withAdvice(failure), {
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  });
}

function dispatchError(code: string, message: string, details: Details = {}): WireError {
  const line = clipBytes(onOneLine(clipBytes(message, MAX_MESSAGE_BYTES)), MAX_MESSAGE_BYTES) || code;
  const about = Object.keys(details).length > 0 ? { details } : {};
  return {
    code: errorNumber(code),
    message: line,
    data: { dispatch_error: { code, message: line, ...about } },
  };
}
