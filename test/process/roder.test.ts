/** The Roder extension's methods through the built file: what the host asks, and all it gets back. */

import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { PROTOCOL_VERSION } from "#protocols/roder-extension";
import { CLEAN_EXIT, PROGRAM, ROOT, type StartOptions, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { isTerminal, MANIFEST_PATH, RoderHost } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";

const D1 = "1c0e6f7e-8a55-4a39-b2c4-6d1f9f0a7b11";
const D2 = "2d1f7a8f-9b66-4b4a-a3d5-7e2a0a1b8c22";
const E1 = "b7a1c0de-11f2-4f5a-9a43-0d9c1c2e3f44";
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The host's own recipe, written down once more: 64-bit FNV-1a over the file. */
function fnv(bytes: Uint8Array): string {
  let hash = BigInt("0xcbf29ce484222325");
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * BigInt("0x100000001b3"));
  return hash.toString(16).padStart(16, "0");
}

const ECHO = {
  protocolVersion: PROTOCOL_VERSION,
  extensionId: "roder-ext-seren-cloud",
  services: JSON.parse(readFileSync(join(ROOT, "roder-extension.json"), "utf8")).provides,
  manifestChecksum: fnv(readFileSync(MANIFEST_PATH)),
};

test("the checksum of these tests is the host's", () => {
  expect([fnv(Buffer.from("")), fnv(Buffer.from("a")), fnv(Buffer.from("foobar")), fnv(Buffer.from("café\n"))]).toEqual(
    ["cbf29ce484222325", "af63dc4c8601ec8c", "85944171f73967e8", "8722cceed3c2f599"],
  );
});

test("initialize echoes the manifest on disk; definitions and spec are answered from memory, without a key", async () => {
  const host = new RoderHost({ env: {} });
  const [echo, definitions, spec] = await Promise.all([
    host.result("extension/initialize", INITIALIZE),
    host.result("subagents/definitions", { dispatcherId: "seren-cloud" }),
    host.result("tasks/spec", { executorId: "seren-cloud-run" }),
  ]);
  expect(echo).toEqual(ECHO);
  expect(ECHO.services.map(({ type, id }: { type: string; id: string }) => `${type} ${id}`)).toEqual([
    "subagent_dispatcher seren-cloud",
    "task_executor seren-cloud-run",
    "tool_provider seren-cloud-tools",
  ]);
  expect(definitions).toMatchObject({
    definitions: [{ agent_type: "seren-agent", tools: [], permission_mode: "default", model: null, max_turns: null }],
  });
  expect(spec).toMatchObject({
    spec: { kind: "seren-cloud-run", default_timeout_seconds: 1800, metadata: { processHosted: true } },
  });
  expect(await host.end()).toEqual(CLEAN_EXIT);
  expect(host.child.stderr).toBe("");
});

describe("starts wherever it is", () => {
  async function greeted(options: StartOptions) {
    const host = new RoderHost(options);
    expect(await host.result("extension/initialize", INITIALIZE)).toEqual(ECHO);
    await host.dispatch(D1, { prompt: "hello" });
    expect(await host.terminal(D1)).toMatchObject({ type: "completed", result: { exit_reason: "completed" } });
    expect(await host.end()).toEqual(CLEAN_EXIT);
  }

  test("through a symlink, as npm makes one, started by itself", async () => {
    const bin = join(scratchFolder(), "seren-bridge");
    symlinkSync(PROGRAM, bin);
    await greeted({ program: bin, direct: true, cwd: "/" });
  });

  test("in a folder whose name has blanks and other letters", async () => {
    const folder = join(scratchFolder(), "a folder, with blänks & 日本");
    mkdirSync(folder);
    cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
    cpSync(MANIFEST_PATH, join(folder, "roder-extension.toml"));
    await greeted({ program: join(folder, "dist", "seren-bridge.mjs"), cwd: folder });
  });

  test("with nothing but PATH in its environment, which is what Roder gives a package", async () => {
    const env = { SEREN_API_BASE: "local", HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined };
    await greeted({ env: { ...env, SEREN_BRIDGE_STATE_DIR: scratchFolder() } });
  });
});

describe("a dispatch", () => {
  test("is acknowledged, reports its status, and ends once", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await RoderHost.initialized({ env });
    const prompt = script({ text: "Looking. " }, { tool: "grep", result: "3 hits", ms: 20 }, { text: "Three." });
    expect((await host.dispatch(D1, { prompt, timeout_seconds: 60 })).result).toEqual({ dispatchId: D1 });
    const terminal = await host.terminal(D1);
    const { runId } = await run(0);
    expect(terminal).toMatchObject({
      type: "completed",
      result: {
        thread_id: runId,
        turn_id: runId,
        agent_type: "seren-agent",
        final_message: "Looking. Three.",
        exit_reason: "completed",
        metadata: { run_id: runId, status: "completed" },
      },
    });
    const events = host.events(D1);
    const statuses = events.flatMap((event) => (event.type === "status" ? [event.status] : []));
    expect(statuses[0]).toBe("starting");
    expect(statuses).toContain("running");
    expect(events.filter(isTerminal)).toEqual([terminal]);
    expect(events.at(-1)).toEqual(terminal);
    const ack = await host.child.find(
      (message) => "id" in message && message.kind === "result" && "dispatchId" in message.result,
    );
    const first = await host.child.find((message) => message.kind === "notification");
    expect(first, "the acknowledgement comes first").toBeGreaterThan(ack);
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [], deploymentsCreated: 1, cancelsReceived: 0 });
  });

  test("whose run ends badly completes with the reason and with what was produced", async () => {
    const host = await RoderHost.initialized();
    const cases: [step: object, reason: string, message: string][] = [
      [{ fail: "the model refused" }, "failed", "The run failed: the model refused"],
      [{ status: "blocked", message: "policy" }, "failed", "The run was blocked: policy"],
      [{ status: "timeout", message: "limit of 60 s" }, "timeout", "The run timed out: limit of 60 s"],
      [{ status: "cancelled", message: "stopped" }, "cancelled", "The run was cancelled: stopped"],
    ];
    for (const [index, [step, reason, message]] of cases.entries()) {
      await host.dispatch(`d-${index}`, { prompt: script({ text: "Half way." }, step) });
      expect(await host.terminal(`d-${index}`)).toMatchObject({
        type: "completed",
        result: {
          exit_reason: reason,
          final_message: `${message}\n\nWhat it had produced until then:\nHalf way.`,
        },
      });
    }
  });

  test("that is cancelled answers at once, and the run is cancelled", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await RoderHost.initialized({ env });
    await host.dispatch(D1, { prompt: script({ text: "waiting\n" }, { hang: true }) });
    const { ended } = await run(0);
    expect(await host.cancelDispatch(D1)).toEqual({ result: {} });
    expect(await host.terminal(D1)).toMatchObject({ type: "completed", result: { exit_reason: "cancelled" } });
    expect(await ended).toBe("cancelled");
    expect(await host.cancelDispatch(D1), "once more does no harm").toEqual({ result: {} });
    expect(host.events(D1).filter(isTerminal)).toHaveLength(1);
    expect(cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
  });

  test("that is cancelled in the same chunk never becomes a run, or one that is cancelled", async () => {
    const { cloud, env } = await startCloud();
    const host = await RoderHost.initialized({ env });
    const params = { dispatcherId: "seren-cloud", dispatchId: D1, parentThreadId: "t", parentTurnId: "u" };
    const request = { description: "d", prompt: script({ hang: true }) };
    host.child.send(
      { jsonrpc: "2.0", id: 2, method: "subagents/dispatch", params: { ...params, request } },
      { jsonrpc: "2.0", id: 3, method: "subagents/cancel", params },
    );
    expect(await host.replyTo(3, "subagents/cancel")).toEqual({ result: {} });
    const terminal = await host.terminal(D1);
    if (terminal.type === "failed") expect(terminal.error).toMatch(/cancelled/);
    else expect(terminal).toMatchObject({ type: "completed", result: { exit_reason: "cancelled" } });
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats().runsActive).toEqual([]);
  });

  test("keeps its own deadline", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await RoderHost.initialized({ env });
    await host.dispatch(D2, { prompt: "so that everything is loaded" });
    await host.terminal(D2);
    await host.dispatch(D1, { prompt: script({ text: "waiting\n" }, { hang: true }), timeout_seconds: 1 });
    expect(await host.terminal(D1)).toMatchObject({ type: "completed", result: { exit_reason: "timeout" } });
    expect(await (await run(1)).ended).toBe("cancelled");
    expect(cloud.stats().runsActive).toEqual([]);
  });

  test("with an id that was used before starts nothing", async () => {
    const { cloud, env } = await startCloud();
    const host = await RoderHost.initialized({ env });
    await host.dispatch(D1, { prompt: "one" });
    await host.terminal(D1);
    expect((await host.dispatch(D1, { prompt: "one" })).result).toEqual({ dispatchId: D1 });
    await host.dispatch(D2, { prompt: "two" });
    expect(await host.terminal(D2)).toMatchObject({ type: "completed" });
    expect(cloud.stats().runsStarted).toBe(2);
  });

  test("does not wait for another, nor another for it", async () => {
    const host = await RoderHost.initialized();
    await host.dispatch(D1, { prompt: script({ hang: true }) });
    await host.dispatch(D2, { prompt: "quick" });
    expect(await host.terminal(D2)).toMatchObject({ type: "completed", result: { exit_reason: "completed" } });
    expect(host.events(D1).filter(isTerminal)).toEqual([]);
    await host.cancelDispatch(D1);
    await host.terminal(D1);
  });

  test("without a key it fails and explains how to provide one; everything else works", async () => {
    const host = await RoderHost.initialized({ env: {} });
    expect((await host.dispatch(D1, { prompt: "hello" })).result).toEqual({ dispatchId: D1 });
    const terminal = await host.terminal(D1);
    expect(terminal.type).toBe("failed");
    expect(terminal).toMatchObject({ error: expect.stringMatching(/^no Seren API key: set SEREN_API_KEY, or /) });
    await host.execute(E1, "hello");
    expect(await host.terminal(E1)).toMatchObject({ type: "failed", error: expect.stringMatching(/SEREN_API_KEY/) });
    const started = await host.tool("seren_dispatch", { prompt: "hello" });
    expect(started).toMatchObject({ isError: true, content: expect.stringMatching(/SEREN_API_KEY/) });
    expect(await host.tool("seren_agents", {})).toMatchObject({ isError: false });
    expect((await host.ask("tasks/spec", { executorId: "seren-cloud-run" })).result).toBeDefined();
    expect(await host.end()).toEqual(CLEAN_EXIT);
  });
});

describe("a task", () => {
  test("streams its answer to stdout and its steps to the log, then completes with an exit code", async () => {
    const { env, run } = await startCloud();
    const host = await RoderHost.initialized({ env });
    const prompt = script({ text: "checking\n" }, { tool: "pytest", result: "ok" }, { text: "41 tests pass ✓" });
    expect((await host.execute(E1, { prompt })).result).toEqual({ executionId: E1 });
    const terminal = await host.terminal(E1);
    const { runId } = await run(0);
    expect(terminal).toMatchObject({ type: "completed", result: { exit_code: 0, payload: { run_id: runId } } });
    const output = (stream: string) =>
      host
        .events(E1)
        .map((event) => (event.type === "output" && event.stream === stream ? event.chunk : ""))
        .join("");
    expect(output("stdout")).toBe("checking\n41 tests pass ✓\n");
    expect(output("stderr")).toBe("");
    const log = output("log").split("\n");
    expect(log[0]).toBe(`run ${runId}`);
    expect(log).toContain("running: tool pytest");
    expect(log.at(-2)).toBe("completed");
    expect(host.events(E1).at(-1)).toEqual(terminal);
  });

  test("whose run ends badly completes with another exit code", async () => {
    const host = await RoderHost.initialized();
    const cases: [step: object, code: number][] = [
      [{ fail: "no space left" }, 1],
      [{ status: "timeout" }, 124],
      [{ status: "cancelled" }, 130],
    ];
    for (const [step, code] of cases) {
      await host.execute(`e-${code}`, { prompt: script(step) });
      expect(await host.terminal(`e-${code}`)).toMatchObject({ type: "completed", result: { exit_code: code } });
    }
  });

  test("that is cancelled cancels its run", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await RoderHost.initialized({ env });
    await host.execute(E1, { prompt: script({ text: "waiting\n" }, { hang: true }) });
    const { ended } = await run(0);
    expect(await host.cancelTask(E1)).toEqual({ result: {} });
    expect(await host.terminal(E1)).toMatchObject({ type: "completed", result: { exit_code: 130 } });
    expect(await ended).toBe("cancelled");
    expect(cloud.stats().runsActive).toEqual([]);
  });

  test("that need not be waited for ends as soon as its run has a name, and leaves it alone", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await RoderHost.initialized({ env });
    await host.execute(E1, { prompt: script({ hang: true }), wait: false });
    const { runId } = await run(0);
    expect(await host.terminal(E1)).toMatchObject({ type: "completed", result: { payload: { run_id: runId } } });
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({ runsActive: [runId], cancelsReceived: 0 });

    const next = await RoderHost.initialized({ env });
    expect(await next.tool("seren_run_status", { run_id: runId })).toMatchObject({ isError: false });
    await next.execute(E1, { run_id: runId, timeout_seconds: 1 });
    expect(await next.terminal(E1)).toMatchObject({ type: "completed", result: { exit_code: 124 } });
    expect(await next.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats(), "following somebody's run is no reason to stop it").toMatchObject({
      runsActive: [runId],
      cancelsReceived: 0,
    });
  });
});

test("the model's tools list, start, look and cancel, each at once", async () => {
  const { cloud, env, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  expect(await host.tool("seren_agents", {})).toEqual({
    content:
      "seren-agent: A general agent on Seren Cloud. Works on its own machine and does not see the local workspace.\n\n" +
      'Start one with seren_dispatch and its name as "agent"; without it, the first.',
    isError: false,
    data: null,
  });

  const quick = await host.tool("seren_dispatch", { prompt: script({ text: "The answer is 42." }) });
  const { runId, ended } = await run(0);
  expect(quick.isError).toBe(false);
  expect(quick.content).toContain("seren_run_status");
  expect(quick.data?.run_id).toMatch(RUN_ID);
  await ended;
  // The program may still be reading the record of the run that the service has ended.
  await vi.waitFor(async () => {
    const looked = await host.tool("seren_run_status", { run_id: runId });
    expect(looked).toMatchObject({ isError: false, data: { run_id: runId, thread_id: runId, turn_id: runId } });
    expect(looked.content).toMatch(/^completed.*\n\nThe answer is 42\./);
  });

  await host.tool("seren_dispatch", { prompt: script({ text: "working" }, { hang: true }) });
  const slow = await run(1);
  expect(await host.tool("seren_run_cancel", { run_id: slow.runId })).toMatchObject({ isError: false });
  expect(await slow.ended).toBe("cancelled");
  expect(await host.end()).toEqual(CLEAN_EXIT);
  expect(cloud.stats()).toMatchObject({ runsStarted: 2, runsActive: [] });
});

test("what a look has no room for comes with the next ones: long pieces, many pieces, many lines", async () => {
  const { env, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  const pieces = [
    `${"a".repeat(13_990)}${env.SEREN_API_KEY}${"é🎉".repeat(9_000)}`,
    "line\n".repeat(400),
    "word ".repeat(2_500),
  ];
  const prompt = script(...pieces.map((text) => ({ text })), { text: "the end" }, { hang: true });
  await host.tool("seren_dispatch", { prompt });
  const { runId } = await run(0);
  const whole = `${pieces.join("")}the end`.replace(env.SEREN_API_KEY, "[redacted]");
  let [said, cursor] = ["", 0];
  await vi.waitFor(async () => {
    const { content, data } = await host.tool("seren_run_status", { run_id: runId, cursor });
    cursor = data?.cursor as number;
    const [, text = ""] = /Said (?:since the last look|so far):\n([\s\S]*)\n\nNot over/.exec(content) ?? [];
    said += text;
    expect(said.length).toBeGreaterThanOrEqual(whole.length);
  }, 20_000);
  expect(said).toBe(whole);
});

test("shutdown cancels what runs, ends it, answers, and the process goes", async () => {
  const { cloud, env, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.dispatch(D1, { prompt: script({ text: "a" }, { hang: true }) });
  await host.execute(E1, { prompt: script({ text: "b" }, { hang: true }) });
  const runs = [await run(0), await run(1)];
  expect(await host.ask("extension/shutdown")).toEqual({ result: {} });
  expect(await host.child.exited, "stdin stays open").toEqual(CLEAN_EXIT);
  expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual(["cancelled", "cancelled"]);
  for (const id of [D1, E1]) expect(host.events(id).filter(isTerminal)).toHaveLength(1);
  expect(host.child.messages.at(-1), "nothing after the reply, which is where the host kills").toMatchObject({
    kind: "result",
    result: {},
  });
  expect(cloud.stats().runsActive).toEqual([]);
});
