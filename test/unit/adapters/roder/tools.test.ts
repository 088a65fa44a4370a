import { describe, expect, test } from "vitest";
import { reportText } from "../../../../src/adapters/roder/tools/tool-text.ts";
import type { Outcome, RunReport } from "../../../../src/core/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { Host, PROVIDER } from "./harness.ts";
import { RUN } from "./remote.ts";

const OTHER = "11111111-2222-4333-8444-555555555555";

const report = (more: Partial<RunReport> = {}): RunReport => ({
  run: RUN,
  phase: "running",
  text: "",
  cursor: 0,
  more: false,
  approvals: [],
  ...more,
});
const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  kind: "completed",
  run: RUN,
  text: "",
  artifacts: [],
  approvals: [],
  ...more,
});

/** What the tool answers when nothing else happens: after its two seconds, and not before. */
async function slow(host: Host, name: string, args: object) {
  let answered = false;
  const answer = host.tool(name, args).finally(() => {
    answered = true;
  });
  await host.ambient.advance(1999);
  expect(answered).toBe(false);
  await host.ambient.advance(1);
  return answer;
}

/** `seren_dispatch` on a run that gets its id at once. */
async function started(host: Host, args: object = { prompt: "p" }) {
  const answer = host.tool("seren_dispatch", args);
  await host.ambient.settle();
  host.remote.name();
  return answer;
}

test("seren_agents lists the agents from memory", async () => {
  const host = new Host();
  expect(await host.tool("seren_agents", {})).toEqual({
    content:
      "seren-agent: A general agent on Seren Cloud. Works on its own machine and does not see the local workspace.\n\n" +
      'Start one with seren_dispatch and its name as "agent"; without it, the first.',
    isError: false,
    data: null,
  });
  expect(host.loads).toBe(0);
});

describe("seren_dispatch", () => {
  test("goes on with a conversation, which the answer of an ended run names", async () => {
    const host = new Host();
    await started(host, { prompt: "and then?", conversation: "talk-1" });
    expect(host.choices).toEqual([{ conversation: "talk-1" }]);
    expect(host.remote.request).toMatchObject({ message: "and then?", conversationId: "talk-1" });
    const run = { ...RUN, conversationId: "talk-1" };
    const ended: Outcome = { kind: "completed", run, text: "Done.", artifacts: [], approvals: [] };
    host.runs.reports.set("6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4e", {
      ...{ run, phase: "running", text: "", cursor: 1, more: false, approvals: [] },
      outcome: ended,
    });
    const { content, data } = await host.tool("seren_run_status", {
      run_id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4e",
    });
    expect(content).toContain('seren_dispatch {"conversation":"talk-1","prompt":"…"}');
    expect(data).toMatchObject({ conversation: "talk-1" });
  });

  test("starts a run and returns its id without waiting for it", async () => {
    const host = new Host();
    const answer = await started(host, {
      prompt: "Port it",
      agent: "seren-agent",
      inputs: { a: 1 },
      timeout_seconds: 60,
    });
    expect(answer.isError).toBe(false);
    expect(answer.data).toEqual({ run_id: RUN.runId });
    expect(answer.content).toBe(
      `Started run ${RUN.runId}.\n` +
        `News and the answer: seren_run_status {"run_id":"${RUN.runId}"}.\n` +
        "The run is cancelled after 60 seconds, or when Roder exits.\n" +
        "Do other work meanwhile instead of asking in a loop. If the session stays open you can be brought back: " +
        `subscribe_event {"topic":"seren-run","prompt":"Look at Seren Cloud run ${RUN.runId} with seren_run_status. Once it is over, end this with cancel_event_subscription.","intervalSeconds":60,"maxDeliveries":2}.`,
    );
    expect(host.ambient.now()).toBe(0);
    expect(host.remote.request).toMatchObject({ message: "Port it", inputs: { a: 1 }, onApproval: "wait" });
    expect(host.remote.request.detach).toBeUndefined();
    expect(host.remote.limits.deadline).toBe(60_000);
  });

  test("a run is cancelled at its time limit when it is not looked at any more", async () => {
    const host = new Host();
    await started(host);
    await host.ambient.advance(1_800_001);
    expect(host.remote.stoppedBy).toBe("deadline");
    expect(host.registry.size).toBe(0);
  });

  test("C19: a slow start returns a temporary id after two seconds, which can be used like the id", async () => {
    const host = new Host();
    const answer = await slow(host, "seren_dispatch", { prompt: "p" });
    const ticket = String(answer.data?.run_id);
    expect(answer.content).toContain(`use ${ticket} for it`);
    expect(await host.tool("seren_run_status", { run_id: ticket })).toMatchObject({
      content: "starting: the run has no id yet; ask again in a few seconds",
      isError: false,
    });
    host.remote.name();
    await host.ambient.settle();
    host.runs.reports.set(RUN.runId, report({ text: "hello", cursor: 3 }));
    for (const id of [ticket, RUN.runId]) {
      expect(await host.tool("seren_run_status", { run_id: id })).toMatchObject({
        data: { run_id: RUN.runId, cursor: 3 },
      });
    }
  });

  test("a start that fails at once has the reason; one that fails later reports it in its status", async () => {
    const host = new Host();
    const answer = host.tool("seren_dispatch", { prompt: "p" });
    await host.ambient.settle();
    host.remote.fail(new ExecutionFailure("payment_required", "add funds"));
    expect(await answer).toEqual({ content: "add funds", isError: true, data: null });

    const late = await slow(host, "seren_dispatch", { prompt: "p" });
    host.remote.fail(new ExecutionFailure("unauthorized", "no key"));
    await host.ambient.settle();
    expect(await host.tool("seren_run_status", { run_id: late.data?.run_id })).toEqual({
      content: "no key",
      isError: true,
      data: null,
    });
  });
});

describe("seren_run_status", () => {
  test("has the state, the new text, and the next cursor", async () => {
    const host = new Host();
    host.runs.reports.set(
      OTHER,
      report({
        run: { ...RUN, runId: OTHER, url: "https://s.example/1" },
        detail: "tool shell",
        text: "note\nnote\n",
        cursor: 12,
      }),
    );
    expect(await host.tool("seren_run_status", { run_id: OTHER, cursor: 5 })).toEqual({
      content:
        "running: tool shell\n\nSaid since the last look:\nnote\nnote\n\n\n" +
        `Not over. Do other work, then look again: seren_run_status {"run_id":"${OTHER}","cursor":12}\nRun: https://s.example/1`,
      isError: false,
      data: { run_id: OTHER, cursor: 12, status: "running" },
    });
  });

  test("has the approvals and the command that decides them", async () => {
    const host = new Host();
    host.runs.reports.set(RUN.runId, report({ phase: "awaiting_approval", approvals: [{ id: "a", tool: "pay" }] }));
    expect((await host.tool("seren_run_status", { run_id: RUN.runId })).content).toBe(
      `waiting_for_approval\nIt waits for a person's approval: pay. A person decides with: seren-bridge approvals approve ${RUN.runId} (or reject)\n` +
        "Tell the user; the decision is theirs, not yours.\n\nNothing new was said.\n\n" +
        `Not over. Do other work, then look again: seren_run_status {"run_id":"${RUN.runId}","cursor":0}`,
    );
  });

  test("of an ended run is the answer, with the members that list it in the host's agent overview", async () => {
    const host = new Host();
    host.runs.reports.set(RUN.runId, report({ cursor: 9, outcome: outcome({ text: "42" }) }));
    expect(await host.tool("seren_run_status", { run_id: RUN.runId })).toEqual({
      content: "completed. Its answer:\n\n42",
      isError: false,
      data: {
        run_id: RUN.runId,
        cursor: 9,
        status: "completed",
        thread_id: RUN.runId,
        turn_id: RUN.runId,
        agent_type: "seren-cloud",
        model: null,
        exit_reason: "completed",
      },
    });
  });

  test("of an ended run lists its artifacts", async () => {
    const host = new Host();
    const artifacts = [{ id: "a1", kind: "file", title: "report.md", uri: "https://s.example/a1" }];
    host.runs.reports.set(RUN.runId, report({ outcome: outcome({ text: "", artifacts }) }));
    expect((await host.tool("seren_run_status", { run_id: RUN.runId })).content).toBe(
      "completed, without an answer in words\n\nArtifacts:\n- report.md: https://s.example/a1",
    );
  });

  test("of a run that ended badly has the reason, then the text so far; not before it is sure that nothing resumes it", async () => {
    const host = new Host();
    await started(host);
    const ended = outcome({ kind: "failed", text: "half", error: { message: "refused" } });
    host.runs.reports.set(RUN.runId, report({ outcome: ended }));
    expect((await host.tool("seren_run_status", { run_id: RUN.runId })).content).toMatch(/^finishing\n.*Not over/s);
    host.remote.end(ended);
    await host.ambient.settle();
    const answer = await host.tool("seren_run_status", { run_id: RUN.runId });
    expect(answer.content).toBe("The run failed: refused\n\nWhat it had produced until then:\nhalf");
    expect(answer.data).toMatchObject({ agent_type: "seren-agent", exit_reason: "failed" });
  });

  test.each([
    ["characters", "x".repeat(100_000)],
    ["lines", "x\n".repeat(5000)],
    ["astral characters", "😀".repeat(30_000)],
  ])(
    "C19: too many %s are cut below what the host moves into an artifact, and the way to the rest is kept",
    async (_, text) => {
      const host = new Host();
      host.runs.reports.set(RUN.runId, report({ outcome: outcome({ text }) }));
      const { content } = await host.tool("seren_run_status", { run_id: RUN.runId });
      expect(Array.from(content).length).toBeLessThan(20_000);
      expect(content.split("\n").length).toBeLessThan(200);
      expect(content.endsWith(`...[truncated]\n\nThe whole answer: seren-bridge runs show ${RUN.runId}`)).toBe(true);
    },
  );

  test("C19: a service that hangs is waited for at most two seconds", async () => {
    const host = new Host();
    host.runs.hangs = true;
    for (const name of ["seren_run_status", "seren_run_cancel"]) {
      const answer = await slow(host, name, { run_id: OTHER });
      expect(answer).toEqual({
        content: "Seren Cloud has not answered yet; ask again in a moment",
        isError: true,
        data: null,
      });
    }
  });

  test("an unknown run is an error result", async () => {
    expect(await new Host().tool("seren_run_status", { run_id: OTHER })).toEqual({
      content: "there is no such run",
      isError: true,
      data: null,
    });
  });
});

describe("seren_run_cancel", () => {
  test("stops a run of ours in every phase, also before it has an id, without a request of its own", async () => {
    const host = new Host();
    host.runs.hangs = true;
    const start = await slow(host, "seren_dispatch", { prompt: "p" });
    expect(await host.tool("seren_run_cancel", { run_id: start.data?.run_id })).toMatchObject({ isError: false });
    expect(host.remote.stoppedBy).toBe("host");

    await started(host);
    expect((await host.tool("seren_run_cancel", { run_id: RUN.runId })).content).toBe(
      "the cancel is under way and needs nothing more from you; seren_run_status says when the run has stopped",
    );
    expect(host.remote.stoppedBy).toBe("host");
    expect((await host.tool("seren_run_cancel", { run_id: RUN.runId })).content).toContain("ended already");
    expect(host.runs.cancelled).toEqual([]);
  });

  test("asks the service for runs that are not ours", async () => {
    const host = new Host();
    host.runs.reports.set(OTHER, report());
    expect(await host.tool("seren_run_cancel", { run_id: OTHER })).toMatchObject({ isError: false });
    expect(host.runs.cancelled).toEqual([OTHER]);
    expect(await host.tool("seren_run_cancel", { run_id: RUN.runId })).toMatchObject({ isError: true });
  });
});

test("C15: another provider is an error, a malformed call as well", async () => {
  const host = new Host();
  const call = {
    providerId: PROVIDER,
    toolName: "seren_agents",
    callId: "c",
    threadId: "t",
    turnId: "u",
    arguments: {},
  };
  expect((await host.call("tools/call", { ...call, providerId: "x" })).error?.message).toContain(
    'there is no tool_provider "x" here',
  );
  expect((await host.call("tools/call", { ...call, toolName: null })).error?.code).toBe(-32602);
  expect((await host.call("tools/call", null)).error?.code).toBe(-32602);
});

test("C14: an unforeseen error in a tool is a result without its text", async () => {
  const host = new Host();
  host.runs.status = async () => {
    throw new TypeError("secret detail");
  };
  expect(await host.tool("seren_run_status", { run_id: OTHER })).toEqual({
    content: "seren-bridge met an error it did not foresee; its log has the details",
    isError: true,
    data: null,
  });
});

test("a bounded number of ended runs is remembered, and every run that goes on", async () => {
  const host = new Host();
  await started(host);
  const first = host.remote;
  for (let i = 0; i < 300; i += 1) {
    const answer = host.tool("seren_dispatch", { prompt: "p" });
    await host.ambient.settle();
    host.remote.name({ ...RUN, runId: `${String(i).padStart(8, "0")}-2222-4333-8444-555555555555` }).end();
    await answer;
  }
  host.runs.hangs = true;
  expect(await host.tool("seren_run_cancel", { run_id: RUN.runId })).toMatchObject({ isError: false });
  expect(first.stoppedBy).toBe("host");
  expect((await host.tool("seren_run_cancel", { run_id: "00000299-2222-4333-8444-555555555555" })).content).toContain(
    "ended already",
  );
  const forgotten = await slow(host, "seren_run_cancel", { run_id: "00000000-2222-4333-8444-555555555555" });
  expect(forgotten.isError).toBe(true);
});

test("the report of a run says that its answer was cut", () => {
  const text = reportText(report({ outcome: outcome({ text: "Half", cut: "filter" }) }), 0);
  expect(text).toContain("completed (the answer is cut off: a content filter stopped the model). Its answer:");
});
