/** Turns of a conversation that is busy, or that waits for a person. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../../../src/local/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import type { RunRecorder } from "../../../sim/run-recorder.ts";
import { aRun, lived } from "../harness.ts";

const CONVERSATION = { conversation: "talk-1" };
const busy = (form: "run" | "refusal"): FaultRule => ({ kind: "busy", where: "create_run", form });
const LONG = aRun({ ...CONVERSATION, script: [{ text: "first" }, { sleep_ms: 40_000 }] });
const SECOND = aRun({ ...CONVERSATION, atMs: 1_000, script: [{ text: "second" }] });

/** How a request ended: a failed run stands for the turn, or there is none. */
function endOf(recorder: RunRecorder | undefined) {
  const { outcome, failure } = recorder ?? {};
  if (failure instanceof ExecutionFailure) {
    const { code, hint, hintRunId } = failure.details;
    return { kind: failure.kind, message: failure.message, code, hint, ...(hintRunId ? { hintRunId } : {}) };
  }
  const { retryable: _, ...error } = outcome?.error ?? {};
  return { kind: outcome?.kind, ...error };
}

describe.each(["run", "refusal"] as const)("a busy conversation (%s)", (form) => {
  test("is waited for, and the turn sent anew: it runs once, and its host saw no error", async () => {
    const { problems, recorders, truth, stats } = await lived([LONG, SECOND], [busy(form)]);
    expect(problems).toEqual([]);
    expect(recorders[1]?.outcome).toMatchObject({ kind: "completed", text: "second" });
    expect(recorders[1]?.notices).toEqual([]);
    expect(recorders[1]?.details).toContain("the conversation is busy; waiting");
    expect(stats.runsStarted).toBe(2);
    const tried = (truth?.runs ?? []).filter(({ tag }) => tag === "run1");
    expect(new Set(tried.map(({ startedBy }) => startedBy)).size).toBe(tried.length);
  });

  test("until the deadline: the outcome says so, and what to do", async () => {
    const { problems, recorders, stats } = await lived([LONG, { ...SECOND, timeoutMs: 20_000 }], [busy(form)]);
    expect(problems).toEqual([]);
    const [, second] = recorders;
    expect(endOf(second)).toEqual({
      kind: "timed_out",
      message: expect.stringContaining("the conversation stayed busy until the time limit of the request"),
      code: "conversation_busy",
      hint: "list_runs",
    });
    const askedAt = second?.phases.get("submitting") ?? 0;
    expect((second?.settledAt ?? 0) - askedAt).toBeLessThan(21_000);
    expect(stats.runsStarted).toBe(1);
  });

  test("is not waited for any longer once the request is cancelled", async () => {
    const stop = { by: "host", ms: 10_000 } as const;
    const { problems, recorders, stats } = await lived([LONG, { ...SECOND, stops: [stop] }], [busy(form)]);
    expect(problems).toEqual([]);
    const [, second] = recorders;
    expect(endOf(second).kind).toBe("cancelled");
    expect((second?.settledAt ?? 0) - (second?.stoppedAt ?? 0)).toBeLessThan(1_000);
    expect(stats.runsStarted).toBe(1);
  });

  test("that waits for a person: the run is named", async () => {
    const waits = aRun({ ...CONVERSATION, script: [{ approve: "pay" }], onApproval: "return" });
    const { problems, recorders } = await lived([waits, SECOND], [busy(form)]);
    expect(problems).toEqual([]);
    const [first, second] = recorders;
    expect(endOf(second)).toMatchObject({ hint: "list_approvals", hintRunId: first?.runId });
  });
});

test.each([
  ["after a text", [{ text: "a" }]],
  ["before a text", [], [{ text: "a" }]],
  ["after a thought", [{ think: "a" }]],
  ["after a row of an unknown type", [{ raw: { type: "curious" } }]],
  ["with tokens", [{ usage: { input_tokens: 1 } }]],
  ["with an artifact", [{ artifact: { id: "a", kind: "file" } }]],
])(
  "a run that says its conversation is busy %s has run, and is not sent anew",
  async (_, before, after: object[] = []) => {
    const error = { error: "busy", code: "conversation_busy", cause: "session", retryable: true };
    const script = [...before, error, ...after, { status: "failed" }];
    const { recorders, stats } = await lived([aRun({ ...CONVERSATION, script })]);
    expect(recorders[0]?.outcome).toMatchObject({ kind: "failed", error: { code: "conversation_busy" } });
    expect(stats.createsReceived).toBe(1);
  },
);
