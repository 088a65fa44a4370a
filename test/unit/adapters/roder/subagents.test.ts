import { expect, test } from "vitest";
import type { SubagentDefinition } from "#protocols/roder-extension";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { dispatchParams, Host } from "./harness.ts";
import { RUN } from "./remote.ts";

const CODER: SubagentDefinition = {
  agent_type: "seren-coder",
  description: "Writes code.",
  tools: ["shell"],
  permission_mode: "auto_edit",
  model: "coder-1",
  max_result_chars: 100,
};

test("C6: the acknowledgement is sent at once, before anything is loaded or sent", async () => {
  const host = new Host();
  const after: (() => void)[] = [];
  const ack = host.invoke("subagents/dispatch", dispatchParams("d1"), after);
  expect(ack).toEqual({ dispatchId: "d1" }); // not a promise
  await host.ambient.advance(60_000);
  expect(host.loads).toBe(0);
  expect(host.sent).toEqual([]);
  for (const run of after) run();
  await host.ambient.settle();
  expect(host.remotes).toHaveLength(1);
});

test("a run from request to result, with no event after it", async () => {
  const host = new Host();
  expect((await host.dispatch("d1", { prompt: "Say hello.", inputs: { repo: "acme" } })).result).toEqual({
    dispatchId: "d1",
  });
  expect(host.remote.request).toEqual({
    target: { kind: "deployment", deploymentId: "of seren-agent", named: "a test" },
    message: "Say hello.",
    inputs: { repo: "acme" },
    onApproval: "wait",
  });
  host.remote.name().push({ type: "status", phase: "running" }).say("Hel").say("lo.");
  host.remote.end({ usage: { inputTokens: 12, outputTokens: 3, computeUsd: "0.01" } });
  await host.ambient.advance(10_000);
  expect(host.terminal("d1")).toEqual({
    type: "completed",
    result: {
      thread_id: RUN.runId,
      turn_id: RUN.runId,
      agent_type: "seren-agent",
      model: null,
      final_message: "Hello.",
      usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 },
      exit_reason: "completed",
      metadata: {
        run_id: RUN.runId,
        deployment_id: RUN.deploymentId,
        conversation: null,
        status: "completed",
        stop_reason: null,
        url: null,
        costs: { compute_usd: "0.01", inference_usd: null },
        execution_time_ms: null,
        artifacts: [],
      },
    },
  });
  expect(host.events("d1").at(-1)?.type).toBe("completed");
  expect(host.registry.size).toBe(0);
});

test("C6: the same id is acknowledged again and never starts a second run, not even when the first has ended", async () => {
  const host = new Host();
  await host.dispatch("d1");
  expect((await host.dispatch("d1", { prompt: "again" })).result).toEqual({ dispatchId: "d1" });
  host.remote.name().end();
  await host.ambient.advance(10);
  expect((await host.dispatch("d1")).result).toEqual({ dispatchId: "d1" });
  await host.ambient.advance(10_000);
  expect(host.remotes).toHaveLength(1);
  host.terminal("d1");
});

test("C6: two identical requests in one tick start one run", async () => {
  const host = new Host();
  const after: (() => void)[] = [];
  expect(host.invoke("subagents/dispatch", dispatchParams("d1"), after)).toEqual({ dispatchId: "d1" });
  expect(host.invoke("subagents/dispatch", dispatchParams("d1"), after)).toEqual({ dispatchId: "d1" });
  for (const run of after) run();
  await host.ambient.settle();
  expect(host.remotes).toHaveLength(1);
});

test("an id that was refused may be used again", async () => {
  const host = new Host();
  expect((await host.dispatch("d1", { subagent_type: "none" })).error).toBeDefined();
  expect((await host.dispatch("d1")).result).toEqual({ dispatchId: "d1" });
  expect(host.remotes).toHaveLength(1);
});

test("a bounded number of ended ids is remembered", async () => {
  const host = new Host();
  for (let i = 0; i < 1100; i += 1) {
    await host.dispatch(`d${i}`);
    host.remote.end({ text: "x" });
    await host.ambient.settle();
  }
  await host.dispatch("d1099");
  expect(host.remotes).toHaveLength(1100);
  await host.dispatch("d0");
  expect(host.remotes).toHaveLength(1101);
});

test("C15: an unknown dispatcher and an unknown type are refused with the known ones", async () => {
  const host = new Host({ definitions: () => [CODER, { ...CODER, agent_type: "seren-writer" }] });
  expect(
    (await host.call("subagents/dispatch", { ...dispatchParams("d"), dispatcherId: "other" })).error?.message,
  ).toBe('there is no subagent_dispatcher "other" here; this extension provides seren-cloud');
  expect((await host.call("subagents/definitions", { dispatcherId: "seren-cloud-run" })).error).toBeDefined();
  expect((await host.call("subagents/cancel", { dispatcherId: "other", dispatchId: "d" })).error).toBeDefined();
  expect((await host.dispatch("d", { subagent_type: "nope" })).error?.message).toBe(
    'unknown subagent type "nope"; known are seren-coder, seren-writer',
  );
  expect((await host.dispatch("d", { subagent_type: "Seren-Coder" })).error).toBeDefined();
  expect(host.remotes).toHaveLength(0);
});

test("C12: a type that looks like a rate limit does not become one", async () => {
  const { error } = await new Host().dispatch("d", { subagent_type: "agent-429" });
  expect(error?.message).toBe('unknown subagent type "[number]"; known are seren-agent');
});

test("without a type the first definition is used, with its name and limits", async () => {
  const host = new Host({ definitions: () => [CODER] });
  await host.dispatch("d1");
  expect(host.choices).toEqual([{ agent: "seren-coder" }]);
  host.remote.name().say("x".repeat(200)).end();
  await host.ambient.advance(10);
  expect(host.result("d1")).toMatchObject({
    agent_type: "seren-coder",
    model: "coder-1",
    final_message: `${"x".repeat(86)}...[truncated]`,
  });
});

test("C5: a definition that the host could not read is left out of the list", async () => {
  const bad = { ...CODER, max_turns: 1.5, agent_type: "bad" };
  const host = new Host({ definitions: () => [bad, CODER] });
  const { result } = await host.call("subagents/definitions", { dispatcherId: "seren-cloud" });
  expect(result?.definitions).toEqual([CODER]);
});

test("C16: the parent's model and provider are not passed on", async () => {
  const host = new Host();
  await host.dispatch("d1", { model: "parent-model-1", provider: "parent-provider" });
  expect(JSON.stringify(host.remote.request)).not.toContain("parent");
  host.remote.name().end();
  await host.ambient.settle();
  expect(host.result("d1").model).toBeNull();
});

test("restrictions of the caller are added to the prompt; a plain prompt stays as it is", async () => {
  const host = new Host();
  await host.dispatch("d1", {
    prompt: "P",
    lane: "scout",
    tools: ["Read", "Grep"],
    allowed_tools: ["Read"],
    max_concurrent: 4,
  });
  expect(host.remote.request.message).toBe(
    "P\n\nThis is a read-only assignment: look and report, change nothing.\nUse no other tools than these or their equivalents: Read.",
  );
  await host.dispatch("d2", { prompt: "P", lane: "editor", tools: [] });
  expect(host.remote.request.message).toBe("P");
  host.remote.name().end();
  await host.ambient.settle();
  expect(host.result("d2").metadata).toMatchObject({ lane: "editor" });
});

test.each([
  [null, undefined],
  [undefined, undefined],
  [{}, {}],
  [
    ["a", 1],
    ["a", 1],
  ],
  ["free text", "free text"],
  [0, 0],
  [false, false],
])("C15: inputs %j are passed as %j", async (inputs, passed) => {
  const host = new Host();
  await host.dispatch("d1", { inputs });
  expect(host.remote.request.inputs).toEqual(passed);
  expect("inputs" in host.remote.request).toBe(passed !== undefined);
});

test.each([
  null,
  [],
  "x",
  7,
  {},
  { ...dispatchParams("d"), dispatchId: "" },
  { ...dispatchParams("d"), dispatchId: 7 },
  { ...dispatchParams("d"), dispatchId: "x".repeat(5000) },
  { ...dispatchParams("d"), request: null },
  { ...dispatchParams("d"), request: [] },
  dispatchParams("d", { prompt: null }),
  dispatchParams("d", { prompt: ["p"] }),
  dispatchParams("d", { subagent_type: 3 }),
  dispatchParams("d", { tools: "Read" }),
  dispatchParams("d", { tools: [null] }),
  dispatchParams("d", { timeout_seconds: -1 }),
  dispatchParams("d", { timeout_seconds: "60" }),
  dispatchParams("d", { parent_deadline_seconds: Number.POSITIVE_INFINITY }),
])("C15: malformed params %# are refused by name, no run is started, and the next dispatch works", async (params) => {
  const host = new Host();
  const { error } = await host.call("subagents/dispatch", params);
  expect(error?.code).toBe(-32602);
  expect(error?.message).not.toMatch(/TypeError|undefined is|cannot read/i);
  expect(host.remotes).toHaveLength(0);
  expect((await host.dispatch("d")).result).toEqual({ dispatchId: "d" });
});

test("unknown members of a newer host are ignored", async () => {
  const host = new Host();
  const params = { ...dispatchParams("d", { priority: { level: 3 }, lane: "pilot" }), trace: ["x"] };
  expect((await host.call("subagents/dispatch", params)).result).toEqual({ dispatchId: "d" });
});

test("an unusable target fails the dispatch", async () => {
  const host = new Host({
    target: () => {
      throw new ExecutionFailure("invalid_input", "SEREN_BRIDGE_DEPLOYMENT is not an id");
    },
  });
  expect((await host.dispatch("d")).error?.message).toBe("SEREN_BRIDGE_DEPLOYMENT is not an id");
});

test("C14: an unexpected error fails its own run and no other", async () => {
  const host = new Host();
  await host.dispatch("d1");
  const broken = host.remote;
  await host.dispatch("d2");
  broken.fail(new TypeError("x is not a function at 429"));
  host.remote.name().say("fine").end();
  await host.ambient.advance(10);
  expect(host.terminal("d1")).toEqual({
    type: "failed",
    error: "seren-bridge met an error it did not foresee; its log has the details",
  });
  expect(host.result("d2").final_message).toBe("fine");
});

test("128 dispatches run side by side and each ends once", async () => {
  const host = new Host();
  await Promise.all(Array.from({ length: 128 }, (_, i) => host.dispatch(`d${i}`)));
  expect(host.remotes).toHaveLength(128);
  for (const [i, remote] of host.remotes.entries()) remote.name({ ...RUN, runId: `run-${i}` });
  await host.ambient.advance(500);
  for (const [i, remote] of host.remotes.entries()) remote.say(`item ${i}`).end();
  await host.ambient.advance(5000);
  for (let i = 0; i < 128; i += 1)
    expect(host.result(`d${i}`)).toMatchObject({ thread_id: `run-${i}`, final_message: `item ${i}` });
  expect(host.registry.size).toBe(0);
});
