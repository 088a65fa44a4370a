/** What a line of the results says of a row that has no outcome. */
import { expect, test } from "vitest";
import { batchResult } from "../../../../src/adapters/terminal/batch/batch-result.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

const begun = { requestId: "q", deploymentId: "d", since: 0 };

test.each([
  ["refused", "invalid_input", undefined, "not_started"],
  ["refused, and followed by nothing", "not_found", undefined, "not_started"],
  ["perhaps started", "unknown_outcome", begun, "unknown"],
  ["perhaps started, in the middle of a fault", "internal", begun, "unknown"],
  ["started, and gone from the service", "not_found", { ...begun, runId: "r" }, "unknown"],
  ["started, and not to be read", "contract", { ...begun, runId: "r" }, "unknown"],
  ["not started in time", "timed_out", undefined, "timed_out"],
] as const)("%s: %s", (_, kind, noted, outcome) => {
  const failure = new ExecutionFailure(kind, "why");
  const result = batchResult(3, { a: 1 }, noted ? { failure, begun: noted } : { failure });
  expect(result).toMatchObject({ index: 3, input: { a: 1 }, outcome, error: { code: kind } });
  expect(result.run_id).toBe(noted && "runId" in noted ? "r" : undefined);
});
