/**
 * Failures in the words this host understands. Roder classifies errors of dispatches by substrings of their text: a stray "429"
 * (a port, a part of an id) makes it start the run again up to four times, "timeout" turns a failure into another kind. So the
 * words are used where they are meant and taken out everywhere else. Errors of tasks and tools are read by people and models.
 */

import { withAdvice } from "../../core/index.ts";
import type { WireError } from "../../stdio/index.ts";
import type { ExecutionFailure, FailureKind } from "../../support/failure.ts";

const INVALID_PARAMS = -32602;
const SERVER_ERROR = -32000;

/** The host shows the text and discards the code; it is for logs and for other hosts. */
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

const IDS: readonly RegExp[] = [
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b(?=[a-z]*\d)[0-9a-f]{12,}\b/gi,
];

const UNEXPLAINED = "seren-bridge failed and cannot say why";

const RATE_LIMIT_WORDS: readonly [RegExp, string][] = [
  [/[\w.:-]*429[\w.:-]*/g, "[number]"],
  [/rate[ _]?limit/gi, "rate-limit"],
  [/too many requests/gi, "too many calls"],
];

const TIMEOUT_WORDS: readonly [RegExp, string][] = [
  [/timeout_seconds/gi, "the time limit"],
  [/timed out/gi, "ran out of time"],
  [/timeout/gi, "time-out"],
];

const WHITELIST_WORDS: readonly [RegExp, string][] = [
  [/not allowed by subagent/gi, "not allowed by the subagent"],
  [/subagent tool/gi, "tool of the subagent"],
  [/unavailable tool/gi, "tool that is not there"],
  [/has no tools compatible with/gi, "has no tool that fits"],
];

/** Why a dispatch failed: without ids, and with the classifying words of its own kind only. */
export function dispatchFailureText(failure: ExecutionFailure): string {
  let text = without(plainText(withAdvice(failure)), WHITELIST_WORDS);
  if (failure.kind !== "rate_limited") text = without(text, RATE_LIMIT_WORDS);
  else if (!/rate limit/i.test(text)) text = `rate limit: ${text}`;
  if (failure.kind !== "timed_out") text = without(text, TIMEOUT_WORDS);
  else if (!/timed out/i.test(text)) text = `timed out: ${text}`;
  return text || UNEXPLAINED;
}

/** Why a task failed: without ids. */
export function taskFailureText(failure: ExecutionFailure): string {
  return plainText(withAdvice(failure)) || UNEXPLAINED;
}

/**
 * The adapter's table from failure to JSON-RPC error. What is refused by its input names the input as it was written: only a
 * request this host cannot make has a `timeout_seconds` that does not fit.
 */
export function toWireError(
  failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
  detail: string,
): WireError {
  if (failure === "unknown_method") return { code: -32601, message: `there is no method ${detail}` };
  if (failure === "parse_error") return { code: -32700, message: detail || "the line is not JSON" };
  if (failure === "invalid_request") return { code: -32600, message: detail || "the message is not a request" };
  const refused = failure.kind === "invalid_input" || failure.kind === "unsupported";
  const message = refused
    ? without(plainText(withAdvice(failure)), RATE_LIMIT_WORDS) || UNEXPLAINED
    : dispatchFailureText(failure);
  return { code: CODES[failure.kind], message, data: { kind: failure.kind } };
}

function plainText(message: string): string {
  return IDS.reduce((kept, id) => kept.replace(id, "[id]"), message.toWellFormed()).trim();
}

function without(text: string, words: readonly [RegExp, string][]): string {
  return words.reduce((kept, [pattern, plain]) => kept.replace(pattern, plain), text);
}
