import { describe, expect, test } from "vitest";
import { SubagentResultSchema } from "#protocols/roder-extension";
import { type ResultContext, toSubagentResult } from "../../../../src/adapters/roder/subagents/subagent-result.ts";
import type { Outcome } from "../../../../src/core/index.ts";
import { RUN } from "./remote.ts";

const CONTEXT: ResultContext = { dispatchId: "d1", agentType: "seren-agent", maxChars: 20_000 };

function result(outcome: Partial<Outcome>, context: Partial<ResultContext> = {}) {
  const whole: Outcome = { kind: "completed", run: RUN, text: "", artifacts: [], approvals: [], ...outcome };
  const made = toSubagentResult(whole, { ...CONTEXT, ...context });
  expect(SubagentResultSchema.safeParse(JSON.parse(JSON.stringify(made))).error?.issues ?? []).toEqual([]);
  return made;
}

test("an answer that was cut says so", () => {
  expect(result({ text: "Half", cut: "length" }).final_message).toBe(
    "Half\n\n(the answer is cut off: the model reached its limit of length)",
  );
});

describe("exit reasons", () => {
  test.each<[string, Partial<Outcome>, string, string]>([
    ["completed", { kind: "completed" }, "completed", ""],
    [
      "failed",
      { kind: "failed", error: { message: "the model refused" } },
      "failed",
      "The run failed: the model refused",
    ],
    ["blocked", { kind: "blocked", error: { message: "guardrail" } }, "failed", "The run was blocked: guardrail"],
    [
      "timed out there",
      { kind: "timed_out", error: { message: "the run's limit" } },
      "timeout",
      "The run timed out: the run's limit",
    ],
    [
      "timed out here",
      { kind: "cancelled", stoppedBy: "deadline" },
      "timeout",
      "The run timed out: its time limit passed",
    ],
    [
      "cancelled by the host",
      { kind: "cancelled", stoppedBy: "host" },
      "cancelled",
      "The run was cancelled: Roder asked for it",
    ],
    [
      "cancelled by a person",
      { kind: "cancelled", stoppedBy: "person" },
      "cancelled",
      "The run was cancelled: a person asked for it",
    ],
    [
      "cancelled elsewhere",
      { kind: "cancelled", error: { message: "the run was cancelled" } },
      "cancelled",
      "The run was cancelled: the run was cancelled",
    ],
    ["closing", { kind: "cancelled", stoppedBy: "shutdown" }, "cancelled", "The run was cancelled: Roder is closing"],
    [
      "iterations",
      { kind: "failed", stopReason: "max_iterations", error: { message: "50 rounds" } },
      "max_turns",
      "The run reached its iteration limit: 50 rounds",
    ],
    [
      "iterations by code",
      { kind: "failed", error: { message: "m", code: "iteration_limit_exceeded" } },
      "max_turns",
      "The run reached its iteration limit: m",
    ],
    [
      "waiting at the deadline",
      { kind: "awaiting_approval", stoppedBy: "deadline" },
      "timeout",
      "The run is waiting for a person's approval: its time limit passed",
    ],
  ])("%s", (_, outcome, exitReason, start) => {
    const made = result(outcome);
    expect(made.exit_reason).toBe(exitReason);
    expect(made.final_message.startsWith(start)).toBe(true);
    expect("error" in made.metadata).toBe(exitReason !== "completed");
  });

  test("the error in the metadata has the kind the host knows, else the kind of ending", () => {
    expect(result({ kind: "timed_out" }).metadata.error).toMatchObject({ kind: "timeout" });
    expect(result({ kind: "blocked", error: { message: "m", code: "c", retryable: false } }).metadata.error).toEqual({
      kind: "blocked",
      message: "m",
      code: "c",
      retryable: false,
    });
  });
});

describe("C11: the final message", () => {
  test("is the answer, byte for byte, followed by the page of the run", () => {
    expect(result({ text: " An answer.\n" }).final_message).toBe(" An answer.\n");
    expect(result({ text: "An answer.", run: { ...RUN, url: "https://seren.example/r/1" } }).final_message).toBe(
      "An answer.\n\nRun: https://seren.example/r/1",
    );
  });

  test("of a bad ending has the reason, the text so far and the page of the run", () => {
    const made = result({
      kind: "failed",
      text: "I began",
      error: { message: "the model refused" },
      run: { ...RUN, url: "https://seren.example/r/1" },
      artifacts: [
        { id: "a1", kind: "file", title: "report.md", uri: "https://files.example/a1" },
        { id: "a2", kind: "file" },
      ],
    });
    expect(made.final_message).toBe(
      "The run failed: the model refused\n\nWhat it had produced until then:\nI began\n\n" +
        "Artifacts:\n- report.md: https://files.example/a1\n- a2\n\nRun: https://seren.example/r/1",
    );
  });

  test("names the command that decides an approval", () => {
    const made = result({
      kind: "awaiting_approval",
      stoppedBy: "deadline",
      approvals: [
        { id: "a", tool: "send_mail" },
        { id: "b", tool: "pay", reason: "money" },
      ],
    });
    expect(made.final_message).toBe(
      "The run is waiting for a person's approval: its time limit passed: send_mail, pay (money). " +
        `A person decides with: seren-bridge approvals approve ${RUN.runId} (or reject)`,
    );
  });

  test("is never empty", () => {
    expect(result({ text: "" }).final_message).toBe("The run completed without an answer in words.");
  });

  test.each([
    ["x".repeat(20_000), "x".repeat(20_000)],
    ["x".repeat(20_001), `${"x".repeat(19_986)}...[truncated]`],
    ["👩‍👩‍👧‍👦".repeat(5000), `${Array.from("👩‍👩‍👧‍👦".repeat(5000)).slice(0, 19_986).join("")}...[truncated]`],
  ])("is cut the way the host cuts its own (%#)", (text, expected) => {
    expect(result({ text }).final_message).toBe(expected);
  });

  test("keeps the page of the run when the answer is cut", () => {
    const made = result({ text: "x".repeat(500), run: { ...RUN, url: "https://s.example/1" } }, { maxChars: 100 });
    expect(made.final_message).toBe(`${"x".repeat(60)}...[truncated]\n\nRun: https://s.example/1`);
    expect(made.final_message).toHaveLength(100);
  });

  test.each([0, 1, 14, 20])("fits %i characters too", (maxChars) => {
    const made = result({ text: "x".repeat(500), run: { ...RUN, url: "https://s.example/1" } }, { maxChars });
    expect(made.final_message.length).toBeLessThanOrEqual(maxChars);
  });

  test("has no lone surrogates", () => {
    expect(result({ text: "a\ud83d b\udc00" }).final_message).toBe("a\ufffd b\ufffd");
    expect(result({ kind: "failed", error: { message: "\ud83d" } }).final_message).toBe("The run failed: \ufffd");
  });
});

describe("C7: usage", () => {
  test.each([
    [1200, 340, { prompt_tokens: 1200, completion_tokens: 340, total_tokens: 1540 }],
    [1.9, 2.9, { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }],
    [2 ** 40, 1, { prompt_tokens: 4294967295, completion_tokens: 1, total_tokens: 4294967295 }],
    [4294967295, 4294967295, { prompt_tokens: 4294967295, completion_tokens: 4294967295, total_tokens: 4294967295 }],
    [0, 0, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    [Number.NaN, 1, null],
    [-1, 1, null],
    [Number.POSITIVE_INFINITY, 1, null],
  ])("%d and %d", (inputTokens, outputTokens, usage) => {
    expect(result({ usage: { inputTokens, outputTokens } }).usage).toEqual(usage);
  });

  test("is null when it is unknown, and when a run that did not complete has no usage yet", () => {
    expect(result({}).usage).toBeNull();
    expect(result({ kind: "failed", usage: { inputTokens: 0, outputTokens: 0 } }).usage).toBeNull();
  });
});

test("C2: a result stays within one line: metadata is dropped first, then the message is cut", () => {
  const artifacts = Array.from({ length: 5000 }, (_, i) => ({ id: `a${i}`, kind: "k", title: "t".repeat(40_000) }));
  const heavy = result({ text: "answer", artifacts: artifacts.slice(0, 60), stopReason: "s" });
  expect(Object.keys(heavy.metadata)).toEqual(["run_id", "deployment_id", "conversation", "status"]);
  const huge = result({ text: "\u0000".repeat(3_000_000) }, { maxChars: 10_000_000 });
  expect(huge.final_message.endsWith("...[truncated]")).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(huge))).toBeLessThan(900 * 1024);
});

test("artifacts in the metadata are bounded", () => {
  const artifacts = Array.from({ length: 500 }, (_, i) => ({ id: `a${i}`, kind: "k" }));
  const made = result({ text: "answer", artifacts });
  expect(made.metadata.artifacts).toHaveLength(50);
  expect(made.final_message.endsWith("- a9\n- and 490 more")).toBe(true);
});

test("a run without a record has the dispatch's id", () => {
  const { run: _, ...inline }: Outcome = { kind: "completed", run: RUN, text: "inline", artifacts: [], approvals: [] };
  expect(toSubagentResult(inline, CONTEXT)).toMatchObject({
    thread_id: "d1",
    turn_id: "d1",
    metadata: { run_id: null },
  });
});
