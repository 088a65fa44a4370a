/** Approvals through an MCP client: only a clear yes or no of a form decides; everything else leaves the run waiting. */
import { describe, expect, test } from "vitest";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { decide } from "../support/child-process/decide.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";

const ARGS = { env: "prod-77", note: "line one\nline two" };
const WAITS = script(
  { text: "I need to deploy. " },
  { approve: "deploy_prod", args: ARGS, reason: "ship it" },
  { text: "Deployed." },
);
const ASKING = { capabilities: { elicitation: {} } };
const wait = { wait_seconds: 40 };

async function statusOf({ cloud }: Cloud) {
  return cloud.stats();
}

describe("a client that has shaken hands and can ask", () => {
  test("is asked with one boolean, no default and the whole arguments; yes lets the run go on", async () => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const id = host.sendCall(
      "seren_dispatch",
      { prompt: WAITS, ...wait },
      { _meta: { "agent-session-id": "x-1", progressToken: "p" } },
    );
    const { id: question, params } = await host.asked();
    expect(params).toMatchObject({
      mode: "form",
      requestedSchema: { type: "object", required: ["approve"] },
      _meta: { "agent-session-id": "x-1" },
    });
    expect(params._meta).toEqual({ "agent-session-id": "x-1" });
    for (const part of ["deploy_prod", "ship it", '"env": "prod-77"', '"note": "line one\\nline two"']) {
      expect(params.message).toContain(part);
    }
    expect(JSON.stringify(params.requestedSchema)).not.toContain("default");
    host.answer(question, { action: "accept", content: { approve: true } });
    const { result } = await host.replyTo(id, "tools/call");
    expect(result?.structuredContent).toMatchObject({ status: "completed", answer: "I need to deploy. Deployed." });
  });

  test("no rejects", async () => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const id = host.sendCall("seren_dispatch", { prompt: WAITS, ...wait });
    host.answer((await host.asked()).id, { action: "accept", content: { approve: false } });
    const { result } = await host.replyTo(id, "tools/call");
    expect(result?.structuredContent).toMatchObject({ status: "blocked" });
  });

  test.each([
    ["decline", { action: "decline" }],
    ["decline with a yes", { action: "decline", content: { approve: true } }],
    ["cancel", { action: "cancel" }],
    ["an empty acceptance", { action: "accept" }],
    ["an acceptance without the value", { action: "accept", content: {} }],
    ["a text", { action: "accept", content: { approve: "true" } }],
    ["a number", { action: "accept", content: { approve: 1 } }],
    ["another action", { action: "approve", content: { approve: true } }],
    ["no object", "yes"],
    ["nothing", null],
  ])("%s decides nothing, names the command, and is not asked again", async (_, answer) => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const id = host.sendCall("seren_dispatch", { prompt: WAITS, wait_seconds: 3 });
    host.answer((await host.asked()).id, answer);
    const state = (await host.replyTo(id, "tools/call")).result?.structuredContent as Json;
    const { runId } = await server.run(0);
    expect(state).toMatchObject({
      status: "awaiting_approval",
      approvals: [{ tool: "deploy_prod", reason: "ship it" }],
    });
    expect(state.next).toContain(`seren-bridge approvals approve ${runId}`);
    expect(state.next).toContain("reject");
    await host.state("seren_run_status", { run_id: runId, wait_seconds: 2 });
    expect(host.questions).toHaveLength(1);
    expect(await statusOf(server)).toMatchObject({ runsActive: [runId], createsReceived: 1 });
  });

  test("an error in place of an answer decides nothing", async () => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const id = host.sendCall("seren_dispatch", { prompt: WAITS, wait_seconds: 3 });
    host.refuse((await host.asked()).id, { code: -32601, message: "no such method" });
    const { result } = await host.replyTo(id, "tools/call");
    expect(result?.structuredContent).toMatchObject({ status: "awaiting_approval" });
  });

  test("answers to questions that were never asked decide nothing", async () => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const id = host.sendCall("seren_dispatch", { prompt: WAITS, wait_seconds: 3 });
    const { id: question } = await host.asked();
    for (const other of ["s99", "s0", 1, question.toString().toUpperCase()]) {
      host.answer(other, { action: "accept", content: { approve: true } });
    }
    const { result } = await host.replyTo(id, "tools/call");
    expect(result?.structuredContent).toMatchObject({ status: "awaiting_approval" });
  });

  test("a cancelled call takes its question back, and the run of a look goes on waiting", async () => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const { run_id } = await host.state("seren_dispatch", { prompt: WAITS });
    const id = host.sendCall("seren_run_status", { run_id, ...wait });
    const { id: question } = await host.asked();
    host.notify("notifications/cancelled", { requestId: id });
    await host.child.find((one) => one.kind === "notification" && one.params.requestId === question);
    host.answer(question, { action: "accept", content: { approve: true } });
    expect(await host.state("seren_run_status", { run_id })).toMatchObject({ status: "awaiting_approval" });
  });

  test.each([
    ["arguments that are too long to be shown whole", { approve: "t", args: { a: "word ".repeat(600) } }],
    ["characters that do not show", { approve: "t", args: { a: "x\u202ey" } }],
  ])("%s are not asked about", async (_, step) => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env }, ASKING);
    const state = await host.state("seren_dispatch", { prompt: script(step), wait_seconds: 3 });
    expect(state).toMatchObject({ status: "awaiting_approval" });
    expect(host.questions).toEqual([]);
  });
});

describe("nobody is asked", () => {
  test("a second look waits for the decision instead of telling the same again", async () => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: server.env });
    const { run_id } = await host.state("seren_dispatch", { prompt: WAITS, ...wait });
    const look = host.sendCall("seren_run_status", { run_id, ...wait });
    const unhurried = host.sendCall("seren_run_status", { run_id });
    expect((await host.replyTo(unhurried, "tools/call")).result?.structuredContent).toMatchObject({
      status: "awaiting_approval",
    });
    await decide(server, `${run_id}`, "approve");
    const { result } = await host.replyTo(look, "tools/call");
    expect(result?.structuredContent).toMatchObject({ status: "completed" });
  });

  test.each([
    ["without the capability", {}, { capabilities: {} }],
    ["with addresses only", {}, { capabilities: { elicitation: { url: {} } } }],
    ["in a revision without it", {}, { ...ASKING, revision: "2025-03-26" }],
    ["when it is turned off", { SEREN_BRIDGE_APPROVALS: "terminal" }, ASKING],
  ])("%s", async (_, more, handshake) => {
    const server = await startCloud();
    const host = await McpHost.initialized({ env: { ...server.env, ...more } }, handshake);
    const state = await host.state("seren_dispatch", { prompt: WAITS, wait_seconds: 3 });
    expect(state).toMatchObject({ status: "awaiting_approval" });
    expect(host.questions).toEqual([]);
  });

  test("before the client says that it is ready, and by a look that does not wait", async () => {
    const server = await startCloud();
    const host = new McpHost({ env: server.env });
    await host.initialize("2025-11-25", ASKING.capabilities);
    const { run_id } = await host.state("seren_dispatch", { prompt: WAITS, wait_seconds: 3 });
    host.notify("notifications/initialized");
    await host.state("seren_run_status", { run_id });
    expect(host.questions).toEqual([]);
  });
});

describe("a client whose calls stand for themselves", () => {
  const _meta = envelope({ elicitation: { form: {} } });
  type Asked = { inputRequests: Record<string, { params: { message: string } }>; requestState: string };
  const args = { prompt: WAITS, ...wait };

  async function asked(env: Cloud["env"]) {
    const host = new McpHost({ env });
    const result = (await host.result("tools/call", {
      name: "seren_dispatch",
      arguments: args,
      _meta,
    })) as unknown as Asked;
    const [key = ""] = Object.keys(result.inputRequests);
    const repeat = (more: object, other: object = args, name = "seren_dispatch") =>
      host.ask("tools/call", { name, arguments: other, _meta, ...more });
    return { host, result, key, repeat };
  }

  test.each([
    [true, "completed"],
    [false, "blocked"],
  ])(
    "is answered with input_required and repeats its call; %s: %s, in one run, without a request from us",
    async (approve, status) => {
      const server = await startCloud();
      const { host, result, key, repeat } = await asked(server.env);
      expect(result.inputRequests[key]?.params.message).toContain('"env": "prod-77"');
      const { requestState } = result;
      const response = { requestState, inputResponses: { [key]: { action: "accept", content: { approve } } } };
      const [last, replayed] = await Promise.all([repeat(response), repeat(response)]);
      expect(last.result?.structuredContent).toMatchObject({ status });
      expect(replayed.result?.structuredContent).toMatchObject({ status });
      expect(host.questions).toEqual([]);
      expect(server.cloud.stats()).toMatchObject({ runsStarted: 1 });
    },
  );

  test("a forged, foreign or missing state is refused, decides nothing and starts nothing", async () => {
    const server = await startCloud();
    const [first, second] = [await asked(server.env), await asked(server.env)];
    const [body = "", seal = ""] = first.result.requestState.split(".");
    const changed = Buffer.from(
      Buffer.from(body, "base64url")
        .toString()
        .replace(/"until":\d/, '"until":9'),
    ).toString("base64url");
    const yes = { [first.key]: { action: "accept", content: { approve: true } } };
    for (const requestState of [
      `${changed}.${seal}`,
      body,
      `${body}.`,
      `.${seal}`,
      "",
      `${body}.${seal}.x`,
      "x".repeat(10_000),
      second.result.requestState,
      undefined,
    ]) {
      const { error } = await first.repeat({ requestState, inputResponses: yes });
      expect(error?.code, requestState).toBe(-32602);
    }
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 2, createsReceived: 2 });
    expect(server.cloud.stats().runsActive).toHaveLength(2);
  });

  test.each([
    ["no answer", undefined],
    ["a refusal to answer", { action: "decline", content: { approve: true } }],
    ["an answer of another shape", { action: "accept", content: { approve: "yes" } }],
  ])("%s decides nothing and is not asked again", async (_, answer) => {
    const server = await startCloud();
    const { result, key, repeat } = await asked(server.env);
    const inputResponses = answer === undefined ? {} : { [key]: answer };
    const { result: state } = await repeat(
      { requestState: result.requestState, inputResponses },
      { ...args, wait_seconds: 2 },
    );
    expect(state).toMatchObject({ resultType: "complete", structuredContent: { status: "awaiting_approval" } });
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 1, createsReceived: 1 });
  });

  test("without the capability nothing is asked", async () => {
    const server = await startCloud();
    const host = new McpHost({ env: server.env });
    const { result } = await host.ask("tools/call", {
      name: "seren_dispatch",
      arguments: { ...args, wait_seconds: 3 },
      _meta: envelope(),
    });
    expect(result).toMatchObject({ resultType: "complete", structuredContent: { status: "awaiting_approval" } });
  });
});
