/** What the log and the counters say of runs. */
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { RunCounters } from "../../../../src/core/host/run-counters.ts";
import { countFields, createRunLog } from "../../../../src/core/host/run-log.ts";
import type { RunResult, RunWatcher } from "../../../../src/core/host/run-watchers.ts";
import type { Outcome, RunRequest } from "../../../../src/core/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { createLog, type LogLevel } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";

const RUN = { runId: "run-1", deploymentId: "deployment-1", url: "https://example.com/run-1" };
const OUTCOME: Outcome = {
  kind: "completed",
  run: RUN,
  text: "the secret answer",
  usage: { inputTokens: 3, outputTokens: 5, computeUsd: "0.10", inferenceUsd: "0.20" },
  artifacts: [{ id: "1", kind: "report", title: "the secret title" }],
  approvals: [],
};
const REQUEST: RunRequest = {
  target: { kind: "deployment", deploymentId: "deployment-1", named: "a test" },
  message: "the secret prompt",
  conversationId: "the secret conversation",
  inputs: { note: "the secret input" },
  operation: "chat",
  onApproval: "wait",
};

function logged(level: LogLevel, watch: (watcher: RunWatcher) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  watch(createRunLog(createLog(sink, level, createRedactor())));
  return lines.map((line) => JSON.parse(line));
}

function liveThrough(watcher: RunWatcher, result: RunResult, request = REQUEST): void {
  watcher.opened?.({ key: "dispatch:1", request, deadline: 1 });
  watcher.started?.({ key: "dispatch:1", run: RUN });
  watcher.event?.({ key: "dispatch:1", run: RUN, event: { type: "text", text: "the secret answer" } });
  watcher.ended?.({ key: "dispatch:1", run: RUN, result, durationMs: 1_500 });
}

test("a run is three lines: ids, durations, kinds and figures", () => {
  const ids = { key: "dispatch:1", run_id: "run-1", deployment_id: "deployment-1" };
  const lines = logged("info", (watcher) => liveThrough(watcher, { outcome: { ...OUTCOME, stoppedBy: "host" } }));
  expect(lines).toEqual([
    {
      level: "info",
      message: "run opened",
      key: "dispatch:1",
      target: "deployment",
      deployment_id: "deployment-1",
      operation: "chat",
    },
    { level: "info", message: "run started", ...ids },
    {
      level: "info",
      message: "run ended",
      ...ids,
      outcome: "completed",
      stopped_by: "host",
      input_tokens: 3,
      output_tokens: 5,
      compute_usd: "0.10",
      inference_usd: "0.20",
      artifacts: 1,
      duration_ms: 1_500,
    },
  ]);
});

test("a failure is logged by its kind, and its message is not", () => {
  const failure = new ExecutionFailure("unavailable", "the secret message");
  const lines = logged("info", (watcher) =>
    liveThrough(watcher, { failure }, { ...REQUEST, attachTo: "run-1", detach: true }),
  );
  expect(lines[0]).toMatchObject({ message: "run opened", run_id: "run-1", detach: true });
  expect(lines[2]).toMatchObject({ message: "run ended", failure: "unavailable", duration_ms: 1_500 });
});

test("prompts, answers, inputs and titles are in no line", () => {
  const failure = new ExecutionFailure("internal", "the secret message", { cause: new Error("the secret cause") });
  for (const result of [{ outcome: OUTCOME }, { failure }]) {
    expect(JSON.stringify(logged("debug", (watcher) => liveThrough(watcher, result)))).not.toContain("secret");
  }
});

test("nothing is logged at the default level", () => {
  expect(logged("warn", (watcher) => liveThrough(watcher, { outcome: OUTCOME }))).toEqual([]);
});

test("counters tell what is active from what has ended, by kind", () => {
  const counters = new RunCounters();
  liveThrough(counters, { outcome: OUTCOME });
  liveThrough(counters, { outcome: OUTCOME });
  liveThrough(counters, { outcome: { kind: "cancelled", text: "", artifacts: [], approvals: [] } });
  liveThrough(counters, { failure: new ExecutionFailure("unavailable", "gone") });
  counters.opened();
  expect(counters.counts).toEqual({
    opened: 5,
    active: 1,
    outcomes: { completed: 2, cancelled: 1 },
    failures: { unavailable: 1 },
    inputTokens: 6,
    outputTokens: 10,
  });
  expect(countFields(counters.counts)).toEqual({
    runs: 5,
    active: 1,
    completed: 2,
    cancelled: 1,
    failure_unavailable: 1,
    input_tokens: 6,
    output_tokens: 10,
  });
});
