/** The ACP agent through the built file: handshake, key, sessions, turns. Questions, cancels and ends: `acp-*.test.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SessionUpdate } from "#protocols/acp";
import { AcpHost, text, WHERE } from "../support/child-process/acp-host.ts";
import { API_KEY, CLEAN_EXIT, RELEASE_PROGRAM, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { PROMPTS } from "../support/prompts.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ends = (stopReason: string) => ({ result: { stopReason } });

describe("initialize", () => {
  test.each([0, 1, 2, 99])("answers version %i with 1", async (protocolVersion) => {
    const host = new AcpHost({ env: {} });
    expect(await host.result("initialize", { protocolVersion })).toMatchObject({ protocolVersion: 1 });
    expect(await host.end()).toEqual(CLEAN_EXIT);
  });

  test.each([[{}], [{ protocolVersion: "1" }], [{ protocolVersion: 1.5 }], [{ protocolVersion: -1 }]])(
    "%j is refused, and so is all else before it",
    async (params) => {
      const host = new AcpHost();
      expect((await host.ask("initialize", params)).error?.code).toBe(-32602);
      for (const [method, asked] of [
        ["session/new", WHERE],
        ["authenticate", { methodId: "seren-key" }],
        ["session/prompt", { sessionId: "x", prompt: [] }],
      ] as const) {
        expect((await host.ask(method, asked)).error?.code, method).toBe(-32600);
      }
      await host.result("initialize", { protocolVersion: 1 });
      expect(await host.session()).toMatch(UUID);
    },
  );

  test("is answered before the program is loaded as the program answers it, in both builds", async () => {
    const params = { protocolVersion: 1, clientCapabilities: { auth: { terminal: true }, fs: { readTextFile: true } } };
    for (const more of [{}, { program: RELEASE_PROGRAM }]) {
      const host = new AcpHost({ env: {}, ...more });
      expect(await host.result("initialize", params)).toEqual(await host.result("initialize", params));
    }
  });

  test("capabilities say what is there", async () => {
    const host = new AcpHost({ env: {} });
    expect((await host.result("initialize", { protocolVersion: 1 })).agentCapabilities).toEqual({
      loadSession: false,
      promptCapabilities: { image: false, audio: false, embeddedContext: true },
      mcpCapabilities: { http: false, sse: false },
      sessionCapabilities: { resume: {}, close: {} },
    });
  });

  test.each([
    [{ auth: { terminal: true } }, ["seren-key", "seren-login"]],
    [{ auth: { terminal: false } }, ["seren-key"]],
    [{ auth: { terminal: "true" } }, ["seren-key"]],
    [{ auth: null, terminal: true }, ["seren-key"]],
    ["none", ["seren-key"]],
    [undefined, ["seren-key"]],
  ])("a client with the capabilities %j is offered %j", async (clientCapabilities, ids) => {
    const host = new AcpHost({ env: {} });
    const { authMethods } = await host.result("initialize", { protocolVersion: 1, clientCapabilities });
    expect((authMethods as { id: string }[]).map(({ id }) => id)).toEqual(ids);
    if (ids.length > 1)
      expect(authMethods).toMatchObject([{ id: "seren-key" }, { type: "terminal", args: ["--login"] }]);
  });

  test("methods that are not offered do not exist; notifications of others are ignored", async () => {
    const { host, sessionId } = await AcpHost.inSession();
    for (const method of ["session/load", "session/list", "session/set_mode", "logout", "_example", "initialized"]) {
      host.notify(method, { sessionId });
      expect((await host.ask(method, { sessionId })).error?.code, method).toBe(-32601);
    }
  });
});

describe("the key", () => {
  test("without one, a session and authenticate are refused with the command that stores one", async () => {
    const host = await AcpHost.initialized({ env: {} });
    for (const [method, params] of [
      ["session/new", WHERE],
      ["session/resume", { ...WHERE, sessionId: crypto.randomUUID() }],
      ["authenticate", { methodId: "seren-key" }],
    ] as const) {
      const { error } = await host.ask(method, params);
      expect(error?.code, method).toBe(-32000);
      expect(error?.message).toContain("seren-bridge login");
    }
    expect((await host.ask("authenticate", { methodId: "seren-login" })).error?.code).toBe(-32602);
    expect((await host.ask("authenticate", { methodId: "x" })).error?.code).toBe(-32602);
  });

  test("one that is stored meanwhile is found, also after the service has refused another", async () => {
    const { env } = await startCloud();
    const home = scratchFolder();
    const store = (api_key: string) => {
      mkdirSync(join(home, "seren-bridge"), { recursive: true, mode: 0o700 });
      const stored = JSON.stringify({ api_key, service: env.SEREN_API_BASE });
      writeFileSync(join(home, "seren-bridge", "credentials.json"), stored, { mode: 0o600 });
    };
    const host = await AcpHost.initialized({ env: { SEREN_API_BASE: env.SEREN_API_BASE, XDG_CONFIG_HOME: home } });
    expect((await host.ask("authenticate", { methodId: "seren-key" })).error?.code).toBe(-32000);
    store("a-key-of-another-time");
    expect(await host.result("authenticate", { methodId: "seren-key" })).toEqual({});
    const sessionId = await host.session();
    const refused = await host.prompt(sessionId, "hello");
    expect(refused.error?.code).toBe(-32000);
    expect(refused.error?.message).toContain("seren-bridge login");
    store(API_KEY);
    expect(await host.prompt(sessionId, "hello")).toMatchObject(ends("end_turn"));
  });

  test.skipIf(!HAVE_PTY).each([[["acp", "--login"]], [["--login"]]])("%j asks for it in a terminal", async (args) => {
    const { env } = await startCloud();
    const home = scratchFolder();
    const pty = startPty({ SEREN_API_BASE: env.SEREN_API_BASE, XDG_CONFIG_HOME: home }, args);
    await pty.sees("Seren API key");
    pty.type(`${API_KEY}\r`);
    expect(await pty.ended).toBe(0);
    const host = await AcpHost.initialized({ env: { SEREN_API_BASE: env.SEREN_API_BASE, XDG_CONFIG_HOME: home } });
    expect(await host.prompt(await host.session(), "hello")).toMatchObject(ends("end_turn"));
  });
});

describe("sessions", () => {
  test("creating some sends nothing to the service; their ids are UUIDs and differ", async () => {
    const { env, cloud } = await startCloud();
    const host = await AcpHost.initialized({ env });
    const ids = await Promise.all(Array.from({ length: 16 }, () => host.session()));
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(16);
    expect(cloud.stats()).toMatchObject({ createsReceived: 0, deploymentsCreated: 0 });
  });

  test("two turns share the conversation, which is the session; another process resumes it", async () => {
    const { env, run } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    await host.prompt(sessionId, "one");
    await host.prompt(sessionId, "two");
    expect(host.said(sessionId)).toContain("Earlier turns in this conversation: 1.");
    await host.end();
    const other = await AcpHost.initialized({ env });
    expect(await other.result("session/resume", { ...WHERE, sessionId })).toEqual({ configOptions: [] });
    expect(other.updates(sessionId)).toEqual([]);
    await other.prompt(sessionId, "three");
    expect(other.said(sessionId)).toContain("Earlier turns in this conversation: 2.");
    const payloads = await Promise.all([0, 1, 2].map(async (index) => (await run(index)).payload));
    expect(payloads.map(({ conversation_id }) => conversation_id)).toEqual([sessionId, sessionId, sessionId]);
  });

  test.each(["", "x", "../../etc/passwd", "session-1", `${crypto.randomUUID()}\n`])(
    "the foreign id %j cannot be resumed, nor prompted",
    async (sessionId) => {
      const host = await AcpHost.initialized();
      expect((await host.ask("session/resume", { ...WHERE, sessionId })).error?.code).toBe(-32602);
      expect((await host.ask("session/prompt", { sessionId, prompt: text("hi") })).error?.code).toBe(-32002);
      expect((await host.ask("session/close", { sessionId })).error?.code).toBe(-32002);
    },
  );

  test("closing one cancels its turn first, and a later prompt is refused", async () => {
    const { env, cloud, run } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const id = host.sendPrompt(sessionId, script({ text: "begun" }, { hang: true }));
    await host.heard(sessionId, "begun");
    expect(await host.result("session/close", { sessionId })).toEqual({});
    expect(await host.ended(id)).toMatchObject(ends("cancelled"));
    expect(await (await run(0)).ended).toBe("cancelled");
    expect((await host.prompt(sessionId, "hello")).error?.code).toBe(-32002);
    expect(cloud.stats().createsReceived).toBe(1);
  });

  test("one turn at a time: the second is refused, and the first goes on", async () => {
    const { env, cloud } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const first = host.sendPrompt(sessionId, script({ sleep_ms: 500 }, { text: "done" }));
    const second = await host.prompt(sessionId, "and this?");
    expect(second.error?.code).toBe(-32600);
    expect(second.error?.message).toContain("turn in progress");
    expect(await host.ended(first)).toMatchObject(ends("end_turn"));
    expect(host.said(sessionId)).toBe("done");
    expect(cloud.stats().createsReceived).toBe(1);
    expect(await host.prompt(sessionId, "and now?")).toMatchObject(ends("end_turn"));
  });

  test("sixteen at once, one of them noisy, each with its own words", async () => {
    const { env } = await startCloud();
    const host = await AcpHost.initialized({ env });
    const noisy = await host.session();
    const noise = host.sendPrompt(noisy, script({ text: `${"x".repeat(999)}\n`, n: 3000 }, { hang: true }));
    const sessions = await Promise.all(Array.from({ length: 15 }, () => host.session()));
    const turns = await Promise.all(sessions.map((id, at) => host.prompt(id, script({ text: `I am ${at}` }))));
    for (const turn of turns) expect(turn).toMatchObject(ends("end_turn"));
    expect(sessions.map((id) => host.said(id))).toEqual(sessions.map((_, at) => `I am ${at}`));
    host.cancel(noisy);
    expect(await host.ended(noise)).toMatchObject(ends("cancelled"));
  });
});

describe("the option agent", () => {
  test("is there when there is a choice; its whole list comes back, and a turn goes where it says", async () => {
    const { env, run } = await startCloud();
    const stateDir = scratchFolder();
    const agents = [{ name: "seren-reviewer", description: "Reviews.", deploymentId: crypto.randomUUID() }];
    const base = `${env.SEREN_API_BASE}/publishers/seren-cloud`;
    writeFileSync(join(stateDir, "agents.json"), JSON.stringify({ v: 1, base, agents }));
    const host = await AcpHost.initialized({ env: { ...env, SEREN_BRIDGE_STATE_DIR: stateDir } });
    const { sessionId, configOptions } = await host.result("session/new", WHERE);
    expect(configOptions).toMatchObject([
      {
        id: "agent",
        type: "select",
        category: "_seren_agent",
        currentValue: "seren-agent",
        options: [{ value: "seren-agent" }, { value: "seren-reviewer", description: "Reviews." }],
      },
    ]);
    const set = (configId: string, value: unknown) =>
      host.ask("session/set_config_option", { sessionId, configId, value });
    for (const [id, value] of [
      ["agent", "seren-other"],
      ["agent", true],
      ["agent", null],
      ["model", "seren-agent"],
    ] as const) {
      expect((await set(id, value)).error?.code, `${id} ${value}`).toBe(-32602);
    }
    const { result } = await set("agent", "seren-reviewer");
    expect(result).toMatchObject({ configOptions: [{ currentValue: "seren-reviewer", options: [{}, {}] }] });
    // The deployment does not exist: the turn fails, and nothing else gets the message.
    expect((await host.prompt(`${sessionId}`, "hello")).error?.message).toContain("seren-reviewer");
    await set("agent", "seren-agent");
    await host.prompt(`${sessionId}`, "hello");
    expect((await run(0)).payload.message).toContain("hello");
  });
});

describe("a turn", () => {
  test("is one run, streamed under one message id; the text equals the record, and the answer names the run", async () => {
    const { env, cloud, run } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const words = "A line — mit Umlauten äöü, 漢字 and 👩‍👩‍👧.\n";
    const { result } = await host.prompt(sessionId, script({ text: words, n: 50, every_ms: 1 }));
    const { runId } = await run(0);
    expect(result).toMatchObject({ stopReason: "end_turn", _meta: { "seren-bridge/run": { runId } } });
    expect(host.said(sessionId)).toBe(words.repeat(50));
    const ids = host.updates(sessionId).map((update) => "messageId" in update && update.messageId);
    expect(new Set(ids).size).toBe(1);
    expect(cloud.stats().createsReceived).toBe(1);
  });

  test.each(Object.entries(PROMPTS))("gets %s as it was written", async (_, prompt) => {
    const { env, run } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    expect(await host.prompt(sessionId, prompt)).toMatchObject(ends("end_turn"));
    expect((await run(0)).payload.message).toBe(prompt);
  });

  test("thoughts, calls and results keep their order, have ids of their own, and are not in the message", async () => {
    const { env } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const steps = script(
      { think: "hm" },
      { tool: "grep_files", args: { pattern: "TODO" }, result: "3 hits" },
      { tool: "Bash", args: { command: `ls ${"x".repeat(200)}` }, result: "y".repeat(30_000), error: true },
      { tool: "pay", args: "not an object", result: "" },
      { text: "Three." },
    );
    await host.prompt(sessionId, steps);
    await host.prompt(sessionId, steps);
    const kinds = host.updates(sessionId).map(({ sessionUpdate }) => sessionUpdate);
    const one = [
      "agent_thought_chunk",
      ...Array.from({ length: 3 }, () => ["tool_call", "tool_call_update"]).flat(),
      "agent_message_chunk",
    ];
    expect(kinds).toEqual([...one, ...one]);
    expect(host.said(sessionId)).toBe("Three.Three.");
    const calls = host.updates(sessionId).filter(({ sessionUpdate }) => sessionUpdate === "tool_call");
    const updates = host.updates(sessionId).filter(({ sessionUpdate }) => sessionUpdate === "tool_call_update");
    const idOf = (update: SessionUpdate) => ("toolCallId" in update ? update.toolCallId : "");
    expect(new Set(calls.map(idOf)).size).toBe(6);
    expect(updates.map(idOf)).toEqual(calls.map(idOf));
    expect(calls).toMatchObject([
      { title: "grep_files TODO", kind: "search", status: "in_progress", rawInput: { pattern: "TODO" } },
      { title: `Bash ls ${"x".repeat(71)}…`, kind: "execute" },
      { title: "pay", kind: "other", content: [{ content: { text: "not an object" } }] },
      ...calls.slice(3),
    ]);
    expect(updates).toMatchObject([
      { status: "completed", content: [{ type: "content", content: { type: "text", text: "3 hits" } }] },
      { status: "failed" },
      { status: "completed" },
      ...updates.slice(3),
    ]);
    const [, long] = updates;
    const shown = long && "content" in long && Array.isArray(long.content) ? JSON.stringify(long.content) : "";
    expect(shown.length).toBeLessThan(20_100);
  });

  test("links and embedded text reach the agent; nothing of the client's machine does", async () => {
    const { env, run } = await startCloud();
    const host = await AcpHost.initialized({ env });
    const mcpServers = [{ name: "db", command: "/bin/db", args: [], env: [{ name: "TOKEN", value: "tok-4711" }] }];
    const where = { cwd: "/home/of/the/client", additionalDirectories: ["/another/folder"], mcpServers };
    const { sessionId } = await host.result("session/new", where);
    const prompt = [
      ...text("Look at"),
      { type: "resource_link", name: "notes.md", uri: "file:///work/notes.md", mimeType: "text/markdown" },
      { type: "resource", resource: { uri: "file:///work/a.ts", text: "const fence = '```';\n" } },
    ];
    expect(await host.ask("session/prompt", { sessionId, prompt })).toMatchObject(ends("end_turn"));
    const { payload } = await run(0);
    expect(payload.message).toBe(
      "Look at\n[notes.md](file:///work/notes.md)\nfile:///work/a.ts\n````\nconst fence = '```';\n````",
    );
    for (const theirs of ["/home/of/the/client", "/another/folder", "tok-4711", "/bin/db"]) {
      expect(JSON.stringify(payload)).not.toContain(theirs);
      expect(host.child.stderr).not.toContain(theirs);
    }
  });

  test.each([
    ["no blocks", []],
    ["blank text", text(" \n ")],
    ["an image", [{ type: "image", data: "AA==", mimeType: "image/png" }]],
    ["audio", [...text("and"), { type: "audio", data: "AA==", mimeType: "audio/wav" }]],
    ["bytes", [{ type: "resource", resource: { uri: "file:///a", blob: "AA==" } }]],
    ["an unknown block", [{ type: "video" }]],
    ["a text", "hello"],
    ["nothing", undefined],
  ])("%s is refused, and nothing is sent", async (_, prompt) => {
    const { env, cloud } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    expect((await host.ask("session/prompt", { sessionId, prompt })).error?.code).toBe(-32602);
    expect(cloud.stats().createsReceived).toBe(0);
  });

  test("a run that fails is an error with its reason; what it said stays, open calls end, and the session goes on", async () => {
    const { env } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const failed = await host.prompt(
      sessionId,
      script(
        { text: "I began. " },
        { raw: { type: "tool_call", id: "c1", name: "deploy", arguments: "{}" } },
        { fail: "the disk is full" },
      ),
    );
    expect(failed.error).toMatchObject({ code: -32603 });
    expect(failed.error?.message).toContain("the disk is full");
    expect(host.said(sessionId)).toBe("I began. ");
    expect(host.updates(sessionId).at(-1)).toMatchObject({ sessionUpdate: "tool_call_update", status: "failed" });
    expect(await host.prompt(sessionId, "hello")).toMatchObject(ends("end_turn"));
  });

  test.each([
    ["max_iterations", "completed", "max_turn_requests"],
    ["max_tokens", "completed", "max_tokens"],
    ["refusal", "completed", "refusal"],
    ["content_filter", "completed", "end_turn"],
    ["max_iterations", "failed", "max_turn_requests"],
    ["stop", "completed", "end_turn"],
  ])("the reason %s of a run that %s is %s", async (stop_reason, status, stopReason) => {
    const { env } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    expect(await host.prompt(sessionId, script({ text: "so far" }, { status, stop_reason }))).toMatchObject(
      ends(stopReason),
    );
  });

  test("an artifact is a card: a link where the address is open, and no address that carries its own permission", async () => {
    const { env } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const signed = "https://files.example.com/b?X-Amz-Signature=abcdef0123456789";
    await host.prompt(
      sessionId,
      script(
        { artifact: { id: "a", kind: "file", title: "Report", url: "https://files.example.com/a" } },
        { artifact: { id: "b", kind: "file", title: "Signed", url: signed } },
        { text: "See there." },
      ),
    );
    const cards = host.updates(sessionId).filter(({ sessionUpdate }) => sessionUpdate === "tool_call");
    expect(cards).toHaveLength(2);
    expect(cards).toMatchObject([
      { status: "completed", content: [{ content: { type: "resource_link", uri: "https://files.example.com/a" } }] },
      { status: "completed", content: [{ content: { type: "text" } }] },
    ]);
    expect(JSON.stringify(cards)).not.toContain("Amz");
  });

  test("words of this program are thoughts: a slow start is said once, and a stream that was cut is joined", async () => {
    const { env, cloud } = await startCloud({ faults: { rules: [{ kind: "delay", where: "deploy", ms: 4_000 }] } });
    const { host, sessionId } = await AcpHost.inSession({ env });
    await host.prompt(sessionId, "hello");
    expect(host.thoughts(sessionId).match(/building the deployment/g)).toHaveLength(1);
    expect(host.said(sessionId)).not.toContain("building");
    expect(cloud.stats().createsReceived).toBe(1);
  });
});
