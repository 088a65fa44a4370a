import { expect, test } from "vitest";
import { dispatchFailureText, taskFailureText } from "../../../../src/adapters/roder/reporting/failure-text.ts";
import { toWireError } from "../../../../src/adapters/roder/wire-error.ts";
import { ExecutionFailure, type FailureKind } from "../../../../src/support/failure.ts";

test("a hint becomes the command that helps", () => {
  const failure = new ExecutionFailure("unknown_outcome", "it was lost", { details: { hint: "list_runs" } });
  const worded = "it was lost; see `seren-bridge runs list`";
  expect(dispatchFailureText(failure)).toBe(worded);
  expect(taskFailureText(failure)).toBe(worded);
  expect(toWireError(failure, "").message).toBe(worded);
});

const HOST_RETRIES = /rate limit|rate_limit|ratelimit|too many requests|429/i;
const HOST_TIMEOUT = /timed out|timeout/i;

test.each([
  "port 42900 refused",
  "run 14294299-4291-4429-8429-429429429429 failed",
  "0x429 bytes",
  "upstream said rate_limit and RateLimit and Rate Limit and too many requests",
  "Gateway Timeout; timed out; TIMEOUT",
  "timeout_seconds must be at least 1",
  "tool not allowed by subagent; unavailable tool; subagent tool; has no tools compatible with",
  `a hash deadbeef42900000deadbeef42900000`,
])("C12: %s is reworded", (message) => {
  const text = dispatchFailureText(new ExecutionFailure("unavailable", message));
  expect(text).not.toMatch(HOST_RETRIES);
  expect(text).not.toMatch(HOST_TIMEOUT);
  expect(text).not.toMatch(/not allowed by subagent|subagent tool|unavailable tool|has no tools compatible with/i);
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
  expect(text.length).toBeGreaterThan(0);
});

test("the classifying words stay in failures of their own kind", () => {
  expect(dispatchFailureText(new ExecutionFailure("rate_limited", "HTTP 429"))).toBe("rate limit: HTTP 429");
  expect(dispatchFailureText(new ExecutionFailure("timed_out", "no answer"))).toBe("timed out: no answer");
  expect(dispatchFailureText(new ExecutionFailure("internal", " \n"))).toBe("seren-bridge failed and cannot say why");
});

test("other words, names and numbers are unchanged", () => {
  const message = "deployment seren-chat-1a2b3c4d not found (HTTP 404); accessibilityfacade, 123456789 bytes";
  expect(dispatchFailureText(new ExecutionFailure("not_found", message))).toBe(message);
});

test("a refusal names the input as it was written and contains no rate-limit words", () => {
  const refused = (message: string) => toWireError(new ExecutionFailure("invalid_input", message), "").message;
  expect(refused("input: timeout_seconds: expected an integer")).toBe("input: timeout_seconds: expected an integer");
  expect(refused('unknown subagent type "agent-429"')).toBe('unknown subagent type "[number]"');
  expect(refused("input: run_id: 14294299-4291-4429-8429-429429429429 is gone")).toBe("input: run_id: [id] is gone");
});

test("the error of a task keeps its words and loses its ids", () => {
  const message = "no answer from port 4290 within timeout_seconds (timeout), run 6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";
  expect(taskFailureText(new ExecutionFailure("unavailable", message))).toBe(
    "no answer from port 4290 within timeout_seconds (timeout), run [id]",
  );
  expect(taskFailureText(new ExecutionFailure("unavailable", " "))).toBe("seren-bridge failed and cannot say why");
});

test.each<[FailureKind, number]>([
  ["invalid_input", -32602],
  ["unsupported", -32602],
  ["internal", -32000],
  ["rate_limited", -32000],
])("%s becomes %d", (kind, code) => {
  expect(toWireError(new ExecutionFailure(kind, "m"), "")).toMatchObject({ code, data: { kind } });
});

test("unknown methods, lines that are not JSON, and messages that are not requests", () => {
  expect(toWireError("unknown_method", "turns/start")).toEqual({
    code: -32601,
    message: "there is no method turns/start",
  });
  expect(toWireError("parse_error", "")).toEqual({ code: -32700, message: "the line is not JSON" });
  expect(toWireError("invalid_request", "batches are not supported")).toEqual({
    code: -32600,
    message: "batches are not supported",
  });
});
