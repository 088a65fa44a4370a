/** Failures in words for a model: what happened, whether anything was started, and what it or a person can do. */
import { withAdvice } from "../../core/index.ts";
import type { ExecutionFailure, FailureKind } from "../../support/failure.ts";

const FOR_A_PERSON = "Tell the user: a person has to do this, and you cannot.";

const ADVICE: Partial<Record<FailureKind, string>> = {
  unauthorized: FOR_A_PERSON,
  forbidden: FOR_A_PERSON,
  payment_required: FOR_A_PERSON,
  unknown_outcome: "Do not start it again before the user has looked.",
};

export function failureText(failure: ExecutionFailure): string {
  const { kind, details } = failure;
  const lines = [withAdvice(failure).toWellFormed()];
  if (kind === "rate_limited") {
    const seconds = Math.ceil((details.retryAfterMs ?? 0) / 1000);
    lines.push(`Nothing was started; wait ${seconds > 0 ? `${seconds} s` : "a minute"} before you try again.`);
  }
  const advice = ADVICE[kind];
  if (advice) lines.push(advice);
  return lines.join("\n");
}
