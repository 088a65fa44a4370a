import { describe, expect, test } from "vitest";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { EXECUTOR, Host, type Json } from "./harness.ts";
import { RUN } from "./remote.ts";

const URL = "https://seren.example/sessions/6f0e8f53";

const output = (host: Host, id: string, stream: string) =>
  host
    .events(id)
    .filter((event) => event.stream === stream)
    .map((event) => event.chunk)
    .join("");

test("a task from input to payload: the answer on stdout, steps in the log, which names the run first", async () => {
  const host = new Host();
  expect((await host.execute("e1", { prompt: "Nightly audit", inputs: { depth: 2 } })).result).toEqual({
    executionId: "e1",
  });
  expect(host.remote.request).toMatchObject({ message: "Nightly audit", inputs: { depth: 2 }, onApproval: "wait" });
  host.remote.push({ type: "status", phase: "deploying", detail: "building" });
  await host.ambient.advance(1000);
  expect(host.events("e1")).toEqual([]);
  host.remote.name().push({ type: "status", phase: "running", run: RUN });
  host.remote.push({ type: "tool_call", id: "1", name: "shell", arguments: "{}" });
  host.remote
    .say("checking out\ntest")
    .push({ type: "tool_result", id: "1", name: "shell", content: "", isError: false });
  await host.ambient.advance(2000);
  host.remote.say("ing\n41 tests pass ✓");
  host.remote.end({
    usage: { inputTokens: 5, outputTokens: 7, inferenceUsd: "0.002", durationMs: 4200 },
    artifacts: [{ id: "a", kind: "file", title: "log" }],
    run: { ...RUN, url: URL },
  });
  await host.ambient.advance(2000);
  expect(output(host, "e1", "stdout")).toBe("checking out\ntesting\n41 tests pass ✓\n");
  const log = output(host, "e1", "log").split("\n").filter(Boolean);
  expect(log).toEqual([
    `run ${RUN.runId}`,
    "starting: building",
    "queued",
    "running",
    "running: tool shell",
    "tool shell finished",
    URL,
    "completed",
  ]);
  expect(host.result("e1")).toEqual({
    exit_code: 0,
    payload: {
      run_id: RUN.runId,
      deployment_id: RUN.deploymentId,
      conversation: null,
      url: URL,
      status: "completed",
      stop_reason: null,
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
      cost: { compute_usd: null, inference_usd: "0.002" },
      execution_time_ms: 4200,
      artifacts: [{ id: "a", kind: "file", title: "log", url: null }],
      text: "checking out\ntesting\n41 tests pass ✓",
    },
  });
  expect(host.events("e1").at(-1)?.type).toBe("completed");
});

test.each([
  ["https://s.example/r/1", [`run ${RUN.runId} https://s.example/r/1`]],
  [`https://seren.example/${"x".repeat(60)}`, [`run ${RUN.runId}`, `https://seren.example/${"x".repeat(60)}`]],
])("the first line of the log names the run in under 80 characters (%#)", async (url, lines) => {
  const host = new Host();
  await host.execute("e1", "p");
  host.remote.name({ ...RUN, url }).end();
  await host.ambient.advance(1000);
  const log = output(host, "e1", "log").split("\n");
  expect(log.slice(0, lines.length)).toEqual(lines);
  expect(log[0]?.length).toBeLessThan(80);
  expect(log.filter((line) => line.includes(url))).toHaveLength(1);
});

test("an answer that was not streamed is printed at the end", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  host.remote.name().end({ text: "from the record" });
  await host.ambient.advance(1000);
  expect(output(host, "e1", "stdout")).toBe("from the record\n");
});

test.each([
  [{ kind: "failed", error: { message: "the model\nrefused" } }, 1, "The run failed: the model refused\n"],
  [{ kind: "blocked", error: { message: "guardrail" } }, 1, "The run was blocked: guardrail\n"],
  [{ kind: "timed_out", stoppedBy: "deadline" }, 124, "The run timed out: its time limit passed\n"],
  [{ kind: "cancelled", stoppedBy: "host" }, 130, "The run was cancelled: Roder asked for it\n"],
] as const)(
  "a run that ends as %j ends the task with exit code %d and the reason on stderr",
  async (outcome, code, stderr) => {
    const host = new Host();
    await host.execute("e1", "p");
    host.remote.name().say("partial").end(outcome);
    await host.ambient.advance(1000);
    expect(host.result("e1")).toMatchObject({ exit_code: code, payload: { status: outcome.kind, text: "partial" } });
    expect(output(host, "e1", "stderr")).toBe(stderr);
    expect(output(host, "e1", "stdout")).toBe("partial\n");
  },
);

test("a task without a run fails, with the reason and the steps so far", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  host.remote.push(
    { type: "status", phase: "deploying", detail: "building" },
    { type: "notice", level: "warning", message: "slow" },
  );
  host.remote.fail(new ExecutionFailure("unavailable", "Seren Cloud cannot be reached"));
  await host.ambient.advance(1000);
  expect(host.terminal("e1")).toEqual({ type: "failed", error: "Seren Cloud cannot be reached" });
  expect(output(host, "e1", "log")).toBe("starting: building\n");
  expect(output(host, "e1", "stderr")).toBe("slow\nSeren Cloud cannot be reached\n");
});

test("approvals, warnings and failed tools are written", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  host.remote
    .name()
    .push(
      { type: "approval_wait", approvals: [{ id: "a", tool: "pay" }] },
      { type: "notice", level: "warning", message: "a guardrail spoke" },
      { type: "tool_result", id: "9", name: "shell", content: "boom", isError: true },
      { type: "thinking", text: "hmm" },
    );
  await host.ambient.advance(2000);
  expect(output(host, "e1", "log")).toContain(
    `a person has to approve: pay. A person decides with: seren-bridge approvals approve ${RUN.runId} (or reject)\n`,
  );
  expect(output(host, "e1", "log")).toContain("tool shell failed\n");
  expect(output(host, "e1", "stderr")).toBe("a guardrail spoke\n");
  expect(JSON.stringify(host.sent)).not.toContain("hmm");
});

describe("C15: refused input", () => {
  test.each([
    [{ executorId: "other", executionId: "e1", input: "p" }, 'there is no task_executor "other" here'],
    [{ executorId: EXECUTOR, executionId: "e1", input: null }, "nothing was given"],
    [{ executorId: EXECUTOR, executionId: "e1" }, "nothing was given"],
    [{ executorId: EXECUTOR, executionId: "e1", input: { promt: "typo" } }, 'Unrecognized key: "promt"'],
    [
      { executorId: EXECUTOR, executionId: "e1", input: { prompt: "p", agent: "nobody" } },
      'unknown agent "nobody"; known are seren-agent',
    ],
    [{ executorId: EXECUTOR, executionId: null, input: "p" }, "executionId"],
    [null, "executorId"],
    [[], "expected object"],
  ])("%j", async (params, message) => {
    const host = new Host();
    const { error } = await host.call("tasks/execute", params);
    expect(error?.message).toContain(message);
    expect(host.remotes).toHaveLength(0);
    expect(host.sent).toEqual([{ reply: "tasks/execute" }]);
    expect((await host.execute("e1", "p")).result).toEqual({ executionId: "e1" });
  });
});

test("C6: the same execution is acknowledged again and starts no run", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  await host.execute("e1", "p");
  host.remote.name().end();
  await host.ambient.advance(1000);
  expect((await host.execute("e1", "p")).result).toEqual({ executionId: "e1" });
  expect(host.remotes).toHaveLength(1);
  host.terminal("e1");
});

test("a dispatch and a task may have the same id", async () => {
  const host = new Host();
  await host.dispatch("x");
  await host.execute("x", "p");
  expect(host.remotes).toHaveLength(2);
});

test("C9: a cancel is answered at once, flushes the log, and ends the task", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  host.remote.name().say("x".repeat(400_000)).say("never pulled while the log is full");
  await host.ambient.advance(100);
  expect((await host.cancelTask("e1")).result).toEqual({});
  await host.ambient.advance(0);
  expect(host.remote.stoppedBy).toBe("host");
  expect(host.result("e1")).toMatchObject({ exit_code: 130 });
  expect(output(host, "e1", "stdout")).toBe(`${"x".repeat(400_000)}never pulled while the log is full\n`);
  expect((await host.cancelTask("e1")).result).toEqual({});
  expect((await host.cancelTask("unknown")).result).toEqual({});
  expect((await host.call("tasks/cancel", { executorId: "other", executionId: "e1" })).error).toBeDefined();
});

test("C8: a task has its own time limit, half an hour by default", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  expect(host.remote.limits.deadline).toBe(1_800_000);
  await host.execute("e2", { prompt: "p", timeout_seconds: 60 });
  host.remote.name();
  await host.ambient.advance(60_000);
  await host.ambient.advance(1000);
  expect(host.result("e2")).toMatchObject({ exit_code: 124, payload: { status: "timed_out" } });
});

test("run_id attaches to a run instead of starting one", async () => {
  const host = new Host();
  await host.execute("e1", { run_id: RUN.runId });
  expect(host.remote.request).toMatchObject({ attachTo: RUN.runId });
  expect(host.remote.request.message).toBeUndefined();
});

test("deployment_id goes to that deployment, agent to that agent", async () => {
  const host = new Host();
  await host.execute("e1", { prompt: "p", deployment_id: "dep-1" });
  await host.execute("e2", { prompt: "p", agent: "seren-agent" });
  await host.execute("e3", "p");
  expect(host.choices).toEqual([{ deploymentId: "dep-1" }, { agent: "seren-agent" }, { agent: "seren-agent" }]);
});

describe("going on", () => {
  test("the result names the conversation, and an input with it goes on where that was", async () => {
    const host = new Host();
    await host.execute("e1", "first");
    expect(host.remote.request).not.toHaveProperty("conversationId");
    host.remote.name({ ...RUN, conversationId: "talk-1" }).end();
    await host.ambient.advance(1000);
    expect(host.result("e1").payload).toMatchObject({ conversation: "talk-1" });
    await host.execute("e2", { prompt: "and then?", conversation: "talk-1" });
    expect(host.remote.request).toMatchObject({ message: "and then?", conversationId: "talk-1" });
    expect(host.choices.at(-1)).toEqual({ conversation: "talk-1" });
  });

  test("a model is asked for by its id", async () => {
    const host = new Host();
    await host.execute("e1", { prompt: "p", model: "anthropic/claude-sonnet-4.6" });
    expect(host.choices.at(-1)).toEqual({ model: "anthropic/claude-sonnet-4.6" });
  });
});

describe("wait: false", () => {
  test("ends the task as soon as the run has an id and stops following it; the request detaches it", async () => {
    const host = new Host();
    await host.execute("e1", { prompt: "p", wait: false });
    expect(host.remote.request.detach).toBe(true);
    host.remote.name().say("not ours to print");
    await host.ambient.advance(1000);
    expect(host.result("e1")).toEqual({
      exit_code: null,
      payload: {
        run_id: RUN.runId,
        deployment_id: RUN.deploymentId,
        conversation: null,
        url: null,
        status: "started",
      },
    });
    expect(output(host, "e1", "log")).toContain(`run ${RUN.runId}\n`);
    expect(output(host, "e1", "stdout")).toBe("");
    expect(host.registry.size).toBe(0);
  });

  test("a cancel before the run has an id stops it", async () => {
    const host = new Host();
    await host.execute("e1", { prompt: "p", wait: false });
    await host.cancelTask("e1");
    await host.ambient.advance(1000);
    expect(host.terminal("e1")).toEqual({
      type: "failed",
      error: "the request was cancelled before a run was started",
    });
  });

  test("a cancel while the run is being created stops it as soon as it has an id, and the task is cancelled", async () => {
    const host = new Host();
    await host.execute("e1", { prompt: "p", wait: false });
    host.remote.stubborn = true;
    await host.cancelTask("e1");
    host.remote.name().end({ kind: "cancelled", stoppedBy: "host" });
    await host.ambient.advance(1000);
    expect(host.result("e1")).toMatchObject({ exit_code: 130, payload: { run_id: RUN.runId, status: "cancelled" } });
  });

  test("a run that ends before it has an id has a complete result", async () => {
    const host = new Host();
    await host.execute("e1", { prompt: "p", wait: false });
    host.remote.end({ text: "inline" });
    await host.ambient.advance(1000);
    expect(host.result("e1")).toMatchObject({ exit_code: 0, payload: { run_id: null, text: "inline" } });
  });

  test("a failure to start it fails the task", async () => {
    const host = new Host();
    await host.execute("e1", { prompt: "p", wait: false });
    host.remote.fail(new ExecutionFailure("unknown_outcome", "the run may have been started"));
    await host.ambient.advance(1000);
    expect(host.terminal("e1")).toEqual({ type: "failed", error: "the run may have been started" });
  });
});

test("C2: a payload stays within one line", async () => {
  const host = new Host();
  await host.execute("e1", "p");
  host.remote.name().end({ text: "\u0001\ud83d".repeat(1_000_000) });
  await host.ambient.advance(1000);
  const payload = host.result("e1").payload as Json;
  expect(payload.truncated).toBe(true);
  expect(String(payload.text).endsWith("...[truncated]")).toBe(true);
  expect(String(payload.text).length).toBeGreaterThan(40_000);
});

test("a tool is written once per use, and an unchanged state is not written", async () => {
  const host = new Host();
  await host.execute("e1", "go");
  host.remote.name();
  for (const id of ["1", "2"]) {
    host.remote
      .push({ type: "tool_call", id, name: "grep", arguments: "{}" })
      .push({ type: "status", phase: "running", detail: "grep", run: RUN })
      .push({ type: "tool_result", id, name: "grep", content: "", isError: false })
      .push({ type: "status", phase: "running", run: RUN });
  }
  host.remote.end();
  await host.ambient.advance(10_000);
  expect(output(host, "e1", "log").split("\n").filter(Boolean)).toEqual([
    `run ${RUN.runId}`,
    "queued",
    "running: tool grep",
    "tool grep finished",
    "running: tool grep",
    "tool grep finished",
    "completed",
  ]);
});

test("text implies that the run is running, so the status is not written within the answer", async () => {
  const host = new Host();
  await host.execute("e1", "go");
  host.remote.name().say("one\n").push({ type: "status", phase: "running", run: RUN }).say("two\n").end();
  await host.ambient.advance(10_000);
  const said = host.events("e1").flatMap(({ chunk }) => (typeof chunk === "string" ? chunk : []));
  expect(said.join("")).toBe(`run ${RUN.runId}\nqueued\none\ntwo\ncompleted\n`);
});

test("a task whose answer was cut says so", async () => {
  const host = new Host();
  await host.execute("e1", { prompt: "p" });
  host.remote.name().say("Half");
  host.remote.end({ cut: "length" });
  await host.ambient.advance(2000);
  expect(output(host, "e1", "stderr")).toContain("the answer is cut off: the model reached its limit of length");
  expect(host.result("e1")).toMatchObject({ exit_code: 0 });
});
