/** I11: bad input gets a clear error for that request; the process and its other runs go on. */
import { expect, test } from "vitest";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { Child } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { answerOf, deploymentRequest } from "../support/child-process/deployment-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

test("a run continues while its host writes invalid lines", async () => {
  const { env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.execute("good", { prompt: script({ text: "word\n", n: 30, every_ms: 20 }) });
  const invalidLines = [
    "rubbish",
    "[]",
    '{"jsonrpc":"2.0"',
    "\u0000",
    '{"id":"x","method":7}',
    "[".repeat(50_000),
    `"${"y".repeat(1_000_000)}"`,
  ];
  for (const line of invalidLines) host.child.send(line);
  for (const input of [null, 7, [], { prompt: 1 }, { promt: "typo" }, { prompt: "p", timeout_seconds: "soon" }]) {
    expect((await host.execute(`bad-${JSON.stringify(input)}`, input)).error?.message).toMatch(/input/);
  }
  expect((await host.ask("no/such", {})).error?.code).toBe(-32601);
  expect((await host.ask("subagents/dispatch", { dispatcherId: "seren-cloud" })).error).toBeDefined();
  expect(await host.terminal("good")).toMatchObject({ result: { payload: { text: "word\n".repeat(30) } } });
});

test("a manipulated session file", async () => {
  const { env } = await startCloud();
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  const state = (value: unknown) => ({ ...session, backend_state: JSON.stringify(value) });
  const evil = [
    state({ v: 1, deployment: { id: "../../../x", name: "n" } }),
    state({ v: 1, pending: { run_id: "../cancel?x=" } }),
    state([]),
    { ...session, backend_state: "{" },
    { ...session, backend_state: "[".repeat(100_000) },
    { ...session, history: [{ role: "\ud800", content: "x".repeat(500_000) }] },
    { ...session, turn_count: 2 ** 60 },
    { ...session, id: "/../../etc" },
  ];
  for (const one of evil) {
    const { result, error } = await host.run(parcel("chat"), one, { kind: "chat", input: script({ text: "fine" }) });
    expect(result?.kind === "done" || (error?.message ?? "") !== "", JSON.stringify(one).slice(0, 100)).toBe(true);
    expect(error?.code).not.toBe("internal_error");
  }
  expect((await host.run(parcel("chat"), session, { kind: "chat", input: "still there?" })).result?.kind).toBe("done");
});

test("an operation of a deployment host goes on while its other lines are wrong", async () => {
  const { env } = await startCloud({ deployMs: 500 });
  const child = new Child("deployment", { env });
  const spec = { workload: { execution: { type: "llm", instructions: [{ kind: "skill", content: "Help." }] } } };
  child.send(deploymentRequest(1, "upsert", { name: "night", spec }));
  const invalid = ["rubbish", "[]", '{"jsonrpc":"2.0"', "\u0000", '{"id":"x","method":7}', "[".repeat(50_000), '"x"'];
  child.send(...invalid);
  const wrong = [null, 7, [], "text", { kind: "upsert" }, { protocol_version: 99 }, { name: {} }];
  for (const [index, params] of wrong.entries())
    child.send({ jsonrpc: "2.0", id: 100 + index, method: "deployment.upsert", params });
  child.send(deploymentRequest(2, "list", { filters: null }));
  expect((await child.end()).code).toBe(0);
  const byId = (id: number) => child.messages.find((one) => one.kind !== "notification" && one.id === id);
  expect(answerOf(byId(1)).result?.kind).toBe("deployment");
  expect(answerOf(byId(2)).result).toMatchObject({ deployments: [{ status: "running" }] });
  for (const [index] of wrong.entries())
    expect(answerOf(byId(100 + index)).error?.code).toMatch(/^(bad|invalid)_request$/);
  expect(child.messages).toHaveLength(2 + wrong.length + invalid.length);
});

test.each(CHAT_KINDS)("%s: a run continues while its host writes invalid lines", async (kind) => {
  const { env } = await startCloud();
  const host = await startChatHost(kind, { env });
  const chat = await host.start(script({ text: "word\n", n: 30, every_ms: 20 }));
  const lines = ["rubbish", "[]", '{"jsonrpc":"2.0"', "\u0000", '{"id":"x","method":7}', "[".repeat(50_000), '"y"'];
  host.rpc.child.send(...lines);
  const methods = [
    "tools/call",
    "tasks/get",
    "resources/read",
    "session/new",
    "session/prompt",
    "session/close",
    "initialize",
  ];
  for (const method of methods) {
    for (const params of [null, 7, [], "text", { name: 7, arguments: 7 }, { sessionId: {}, prompt: 7, cwd: [] }])
      expect((await host.rpc.ask(method, params as object)).error?.message, method).not.toMatch(/did not foresee/);
  }
  expect((await host.rpc.ask("no/such", {})).error?.code).toBe(-32601);
  expect(await chat.end).toEqual({ status: "completed", text: "word\n".repeat(30) });
});
