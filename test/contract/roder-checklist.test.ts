/**
 * What a process extension for Roder 0.4 has to hold, one test a rule: through the built file as a child where bytes, pipes or
 * the process matter, through the adapter in virtual time where the order of things does. Rules are numbered C1 to C19.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import {
  MAX_CHUNK_BYTES,
  ManifestSchema,
  PROTOCOL_VERSION,
  SubagentDefinitionSchema,
} from "#protocols/roder-extension";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { API_KEY, type Child, CLEAN_EXIT, ROOT, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { DISPATCHER, dispatchParams, EXECUTOR, Host, type Json } from "../unit/adapters/roder/harness.ts";
import { RUN } from "../unit/adapters/roder/remote.ts";

const HANG = { hang: true };
const finalMessage = (event: unknown) =>
  z.object({ result: z.looseObject({ final_message: z.string() }) }).parse(event).result.final_message;
/** Everything that makes Roder do something it would not do for any other text. */
const TRIGGERS =
  /rate limit|rate_limit|ratelimit|too many requests|429|timed out|timeout|unknown subagent type|not allowed by subagent|subagent tool|unavailable tool|has no tools compatible/i;

test("C1: stdin is cut at 0x0A only; huge lines, unknown members and unknown methods are tolerated", async () => {
  const host = await RoderHost.initialized();
  const prompt = `one\u2028two\u2029three\u0085four ${"ü".repeat(3_000_000)}`;
  const request = { prompt, inputs: null, from_a_newer_host: { deep: [1] } };
  expect(await host.dispatch("d-1", request)).toEqual({ result: { dispatchId: "d-1" } });
  host.child.send({ jsonrpc: "2.0", method: "events/handle", params: { envelope: {} } });
  expect((await host.ask("inference/streamTurn", {})).error?.message).toBe("there is no method inference/streamTurn");
  expect(finalMessage(await host.terminal("d-1"))).toContain("You said: one\u2028two\u2029three\u0085four üü");
  await host.end();
  expect(host.child.stderr, "nothing of it is worth a line").toBe("");
});

test("C2: one well-formed JSON line per message, at most 1 MiB, without half characters", async () => {
  // The harness checks every line it reads: size, UTF-8, surrogates, compact JSON, and the schema of what it carries.
  const host = await RoderHost.initialized();
  await host.dispatch("d-1", {
    prompt: script({ text: "half \ud83d and \u0000 and \u2028 " }, { text: "𝄞".repeat(50_000), n: 20 }),
  });
  await host.execute("e-1", { prompt: script({ text: "𝄞\n".repeat(400_000) }) });
  expect(finalMessage(await host.terminal("d-1"))).toMatch(/^half \ufffd and /);
  expect(await host.terminal("e-1")).toMatchObject({ type: "completed", result: { exit_code: 0 } });
  const sizes = host.child.messages.map((message) => Buffer.byteLength(JSON.stringify(message)));
  expect(Math.max(...sizes)).toBeLessThan(1024 * 1024);
});

test("C3: ids are returned as they were sent, with a result or an error, and no request is sent to the host", async () => {
  const host = await RoderHost.initialized();
  for (const id of [7, 41, Number.MAX_SAFE_INTEGER - 1]) {
    expect((await host.ask("tasks/spec", { executorId: EXECUTOR }, id)).result).toBeDefined();
    expect((await host.ask("tasks/spec", { executorId: "another" }, id + 1)).error?.message).toContain("another");
  }
  await host.dispatch("d-1", { prompt: "hello" });
  await host.terminal("d-1");
  expect(new Set(host.child.messages.map(({ kind }) => kind))).toEqual(new Set(["result", "error", "notification"]));
});

test.each([
  ["\n", "df9131769721a62e"],
  ["\r\n", "4c526da9f69518c5"],
])("C4: the echo is made of the bytes on disk, line ends (%j) and order included", async (lineEnd, checksum) => {
  const path = join(scratchFolder(), "manifest of another.toml");
  const lines = [
    'id = "seren-demo"',
    'name = "Demo"',
    'version = "0.1.0"',
    'api_version = "^0.1"',
    'provides = [{ type = "task_executor", id = "demo-task" }]',
    "",
  ];
  writeFileSync(path, lines.join(lineEnd));
  const host = new RoderHost({ env: { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: path } });
  expect(await host.result("extension/initialize", { ...INITIALIZE, extensionId: "seren-demo" })).toEqual({
    protocolVersion: PROTOCOL_VERSION,
    extensionId: "seren-demo",
    services: [{ type: "task_executor", id: "demo-task" }],
    manifestChecksum: checksum,
  });
});

test("C5: definitions and spec come from memory: valid, and no slower for a service that never answers", async () => {
  const service = createServer(() => undefined);
  await new Promise<void>((resolve) => void service.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  const { port } = z.object({ port: z.int() }).parse(service.address());
  const host = new RoderHost({ env: { SEREN_API_BASE: `http://127.0.0.1:${port}`, SEREN_API_KEY: API_KEY } });
  await host.result("extension/initialize", INITIALIZE);
  const { definitions } = await host.result("subagents/definitions", { dispatcherId: DISPATCHER });
  expect(z.array(SubagentDefinitionSchema).parse(definitions)).toHaveLength(1);
  expect(await host.result("tasks/spec", { executorId: EXECUTOR })).toMatchObject({ spec: { kind: EXECUTOR } });
});

test("C6: acknowledged in the tick of the request, before anything is loaded; each id is started once", async () => {
  const host = new Host();
  const after: (() => void)[] = [];
  expect(host.invoke("subagents/dispatch", dispatchParams("d1"), after)).toEqual({ dispatchId: "d1" });
  await host.ambient.advance(1000);
  expect([host.loads, host.remotes.length]).toEqual([0, 0]);
  for (const run of after) run();
  await host.ambient.advance(0);
  expect(await host.dispatch("d1")).toEqual({ result: { dispatchId: "d1" } });
  host.remote.name().end();
  await host.ambient.advance(0);
  expect(await host.dispatch("d1")).toEqual({ result: { dispatchId: "d1" } });
  await host.ambient.advance(0);
  expect(host.remotes).toHaveLength(1);
  expect(host.terminal("d1")).toMatchObject({ type: "completed" });
});

test("C7: one terminal event per id; counters are 32-bit integers, or null when unknown", async () => {
  const host = new Host();
  const usages = {
    big: { inputTokens: 9e9, outputTokens: 1.9 },
    half: { inputTokens: 4, outputTokens: Number.NaN },
    none: undefined,
  };
  for (const [id, usage] of Object.entries(usages)) {
    await host.dispatch(id);
    host.remote.name().end(usage ? { usage } : {});
    await host.cancelDispatch(id);
    await host.ambient.advance(60_000);
  }
  expect(host.result("big").usage).toEqual({
    prompt_tokens: 4294967295,
    completion_tokens: 1,
    total_tokens: 4294967295,
  });
  expect([host.result("half").usage, host.result("none").usage]).toEqual([null, null]);
});

test.each([
  ["its own limit", { timeout_seconds: 100 }, 97],
  ["its parent's", { timeout_seconds: 100, parent_deadline_seconds: 50 }, 47],
  ["30 minutes without any", {}, 1797],
  ["a day at the most, whatever is asked for", { timeout_seconds: 1e19 }, 86_397],
])("C8: a dispatch is over a little before %s", async (_, limits, seconds) => {
  const host = new Host();
  await host.dispatch("d1", limits);
  host.remote.name();
  await host.ambient.advance(seconds * 1000 - 1);
  expect(host.remote.stoppedBy).toBeUndefined();
  await host.ambient.advance(1);
  expect(host.remote.stoppedBy).toBe("deadline");
  expect(host.result("d1").exit_reason).toBe("timeout");
});

test("C9: a cancel is answered at once in every phase and repeated until the remote run has ended", async () => {
  const inMemory = new Host();
  await inMemory.dispatch("d1");
  inMemory.remote.stubborn = true; // a remote cancel that does not come back
  expect(inMemory.invoke("subagents/cancel", { dispatcherId: DISPATCHER, dispatchId: "d1" }, [])).toEqual({});
  expect(inMemory.remote.stoppedBy).toBe("host");

  const refusals = { kind: "status", where: "cancel", status: 503, times: 3 } as const;
  const { env, run } = await startCloud({ faults: { rules: [refusals] } });
  const host = await RoderHost.initialized({ env });
  await host.execute("e-1", { prompt: script(HANG) });
  const { ended } = await run(0);
  expect(await host.cancelTask("e-1")).toEqual({ result: {} });
  expect(await ended).toBe("cancelled");
});

test("C10: progress is merged, chunks are small and end at line ends, and no terminal event waits behind progress", async () => {
  const open: (() => void)[] = [];
  const host = new Host({ pipe: () => new Promise((resolve) => void open.push(resolve)) }); // takes what it is given one by one
  await host.dispatch("d1");
  await host.execute("e1", "go");
  const [subagent, task] = host.remotes;
  for (const remote of [subagent, task]) remote?.name();
  for (let i = 0; i < 1000; i += 1) {
    subagent?.push({ type: "tool_call", id: `${i}`, name: `step ${i}`, arguments: "{}" });
    task?.say(`${"ü".repeat(60)} line ${i}\n`);
  }
  await host.ambient.advance(60_000);
  expect(host.events("d1"), "all that waits is one status").toHaveLength(1);
  subagent?.end();
  task?.end();
  while (open.length > 0) {
    open.shift()?.();
    await host.ambient.settle();
  }
  await host.ambient.advance(60_000);
  expect(host.events("d1").length, "the one on its way, the one that waited, the end").toBeLessThanOrEqual(3);
  expect(host.events("d1").at(-1)).toMatchObject({ type: "completed" });
  const chunks = host.events("e1").flatMap(({ chunk }) => (typeof chunk === "string" ? chunk : []));
  for (const chunk of chunks) {
    expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
    expect(chunk.endsWith("\n")).toBe(true);
  }
  expect(host.terminal("e1")).toMatchObject({ type: "completed" });

  const free = new Host();
  await free.dispatch("d1");
  free.remote.name();
  for (let i = 0; i < 1000; i += 1) {
    free.remote.push({ type: "tool_call", id: `${i}`, name: `step ${i}`, arguments: "{}" });
    await free.ambient.advance(10);
  }
  expect(free.events("d1").length, "ten seconds of a host that takes everything").toBeLessThanOrEqual(16);
});

test("C11: the final message has the answer or why there is none, and where to see the run", async () => {
  const url = "https://seren.example/runs/6f0e8f53";
  const definition = {
    agent_type: "short",
    description: "d",
    tools: [],
    permission_mode: "default" as const,
    max_result_chars: 200,
  };
  const host = new Host({ definitions: () => [SubagentDefinitionSchema.parse(definition)] });
  await host.dispatch("long");
  host.remote
    .name({ ...RUN, url })
    .say("𝄞".repeat(1000))
    .end();
  await host.ambient.advance(0);
  const long = String(host.result("long").final_message);
  expect(Array.from(long)).toHaveLength(200);
  expect(long).toMatch(/^𝄞+\.\.\.\[truncated\]\n\nRun: https:\/\/seren\.example\/runs\/6f0e8f53$/u);

  await host.dispatch("lost");
  host.remote
    .name({ ...RUN, url })
    .say("half")
    .end({ kind: "failed", error: { message: "no disk left" } });
  await host.ambient.advance(0);
  expect(host.result("lost").final_message).toBe(
    `The run failed: no disk left\n\nWhat it had produced until then:\nhalf\n\nRun: ${url}`,
  );
});

test("C12: errors have no ids and no word that the host reacts to, except the intended one", async () => {
  const failing = async (kind: ConstructorParameters<typeof ExecutionFailure>[0], message: string) => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.fail(new ExecutionFailure(kind, message));
    await host.ambient.advance(0);
    return String(host.terminal("d1").error);
  };
  const hostile = `port 4290, run ${RUN.runId}: gateway timeout, too many requests, rate_limit, unavailable tool`;
  for (const kind of ["unavailable", "internal", "forbidden", "not_found", "contract", "cancelled"] as const) {
    const error = await failing(kind, hostile);
    expect(error).not.toMatch(TRIGGERS);
    expect(error).not.toContain(RUN.runId.slice(0, 8));
  }
  expect(await failing("rate_limited", "slow down")).toBe("rate limit: slow down");
  expect(await failing("timed_out", "no answer")).toBe("timed out: no answer");
});

const GOINGS: [string, (child: Child) => Promise<unknown>][] = [
  ["the end of stdin", (child) => child.end()],
  ["SIGTERM", (child) => child.signal("SIGTERM")],
  ["SIGINT", (child) => child.signal("SIGINT")],
  [
    "a broken stdout",
    (child) => {
      child.closeStdout();
      child.send({ jsonrpc: "2.0", id: 99, method: "tasks/spec", params: { executorId: EXECUTOR } });
      return child.exited;
    },
  ],
];
test.each(GOINGS)("C13: after %s, running work is cancelled and the program ends", async (_, go) => {
  const { env, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.dispatch("d-1", { prompt: script({ text: "so far" }, HANG) });
  const { ended } = await run(0);
  expect(await go(host.child)).toEqual(CLEAN_EXIT);
  expect(await ended).toBe("cancelled");
});

test("C14: an internal error fails its own run only; stderr is quiet", async () => {
  const broken = new Host();
  await broken.dispatch("d1");
  broken.remote.fail(new TypeError("x is not a function"));
  await broken.ambient.advance(0);
  expect(broken.terminal("d1")).toMatchObject({ type: "failed" });
  await broken.dispatch("d2");
  broken.remote.name().end();
  await broken.ambient.advance(0);
  expect(broken.terminal("d2")).toMatchObject({ type: "completed" });

  const { env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.dispatch("d-1", { prompt: script({ fail: `the key ${API_KEY} was refused` }) });
  expect(finalMessage(await host.terminal("d-1"))).not.toContain(API_KEY);
  await host.execute("e-1", { promt: "misspelt" });
  await host.end();
  expect(host.child.stderr).toBe("");
});

test.each<[string, string, Json, RegExp]>([
  ["another dispatcher", "subagents/definitions", { dispatcherId: "another" }, /no subagent_dispatcher "another"/],
  ["another executor", "tasks/spec", { executorId: "another" }, /no task_executor "another"/],
  ["no dispatch id", "subagents/dispatch", { ...dispatchParams("d1"), dispatchId: undefined }, /dispatchId/],
  ["no request", "subagents/dispatch", { ...dispatchParams("d1"), request: undefined }, /request/],
  [
    "an unknown agent",
    "subagents/dispatch",
    dispatchParams("d1", { subagent_type: "nobody" }),
    /unknown subagent type "nobody"/,
  ],
  [
    "no input",
    "tasks/execute",
    { executorId: EXECUTOR, executionId: "e1", taskId: "t", input: null },
    /nothing was given/,
  ],
  [
    "a list as input",
    "tasks/execute",
    { executorId: EXECUTOR, executionId: "e1", taskId: "t", input: [] },
    /a list was given/,
  ],
])("C15: %s is refused, and nothing is started", async (_, method, params, reason) => {
  const host = new Host();
  expect((await host.call(method, params)).error?.message).toMatch(reason);
  await host.ambient.advance(60_000);
  expect(host.remotes).toEqual([]);
});

test.each([null, "text", 7, [1], { a: { b: null } }])("C15: inputs %j are any JSON", async (inputs) => {
  const host = new Host();
  await host.dispatch("d1", { inputs });
  expect(host.remote.request.inputs).toEqual(inputs ?? undefined);
});

test("C16: a model and a provider of another dispatcher are not used", async () => {
  const host = new Host();
  await host.dispatch("d1", { model: "another-vendors-model", provider: "another-vendor" });
  expect(JSON.stringify(host.remote.request)).not.toContain("another-vendor");
  host.remote.name().end();
  await host.ambient.advance(0);
  expect(host.result("d1").model).toBeNull();
});

test("C17: it starts through a link, from a folder with blanks, in any working directory, without HOME", async () => {
  const folder = scratchFolder();
  const link = join(folder, "a link to the package");
  symlinkSync(ROOT, link, "dir");
  const env = { SEREN_API_BASE: "local", HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined };
  const host = new RoderHost({ program: join(link, "dist", "seren-bridge.mjs"), cwd: "/", env });
  expect(await host.result("extension/initialize", INITIALIZE)).toMatchObject({ extensionId: "roder-ext-seren-cloud" });
  await host.dispatch("d-1", { prompt: "hello" });
  expect(finalMessage(await host.terminal("d-1"))).toContain("You said: hello");
});

test("C18: the published package is complete, runs nothing at installation, and starts from its manifest", async () => {
  const folder = scratchFolder();
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: ROOT });
  execFileSync("sh", ["-c", "tar -xzf *.tgz"], { cwd: folder });
  const at = (...path: string[]) => join(folder, "package", ...path);
  const { scripts = {} } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  expect(Object.keys(scripts).filter((name) => /^((pre|post)?install|prepare)/.test(name))).toEqual([]);
  const { launch, api_version } = ManifestSchema.parse(JSON.parse(readFileSync(at("roder-extension.json"), "utf8")));
  expect({ api_version, command: launch?.command }).toEqual({ api_version: "^0.1", command: "node" });
  expect(readFileSync(at("skills", "seren-cloud", "SKILL.md"), "utf8")).toMatch(
    /^---\nname: seren-cloud\ndescription: .{50,400}\n---\n/,
  );
  // As Roder starts it: in the manifest's folder, with relative arguments and nothing but PATH.
  expect(launch?.args).toEqual(["roder-extension.mjs", "roder"]);
  const env = { HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined };
  const host = new RoderHost({ program: at("roder-extension.mjs"), cwd: at(), env });
  expect(await host.result("extension/initialize", INITIALIZE)).toMatchObject({ protocolVersion: PROTOCOL_VERSION });
});

test("C19: tools answer within two seconds, check their arguments, cap their text, and use no reserved name by accident", async () => {
  const host = new Host();
  const asked = host.ambient.now();
  const slow = host.tool("seren_dispatch", { prompt: "go" }); // a service that does not answer
  await host.ambient.advance(2000);
  const started = await slow;
  expect(host.ambient.now() - asked).toBe(2000);
  expect(started).toMatchObject({ isError: false });
  host.runs.hangs = true;
  for (const name of ["seren_run_status", "seren_run_cancel"]) {
    const hanging = host.tool(name, { run_id: RUN.runId });
    await host.ambient.advance(2000);
    expect(await hanging).toMatchObject({ isError: true });
  }
  expect(await host.tool("seren_dispatch", { prompt: "go", model: "x" })).toMatchObject({ isError: true, data: null });

  host.runs.hangs = false;
  await host.ambient.advance(20_000); // a look that hangs is not waited for any longer
  const text = `${"x".repeat(200)}\n`.repeat(5000);
  host.runs.reports.set(RUN.runId, { run: RUN, phase: "running", approvals: [], text, more: false, cursor: 7 });
  const report = await host.tool("seren_run_status", { run_id: RUN.runId });
  expect(report.content.length).toBeLessThan(20_000);
  expect(report.content.split("\n").length).toBeLessThan(200);
  const reserved =
    /^(__view_image|user_input_request|policy_exit_plan_request|hunks|mediaArtifacts|taskLedger|verification|thread_id|turn_id)$/;
  for (const { data } of [started, report])
    expect(Object.keys(data ?? {}).filter((name) => reserved.test(name))).toEqual([]);
});
