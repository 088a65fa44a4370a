import { expect, test } from "vitest";
import { cutOf } from "../../../../src/core/run/cut-answer.ts";

test.each([
  ["length", "length"],
  ["max_tokens", "length"],
  ["MAX_TOKENS", "length"],
  ["max-output-tokens", "length"],
  ["max_completion_tokens", "length"],
  ["model_length", "length"],
  ["token_limit", "length"],
  ["model_context_window_exceeded", "length"],
  ["maxOutputTokens", "length"],
  ["contextWindow", "length"],
  ["ERROR_LIMIT", "length"],
  ["incomplete", "length"],
  ["content_filter", "filter"],
  ["contentFilter", "filter"],
  ["ERROR_TOXIC", "filter"],
  ["sensitive", "filter"],
  ["content-filter", "filter"],
  ["SAFETY", "filter"],
  ["RECITATION", "filter"],
  ["refusal", "filter"],
  ["guardrail_intervened", "filter"],
  ["max_iterations", "steps"],
  ["turn limit", "steps"],
])("%s is a cut: %s", (reason, cut) => expect(cutOf(reason)).toBe(cut));

test.each(["stop", "end_turn", "STOP", "tool_calls", "completed", "", undefined, `length ${"of words ".repeat(20)}`])(
  "%s is none",
  (reason) => expect(cutOf(reason)).toBeUndefined(),
);
