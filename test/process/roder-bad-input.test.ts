/** Input that no host should send: each line costs its own request and nothing else. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { API_KEY, CLEAN_EXIT, scratchFolder } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";

const DEFINITIONS = { jsonrpc: "2.0", method: "subagents/definitions", params: { dispatcherId: "seren-cloud" } };
const line = (members: object) => JSON.stringify({ jsonrpc: "2.0", id: 7, ...members });

type Row = [line: string, code: number, id: unknown, message: RegExp];
const LINES: Row[] = [
  ["garbage", -32700, null, /^the line is not valid JSON$/],
  ['{"jsonrpc":"2.0","id":7', -32700, null, /not valid JSON/],
  ["[]", -32600, null, /^batches are not supported; send one message per line$/],
  [`[${line(DEFINITIONS)}]`, -32600, null, /^batches are not supported/],
  ["7", -32600, null, /^the message is not an object$/],
  [line({}), -32600, 7, /^method: /],
  [line({ method: null }), -32600, 7, /^method: /],
  [line({ jsonrpc: "1.0", method: "tasks/spec" }), -32600, 7, /^jsonrpc: /],
  [line({ method: "tasks/spec", params: 7 }), -32600, 7, /^params: /],
  [line({ method: "inference/listModels" }), -32601, 7, /^there is no method inference\/listModels$/],
  [line({ method: "courier.capabilities" }), -32601, 7, /^there is no method courier\.capabilities$/],
  [line({ method: "hasOwnProperty" }), -32601, 7, /^there is no method hasOwnProperty$/],
];

const dispatcherId = "seren-cloud";
const executorId = "seren-cloud-run";
const executionId = "e-1";
const request = { description: "d", prompt: "p" };
type Refusal = [method: string, params: unknown, message: RegExp];
const PARAMS: Refusal[] = [
  ["extension/initialize", {}, /^protocolVersion: .*; extensionId: /],
  [
    "extension/initialize",
    { ...INITIALIZE, protocolVersion: "0.2.1" },
    /^Roder speaks protocol "0\.2\.1", this extension speaks 0\.2\.0/,
  ],
  [
    "extension/initialize",
    { ...INITIALIZE, extensionId: "other" },
    /^Roder expects extension "other", the manifest .* is that of "roder-ext-seren-cloud"$/,
  ],
  ["subagents/definitions", {}, /^dispatcherId: /],
  [
    "subagents/definitions",
    { dispatcherId: "cursor-cloud" },
    /^there is no subagent_dispatcher "cursor-cloud" here; this extension provides seren-cloud$/,
  ],
  [
    "subagents/dispatch",
    { dispatcherId: "other", dispatchId: "d", request },
    /^there is no subagent_dispatcher "other"/,
  ],
  ["subagents/dispatch", { dispatcherId, request }, /^dispatchId: /],
  ["subagents/dispatch", { dispatcherId, dispatchId: 7, request }, /^dispatchId: /],
  ["subagents/dispatch", { dispatcherId, dispatchId: "", request }, /^dispatchId: /],
  ["subagents/dispatch", { dispatcherId, dispatchId: "d" }, /^request: /],
  ["subagents/dispatch", { dispatcherId, dispatchId: "d", request: { prompt: "p" } }, /^request\.description: /],
  [
    "subagents/dispatch",
    { dispatcherId, dispatchId: "d", request: { ...request, prompt: null } },
    /^request\.prompt: /,
  ],
  [
    "subagents/dispatch",
    { dispatcherId, dispatchId: "d", request: { ...request, timeout_seconds: -1 } },
    /^request\.time-?out_seconds: /,
  ],
  [
    "subagents/dispatch",
    { dispatcherId, dispatchId: "d", request: { ...request, tools: "Read" } },
    /^request\.tools: /,
  ],
  [
    "subagents/dispatch",
    { dispatcherId, dispatchId: "d", request: { ...request, subagent_type: "nobody" } },
    /^unknown subagent type "nobody"; known are seren-agent$/,
  ],
  ["subagents/cancel", { dispatcherId }, /^dispatchId: /],
  ["subagents/cancel", { dispatcherId: "other", dispatchId: "d" }, /^there is no subagent_dispatcher "other"/],
  [
    "tasks/spec",
    { executorId: "process" },
    /^there is no task_executor "process" here; this extension provides seren-cloud-run$/,
  ],
  ["tasks/execute", { executorId: "process", executionId, input: "x" }, /^there is no task_executor "process"/],
  ["tasks/execute", { executorId, input: "x" }, /^executionId: /],
  ["tasks/execute", { executorId, executionId }, /^input: .* nothing was given$/],
  ["tasks/execute", { executorId, executionId, input: null }, /^input: .* nothing was given$/],
  ["tasks/execute", { executorId, executionId, input: 7 }, /^input: .* a number was given$/],
  ["tasks/execute", { executorId, executionId, input: ["x"] }, /^input: .* a list was given$/],
  ["tasks/execute", { executorId, executionId, input: " " }, /^input: prompt: must not be empty$/],
  ["tasks/execute", { executorId, executionId, input: {} }, /^input: prompt or run_id is needed/],
  ["tasks/execute", { executorId, executionId, input: { promt: "x" } }, /^input: Unrecognized key: "promt"/],
  [
    "tasks/execute",
    { executorId, executionId, input: { prompt: "x", timeout_seconds: "60" } },
    /^input: time-?out_seconds: /,
  ],
  ["tasks/execute", { executorId, executionId, input: { prompt: "x", agent: "nobody" } }, /^unknown agent "nobody"/],
  ["tasks/execute", { executorId, executionId, input: { run_id: "../x" } }, /^input: run_id: is not the id of a run/],
  ["tasks/cancel", { executorId: "other", executionId }, /^there is no task_executor "other"/],
  ["tools/call", { providerId: "other", toolName: "seren_agents" }, /^there is no tool_provider "other"/],
  ["tools/call", { providerId: "seren-cloud-tools" }, /^toolName: /],
];

test("invalid lines: each gets its own error, and a valid request after it its reply", async () => {
  const host = await RoderHost.initialized({ env: {} });
  let heard = host.child.messages.length;
  for (const [text, code, id, message] of LINES) {
    host.child.send(text, { ...DEFINITIONS, id: 1000 + heard });
    const refusal = await host.child.message(heard);
    expect(refusal, text).toMatchObject({ kind: "error", id, error: { code } });
    expect(refusal.kind === "error" && refusal.error.message, text).toMatch(message);
    expect(await host.child.message(heard + 1), text).toMatchObject({ kind: "result", id: 1000 + heard });
    heard += 2;
  }
  host.child.send("", '{"jsonrpc":"2.0","method":"events/handle","params":{}}', '{"id":3,"result":{}}');
  host.child.process.stdin?.write(Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a]));
  expect(await host.child.message(heard)).toMatchObject({ kind: "error", id: null, error: { code: -32700 } });
  expect(await host.ask("tasks/spec", { executorId })).toHaveProperty("result.spec.kind", "seren-cloud-run");
  expect(await host.end()).toEqual(CLEAN_EXIT);
  expect(host.child.stderr).toBe("");
});

test("invalid params: refused with the reason, nothing is started, and a valid request still works", async () => {
  const { cloud, env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  for (const [method, params, message] of PARAMS) {
    const { error } = await host.ask(method, params);
    expect(error?.code, `${method} ${JSON.stringify(params)}`).toBe(-32602);
    expect(error?.message).toMatch(message);
    expect(await host.ask("tasks/spec", { executorId })).toHaveProperty("result.spec");
  }
  for (const method of ["subagents/cancel", "tasks/cancel"]) {
    const { result } = await host.ask(method, {
      dispatcherId,
      executorId,
      dispatchId: "unknown",
      executionId: "unknown",
    });
    expect(result, "an id nobody knows is no error: it may be over").toEqual({});
  }
  expect(cloud.stats()).toMatchObject({ createsReceived: 0, deploymentsCreated: 0 });
  await host.dispatch("d", { prompt: "hello" });
  expect(await host.terminal("d")).toMatchObject({ type: "completed", result: { exit_reason: "completed" } });
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test("tool arguments that a user's hook has corrupted lead to errors that the model can read", async () => {
  const host = await RoderHost.initialized();
  const cases: [tool: string, args: unknown, content: RegExp][] = [
    ["no_such_tool", {}, /^there is no tool "no_such_tool"; there are seren_agents, seren_dispatch/],
    ["seren_agents", { extra: 1 }, /^the arguments do not fit: Unrecognized key: "extra"/],
    ["seren_agents", null, /^the arguments do not fit: /],
    ["seren_dispatch", {}, /^the arguments do not fit: prompt: /],
    ["seren_dispatch", { prompt: 7 }, /^the arguments do not fit: prompt: /],
    ["seren_dispatch", { prompt: "x", agent: "nobody" }, /^unknown agent "nobody"/],
    ["seren_run_status", { run_id: "../../deploy" }, /^the arguments do not fit: run_id: is not the id of a run/],
    ["seren_run_status", { run_id: "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11" }, /not/],
    ["seren_run_cancel", { run_id: "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11" }, /not/],
  ];
  for (const [tool, args, content] of cases) {
    expect(await host.tool(tool, args), tool).toMatchObject({
      isError: true,
      content: expect.stringMatching(content),
      data: null,
    });
  }
  expect(await host.tool("seren_agents", {})).toMatchObject({ isError: false });
});

test("a prompt with difficult characters arrives as it is", async () => {
  const { env, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  const prompt =
    'line\u2028sep para\u2029 👩‍👩‍👧‍👦 שלום \ufeffbom nul:\u0000 esc:\u001b[31m tab:\t "quoted" back\\slash';
  await host.dispatch("d", { prompt });
  const terminal = await host.terminal("d");
  expect((await run(0)).payload.message).toBe(prompt);
  expect(terminal).toMatchObject({ result: { final_message: expect.stringContaining(`You said: ${prompt}\n`) } });
});

test("a result no line can hold is cut to what the definition promises, and the dispatch ends", async () => {
  const host = await RoderHost.initialized();
  await host.dispatch("d", { prompt: `@script ${JSON.stringify([{ text: "😀\u0001".repeat(50_000), n: 20 }])}` });
  const terminal = await host.terminal("d");
  if (terminal.type !== "completed" || !("final_message" in terminal.result)) throw new Error("not a result");
  expect(Array.from(terminal.result.final_message)).toHaveLength(20_000);
  expect(terminal.result.final_message.endsWith("...[truncated]")).toBe(true);
});

test.each([
  ["missing", undefined, /^the extension manifest cannot be read: .* \(does not exist\)/],
  ["not TOML", "id = ", /^the extension manifest .* is not valid TOML/],
  [
    "without services",
    'id = "x"\nname = "x"\nversion = "1"\napi_version = "^0.1"\n',
    /^the extension manifest .* does not fit: provides/,
  ],
])("a manifest that is %s is what initialize complains about", async (_, content, message) => {
  const manifest = join(scratchFolder(), "roder-extension.toml");
  if (content === undefined) rmSync(manifest, { force: true });
  else writeFileSync(manifest, content);
  const host = new RoderHost({ env: { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: manifest } });
  const { error } = await host.ask("extension/initialize", INITIALIZE);
  expect(error?.message).toMatch(message);
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test.each([
  [
    "an address without encryption",
    { SEREN_API_BASE: "http://example.com" },
    /^SEREN_API_BASE would send the API key unencrypted/,
  ],
  [
    "a deployment that is a path",
    { SEREN_API_BASE: "local", SEREN_BRIDGE_DEPLOYMENT: "../../x" },
    /^a Seren Cloud id has/,
  ],
  [
    "a deployment nobody has",
    { SEREN_API_BASE: "local", SEREN_BRIDGE_DEPLOYMENT: "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11" },
    /^the deployment does not exist on Seren Cloud/,
  ],
])("%s costs the dispatch only, without ids in its text", async (_, env, message) => {
  const host = await RoderHost.initialized({ env: { SEREN_API_KEY: API_KEY, ...env } });
  await host.dispatch("d", { prompt: "hello" });
  const terminal = await host.terminal("d");
  if (terminal.type !== "failed") throw new Error("it did not fail");
  expect(terminal.error).toMatch(message);
  expect(terminal.error).not.toMatch(/429|timeout|[0-9a-f]{8}-/);
  expect(await host.ask("tasks/spec", { executorId })).toHaveProperty("result.spec");
});
