/**
 * Failures as Dispatch shows them: one line, `<code>: <message>`, after a prefix of the host's. Only `dispatch_error`
 * is shown; the numbers are those of the host's own encoder (`docs/reference/dispatch-courier-v1.md`, section 1.6).
 */
import { type Outcome, type OutcomeKind, withAdvice } from "../../core/index.ts";
import { errorNumber, type WireError } from "../../stdio/index.ts";
import { clipBytes } from "../../support/clip.ts";
import { ExecutionFailure, type FailureKind } from "../../support/failure.ts";

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

/** Codes for a remote run that ended badly. A run that completed or waits is an answer and no error. */
const OUTCOME_CODES = {
  failed: "run_failed",
  blocked: "run_blocked",
  timed_out: "run_timeout",
  cancelled: "run_cancelled",
  completed: "run_failed",
  awaiting_approval: "run_failed",
} satisfies Record<OutcomeKind, string>;

/** The service's own text for a bad end may have any length; in a reply that is too long the code would be lost. */
const MAX_REASON_BYTES = 16 * 1024;
const MAX_SHOWN_PARTIAL_BYTES = 4 * 1024;

/** The code and the message of an error reply, where they do not follow from the kind of a failure. */
export class TurnError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Returns the error with which the turn of a run that ended badly fails. */
export function turnFailure(outcome: Outcome): ExecutionFailure {
  const error = toTurnError(outcome);
  return new ExecutionFailure("internal", error.message, { cause: error });
}

/** Returns the reason, the service's code, the id of the run, and the start of the answer so far. */
export function toTurnError(outcome: Outcome): TurnError {
  const { kind, error, run, text } = outcome;
  const parts = [clipBytes(error ? withAdvice(error) : `the run ended: ${kind}`, MAX_REASON_BYTES)];
  if (error?.code) parts.push(`(${clipBytes(error.code, MAX_REASON_BYTES)})`);
  if (run) parts.push(`[run ${run.runId}]`);
  const partial = clipBytes(text, MAX_SHOWN_PARTIAL_BYTES);
  return new TurnError(OUTCOME_CODES[kind], parts.join(" ") + (partial ? `; it had said: ${partial}` : ""));
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
  return { code: errorNumber(code), message, data: { dispatch_error: { code, message } } };
}
