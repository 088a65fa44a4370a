/**
 * Failures in words this host does not misread. Roder classifies the errors of dispatches by substrings of their text: a
 * stray "429" (a port, a part of an id) makes it start the run again up to four times, and "timeout" turns any failure
 * into a timeout (`docs/reference/roder-process-extension-0.2.md`, section 5.2). So these words are kept where they are
 * meant and replaced everywhere else. The errors of tasks and tools are read by people and models only.
 */
import { withAdvice } from "../../../core/index.ts";
import type { ExecutionFailure } from "../../../support/failure.ts";

const IDS: readonly RegExp[] = [
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b(?=[a-z]*\d)[0-9a-f]{12,}\b/gi,
];

const UNEXPLAINED = "seren-bridge failed and cannot say why";

type Replacement = [RegExp, string | ((found: string) => string)];

const RATE_LIMIT_WORDS: readonly Replacement[] = [
  // Not searched for by one expression: it would start again at every digit of a long word.
  [/[\w.:-]+/g, (word) => (word.includes("429") ? "[number]" : word)],
  [/rate[ _]?limit/gi, "rate-limit"],
  [/too many requests/gi, "too many calls"],
];

const TIMEOUT_WORDS: readonly Replacement[] = [
  [/timeout_seconds/gi, "the time limit"],
  [/timed out/gi, "ran out of time"],
  [/timeout/gi, "time-out"],
];

const WHITELIST_WORDS: readonly Replacement[] = [
  [/not allowed by subagent/gi, "not allowed by the subagent"],
  [/subagent tool/gi, "tool of the subagent"],
  [/unavailable tool/gi, "tool that is not there"],
  [/has no tools compatible with/gi, "has no tool that fits"],
];

/** Returns why a dispatch failed: without ids, and with the classifying words of its own kind only. */
export function dispatchFailureText(failure: ExecutionFailure): string {
  let text = without(textOf(failure), WHITELIST_WORDS);
  if (failure.kind !== "rate_limited") text = without(text, RATE_LIMIT_WORDS);
  else if (!/rate limit/i.test(text)) text = `rate limit: ${text}`;
  if (failure.kind !== "timed_out") text = without(text, TIMEOUT_WORDS);
  else if (!/timed out/i.test(text)) text = `timed out: ${text}`;
  return text || UNEXPLAINED;
}

/**
 * Returns why a request was refused, with its members named as they were written: a refusal cannot be taken for a
 * timeout, because this host itself never sends a `timeout_seconds` that does not fit.
 */
export function refusalText(failure: ExecutionFailure): string {
  return without(textOf(failure), RATE_LIMIT_WORDS) || UNEXPLAINED;
}

/** Returns why a task failed, without ids. */
export function taskFailureText(failure: ExecutionFailure): string {
  return textOf(failure) || UNEXPLAINED;
}

function textOf(failure: ExecutionFailure): string {
  return IDS.reduce((kept, id) => kept.replace(id, "[id]"), withAdvice(failure).toWellFormed()).trim();
}

function without(text: string, words: readonly Replacement[]): string {
  return words.reduce(
    (kept, [pattern, plain]) =>
      typeof plain === "string" ? kept.replace(pattern, plain) : kept.replace(pattern, plain),
    text,
  );
}
