/** The MCP server through the built file: eras, tools, waits, cancels. `mcp-approvals.test.ts` has the questions to a person. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test, vi } from "vitest";
import { CLEAN_EXIT, RELEASE_PROGRAM, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const toolsOf = (result: Json) => result.tools as Json[];

describe("the handshake", () => {
  test.each(["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])(
    "answers revision %s with itself",
    async (asked) => {
      const host = new McpHost({ env: {} });
      expect(await host.initialize(asked)).toMatchObject({
        protocolVersion: asked,
        serverInfo: { name: "seren-bridge" },
      });
      expect((await host.ask("ping")).result).toEqual({});
      const [tool] = toolsOf(await host.result("tools/list"));
      expect([tool?.annotations, tool?.outputSchema, tool?.title].map((member) => member !== undefined)).toEqual([
        asked >= "2025-03-26",
        asked >= "2025-06-18",
        asked >= "2025-06-18",
      ]);
      expect(await host.end()).toEqual(CLEAN_EXIT);
    },
  );

  test.each(["2099-01-01", "", "draft"])("answers the unknown revision %j with the newest", async (asked) => {
    const host = new McpHost({ env: {} });
    expect(await host.initialize(asked)).toMatchObject({ protocolVersion: "2025-11-25" });
  });

  test("a revision that is no text is refused, and a call before it as well", async () => {
    const host = new McpHost({ env: {} });
    expect((await host.ask("initialize", { protocolVersion: 5 })).error?.code).toBe(-32602);
    expect((await host.ask("tools/list")).error).toMatchObject({ code: -32602 });
    expect((await host.ask("tools/call", { name: "seren_agents" })).error?.message).toContain("initialize");
  });

  test("what is answered before the program is loaded is what the program answers", async () => {
    for (const program of [undefined, RELEASE_PROGRAM]) {
      const host = new McpHost({ env: {}, ...(program ? { program } : {}) });
      const first = await host.initialize("2025-06-18");
      expect(await host.initialize("2025-06-18")).toEqual(first);
      const probe = { _meta: envelope() };
      const other = new McpHost({ env: {}, ...(program ? { program } : {}) });
      expect(await other.result("server/discover", probe)).toEqual(await host.result("server/discover", probe));
    }
  });
});

describe("requests that stand for themselves", () => {
  test("are served after a probe, and a handshake still works in the same process", async () => {
    const { env } = await startCloud();
    const host = new McpHost({ env });
    const _meta = envelope();
    expect(await host.result("server/discover", { _meta })).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      cacheScope: "public",
    });
    expect(toolsOf(await host.result("tools/list", { _meta }))).toHaveLength(4);
    await host.initialize();
    expect(toolsOf(await host.result("tools/list"))).toHaveLength(4);
    const { structuredContent } = await host.call("seren_dispatch", { prompt: "hello", wait_seconds: 20 }, { _meta });
    expect(structuredContent).toMatchObject({ status: "completed" });
    expect((await host.ask("ping", { _meta })).error?.code).toBe(-32601);
  });

  test.each([
    ["an unknown revision", envelope({}, "2027-01-01"), -32022],
    ["a revision that shakes hands", envelope({}, "2025-11-25"), -32022],
    ["no capabilities", { ...envelope(), "io.modelcontextprotocol/clientCapabilities": undefined }, -32602],
    ["no revision", { ...envelope(), "io.modelcontextprotocol/protocolVersion": undefined }, -32602],
    ["a revision that is no text", { ...envelope(), "io.modelcontextprotocol/protocolVersion": 7 }, -32602],
  ])("%s is refused", async (_, meta, code) => {
    const host = new McpHost({ env: {} });
    for (const method of ["server/discover", "tools/list", "tools/call"]) {
      const { error } = await host.ask(method, { _meta: meta, name: "seren_agents" });
      expect(error?.code, method).toBe(code);
      if (code === -32022) expect(error?.data).toMatchObject({ supported: ["2026-07-28"] });
    }
    await host.initialize();
    expect((await host.call("seren_agents")).isError).toBe(false);
  });
});

describe("the list of tools", () => {
  test("four tools in a fixed order, with valid schemas, hints and short texts, the same in both eras", async () => {
    const host = await McpHost.initialized({ env: {} });
    const tools = toolsOf(await host.result("tools/list"));
    const plain = tools.map(({ execution: _, ...tool }) => tool); // tasks are of one revision
    expect(toolsOf(await host.result("tools/list", { _meta: envelope() }))).toEqual(plain);
    const hints = (...values: boolean[]) => ({
      readOnlyHint: values[0],
      destructiveHint: values[1],
      idempotentHint: values[2],
      openWorldHint: values[3],
    });
    expect(tools.map(({ name, annotations }) => [name, annotations])).toEqual([
      ["seren_agents", hints(true, false, true, false)],
      ["seren_dispatch", hints(false, true, false, true)],
      ["seren_run_status", hints(true, false, true, true)],
      ["seren_run_cancel", hints(false, true, true, true)],
    ]);
    const ajv = new Ajv2020({ strict: true });
    for (const { name, description, inputSchema, outputSchema } of tools) {
      for (const schema of [inputSchema, outputSchema]) {
        ajv.compile(schema as object);
        expect(JSON.stringify(schema)).not.toMatch(/\$ref|\$defs/);
      }
      expect(`${description}`.length).toBeLessThan(2048);
      expect(`${name} ${JSON.stringify((inputSchema as Json).properties)}`).not.toMatch(/"approv|"decid|"allow/i);
    }
  });

  test("nothing is sent to Seren Cloud that writes before a run is asked for", async () => {
    const { cloud, env } = await startCloud();
    const host = await McpHost.initialized({ env });
    await host.result("tools/list");
    await host.call("seren_agents");
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({
      createsReceived: 0,
      runsStarted: 0,
      deploymentsCreated: 0,
      cancelsReceived: 0,
    });
  });

  test("without a key tools are listed, and a start says what a person has to do", async () => {
    const host = await McpHost.initialized({ env: {} });
    const { isError, content, structuredContent } = await host.call("seren_dispatch", { prompt: "hello" });
    expect([isError, structuredContent]).toEqual([true, undefined]);
    expect(content[0]?.text).toMatch(/SEREN_API_KEY/);
    expect(content[0]?.text).toMatch(/seren-bridge login/);
    expect(content[0]?.text).toMatch(/a person has to do this/);
  });
});

describe("a run", () => {
  async function validator(host: McpHost) {
    const tools = toolsOf(await host.result("tools/list"));
    const schema = tools.find(({ name }) => name === "seren_run_status")?.outputSchema;
    return new Ajv2020({ strict: true }).compile(schema as object);
  }

  test("start, wait, result: the text by cursor equals the record, and both forms say everything", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await McpHost.initialized({ env });
    const fits = await validator(host);
    const prompt = script(
      { text: 'Grüße 🎉 "q"\n', n: 40, every_ms: 5 },
      { tool: "grep", result: "3" },
      { artifact: { id: "a1", kind: "file", title: "notes.md", url: "https://files.example/a1" } },
      { text: "done" },
    );
    const started = await host.state("seren_dispatch", { prompt });
    expect(fits(started), JSON.stringify(fits.errors)).toBe(true);
    const { runId } = await run(0);
    expect(started.run_id).toBe(runId);
    let text = "";
    for (let cursor = 0; ; ) {
      const { structuredContent, content } = await host.call("seren_run_status", {
        run_id: runId,
        cursor,
        wait_seconds: 5,
      });
      const state = structuredContent as Json;
      expect(fits(state), JSON.stringify(fits.errors)).toBe(true);
      text += state.text;
      cursor = state.cursor as number;
      if (state.status !== "completed") continue;
      expect(state.answer).toBe(text);
      const uri = `seren://runs/${runId}/artifacts/a1`;
      expect(state.artifacts).toEqual([{ id: "a1", kind: "file", title: "notes.md", mime_type: "text/markdown", uri }]);
      for (const said of [state.answer, state.next, "notes.md"]) expect(content[0]?.text).toContain(said);
      break;
    }
    expect(text).toBe(`${'Grüße 🎉 "q"\n'.repeat(40)}done`);
    expect(cloud.stats()).toMatchObject({ runsStarted: 1, createsReceived: 1 });
  });

  test("looks that do not wait lose and double nothing", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const started = await host.state("seren_dispatch", { prompt: script({ text: "word ", n: 200, every_ms: 5 }) });
    let [text, cursor, status] = ["", 0, ""];
    while (status !== "completed") {
      const state = await host.state("seren_run_status", { run_id: started.run_id, cursor });
      text += state.text;
      cursor = state.cursor as number;
      status = state.status as string;
    }
    expect(text).toBe("word ".repeat(200));
  });

  test("a result stays small, and what was cut is reached by the cursor", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const piece = `${'"\\\n'.repeat(300)}🎉`;
    const prompt = script({ text: piece, n: 60 }, { text: "end" });
    const { structuredContent: first } = await host.call("seren_dispatch", { prompt, wait_seconds: 20 });
    let state = first as Json;
    let text = state.text as string;
    while (text.length < piece.length * 60 + 3) {
      const result = await host.call("seren_run_status", { run_id: state.run_id, cursor: state.cursor });
      expect(JSON.stringify(result).length).toBeLessThan(32_000);
      state = result.structuredContent as Json;
      text += state.text;
    }
    expect(text).toBe(`${piece.repeat(60)}end`);
    expect(state).toMatchObject({ status: "completed", truncated: true });
    expect(state.next).toContain("seren-bridge runs show");
  });

  test.each([
    ["goes on", [{ hang: true }]],
    ["has ended", [{ text: "x".repeat(20_000) }]],
  ])("a piece of text that is longer than a result comes in parts, of a run that %s", async (_, then) => {
    const { env, run } = await startCloud();
    const host = await McpHost.initialized({ env });
    const long = `${"a".repeat(11_980)}${env.SEREN_API_KEY} ${"é🎉".repeat(9_000)}\n"end"`;
    await host.call("seren_dispatch", { prompt: script({ text: "first " }, { text: long }, ...then), wait_seconds: 1 });
    const { runId } = await run(0);
    const whole = `first ${long.replace(env.SEREN_API_KEY, "[redacted]")}`;
    let [text, cursor] = ["", 0];
    await vi.waitFor(async () => {
      const result = await host.call("seren_run_status", { run_id: runId, cursor });
      expect(JSON.stringify(result).length).toBeLessThan(32_000);
      const state = result.structuredContent as Json;
      text += state.text;
      cursor = state.cursor as number;
      expect(text.length).toBeGreaterThanOrEqual(whole.length);
    }, 20_000);
    expect(text.slice(0, whole.length)).toBe(whole);
  });

  test("a failed run is no error of the tool", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const { isError, structuredContent, content } = await host.call("seren_dispatch", {
      prompt: script({ text: "so far" }, { fail: "the disk is full" }),
      wait_seconds: 20,
    });
    expect(isError).toBe(false);
    expect(structuredContent).toMatchObject({ status: "failed", error: "the disk is full", answer: "so far" });
    expect(content[0]?.text).toContain("the disk is full");
  });

  test("a run that reaches its time limit has timed out", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    await host.call("seren_dispatch", { prompt: "hello", wait_seconds: 20 }); // deploys the agent, which takes its time
    const started = await host.state("seren_dispatch", { prompt: script({ hang: true }), timeout_seconds: 3 });
    const ended = await host.state("seren_run_status", { run_id: started.run_id, wait_seconds: 20 });
    expect(ended.status).toBe("timed_out");
  });

  test.each([
    [{}, "prompt"],
    [{ prompt: "  " }, "prompt"],
    [{ prompt: 5 }, "prompt"],
    [{ prompt: "p", approve: true }, "approve"],
    [{ prompt: "p", wait_seconds: 46 }, "wait_seconds"],
    [{ prompt: "p", timeout_seconds: 0 }, "timeout_seconds"],
    [{ prompt: "p", agent: "nobody" }, "seren-agent"],
    [{ prompt: "p", agent: "seren-agent", deployment_id: "d" }, "exclude each other"],
    ["text", "object"],
  ])("arguments that do not fit are named, and nothing is started: %j", async (args, named) => {
    const { cloud, env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const result = await host.call("seren_dispatch", args as object);
    expect([result.isError, result.structuredContent]).toEqual([true, undefined]);
    expect(result.content[0]?.text).toContain(named);
    expect(cloud.stats().createsReceived).toBe(0);
  });

  test("an unknown run is an error of the tool, an unknown tool one of the protocol", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    for (const name of ["seren_run_status", "seren_run_cancel"]) {
      expect(await host.call(name, { run_id: UNKNOWN })).toMatchObject({ isError: true });
      expect((await host.call(name, { run_id: "x" })).content[0]?.text).toContain("run_id");
    }
    expect((await host.ask("tools/call", { name: "nope" })).error?.code).toBe(-32602);
    expect((await host.ask("tools/call", {})).error?.code).toBe(-32602);
    expect((await host.ask("resources/subscribe")).error?.code).toBe(-32601);
  });

  test("a wait ends at its bound, also for a run that was started elsewhere; that one goes on", async () => {
    const { cloud, env, run } = await startCloud();
    const first = await McpHost.initialized({ env });
    const started = await first.state("seren_dispatch", {
      prompt: script({ text: "a" }, { hang: true }),
      wait_seconds: 1,
    });
    expect(started).toMatchObject({ status: "running", text: "a" });
    const second = await McpHost.initialized({ env });
    const look = { run_id: started.run_id, wait_seconds: 1 };
    expect(await second.state("seren_run_status", look)).toMatchObject({ status: "running", text: "a" });
    expect(await second.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({ runsActive: [started.run_id], cancelsReceived: 0 });
    expect(await first.end()).toEqual(CLEAN_EXIT);
    expect(await (await run(0)).ended).toBe("cancelled");
  });

  test("a wait for a run that was started elsewhere ends with it", async () => {
    const { env } = await startCloud();
    const first = await McpHost.initialized({ env });
    const started = await first.state("seren_dispatch", { prompt: script({ sleep_ms: 700 }, { text: "there" }) });
    const second = await McpHost.initialized({ env });
    expect(await second.state("seren_run_status", { run_id: started.run_id, wait_seconds: 40 })).toMatchObject({
      status: "completed",
      answer: "there",
    });
  });

  test("64 starts at once are 64 runs, created once each, and a ping is answered meanwhile", async () => {
    const { cloud, env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const ids = Array.from({ length: 64 }, (_, index) =>
      host.sendCall("seren_dispatch", { prompt: script({ text: `${index}` }, { hang: true }) }),
    );
    expect((await host.ask("ping")).result).toEqual({});
    const states = await Promise.all(
      ids.map(async (id) => (await host.replyTo(id, "tools/call")).result?.structuredContent as Json),
    );
    for (let rest = states.filter(({ status }) => status === "starting"); rest.length > 0; ) {
      const next = await Promise.all(
        rest.map(({ run_id }) => host.state("seren_run_status", { run_id, wait_seconds: 1 })),
      );
      rest = next.filter(({ status }) => status === "starting");
    }
    expect(cloud.stats()).toMatchObject({ runsStarted: 64, createsReceived: 64 });
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats().runsActive).toEqual([]);
  });
});

describe("progress", () => {
  test("comes only for a token, counts up, and ends before the answer", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    await host.call("seren_dispatch", { prompt: "hello", wait_seconds: 20 });
    expect(host.child.messages.filter(({ kind }) => kind === "notification")).toEqual([]);
    const prompt = script({ sleep_ms: 6_500 }, { text: "there" });
    const id = host.sendCall("seren_dispatch", { prompt, wait_seconds: 20 }, { _meta: { progressToken: "p" } });
    await host.replyTo(id, "tools/call");
    const said = host.progress("p");
    expect(said.map(({ progress }) => progress)).toEqual(said.map((_, index) => index + 1));
    expect(said.length).toBeGreaterThanOrEqual(3); // at the beginning, the phase, and one after 5 s
    const last = host.child.messages.findLastIndex(({ kind }) => kind === "notification");
    const answer = host.child.messages.findIndex((one) => one.kind === "result" && one.id === id);
    expect(last).toBeLessThan(answer);
    await host.call("seren_agents");
    expect(host.progress("p")).toEqual(said);
  });
});

describe("a cancelled call", () => {
  const cancel = (host: McpHost, requestId: unknown) =>
    host.notify("notifications/cancelled", { requestId, reason: "timeout" });

  test("a look leaves the run; no answer follows", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await McpHost.initialized({ env });
    const started = await host.state("seren_dispatch", { prompt: script({ text: "a" }, { hang: true }) });
    const id = host.sendCall(
      "seren_run_status",
      { run_id: started.run_id, wait_seconds: 45 },
      { _meta: { progressToken: "p" } },
    );
    await host.child.find((one) => one.kind === "notification");
    cancel(host, id);
    expect(await host.state("seren_run_status", { run_id: started.run_id })).toMatchObject({ status: "running" });
    expect(cloud.stats()).toMatchObject({ cancelsReceived: 0, runsActive: [started.run_id] });
    await host.state("seren_run_cancel", { run_id: started.run_id });
    expect(await (await run(0)).ended).toBe("cancelled");
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(host.child.messages.some((one) => "id" in one && one.id === id)).toBe(false);
  });

  test("a start takes its run with it, also before the service has answered", async () => {
    const { cloud, env, run } = await startCloud();
    const host = await McpHost.initialized({ env });
    const waiting = host.sendCall("seren_dispatch", { prompt: script({ hang: true }), wait_seconds: 45 });
    const { ended } = await run(0);
    cancel(host, waiting);
    expect(await ended).toBe("cancelled");
    const early = host.sendCall("seren_dispatch", { prompt: script({ hang: true }), wait_seconds: 45 });
    cancel(host, early);
    await host.call("seren_agents");
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats().runsActive).toEqual([]);
    for (const id of [waiting, early])
      expect(host.child.messages.some((one) => "id" in one && one.id === id)).toBe(false);
  });

  test("cancels that name nothing are ignored", async () => {
    const host = await McpHost.initialized({ env: {} });
    for (const id of [77, "x", null, {}, undefined]) cancel(host, id);
    host.child.send(
      '{"jsonrpc":"2.0","method":"notifications/cancelled"}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":[1]}',
    );
    expect((await host.call("seren_agents")).isError).toBe(false);
  });

  test("an ended run is not cancelled again, and says so", async () => {
    const { cloud, env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const ended = await host.state("seren_dispatch", { prompt: "hello", wait_seconds: 20 });
    const state = await host.state("seren_run_cancel", { run_id: ended.run_id });
    expect(state).toMatchObject({ status: "completed", next: expect.stringContaining("ended already") });
    expect(cloud.stats().cancelsReceived).toBe(0);
  });
});

describe("the end", () => {
  test.each(["eof", "SIGTERM", "EPIPE"])("by %s leaves no active run", async (way) => {
    const { cloud, env, run } = await startCloud();
    const host = await McpHost.initialized({ env });
    await host.state("seren_dispatch", { prompt: script({ hang: true }) });
    host.sendCall("seren_dispatch", { prompt: script({ hang: true }), wait_seconds: 45 });
    const ended = [await run(0), await run(1)].map((one) => one.ended);
    if (way === "SIGTERM") expect(await host.child.signal("SIGTERM")).toEqual(CLEAN_EXIT);
    else if (way === "eof") expect(await host.end()).toEqual(CLEAN_EXIT);
    else {
      host.child.closeStdout();
      for (let index = 0; index < 3; index += 1) host.send("ping");
      expect(await host.child.exited).toEqual(CLEAN_EXIT);
    }
    expect(await Promise.all(ended)).toEqual(["cancelled", "cancelled"]);
    expect(cloud.stats().runsActive).toEqual([]);
  });
});

test("a killed process: the next start cancels what it left", async () => {
  const { cloud, env, run } = await startCloud();
  const shared = { ...env, SEREN_BRIDGE_STATE_DIR: scratchFolder() };
  const host = await McpHost.initialized({ env: shared, whenOver: () => undefined });
  await host.state("seren_dispatch", { prompt: script({ hang: true }) });
  const { ended } = await run(0);
  await host.child.signal("SIGKILL");
  const next = await McpHost.initialized({ env: shared });
  await next.call("seren_dispatch", { prompt: script({ text: "hello" }), wait_seconds: 20 });
  expect(await ended).toBe("cancelled");
  expect(cloud.stats().runsActive).toEqual([]);
});

test("junk of all kinds costs only itself", async () => {
  const { env } = await startCloud();
  const host = await McpHost.initialized({ env });
  const started = await host.state("seren_dispatch", { prompt: script({ sleep_ms: 300 }, { text: "alive" }) });
  const nested = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  host.child.send(
    "no json",
    "[]",
    '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    `{"jsonrpc":"2.0","id":900,"method":"ping","params":{"a":${nested}}}`,
    " ".repeat(3_000_000),
    '{"jsonrpc":"2.0","id":"s1","result":{}}',
  );
  host.child.process.stdin?.write(Buffer.from([0xff, 0xfe, 0x0a]));
  expect((await host.ask("ping")).result).toEqual({});
  expect(await host.state("seren_run_status", { run_id: started.run_id, wait_seconds: 20 })).toMatchObject({
    answer: "alive",
  });
  const errors = host.child.messages.flatMap((one) => (one.kind === "error" ? [one.error.code] : []));
  expect(errors).toEqual([-32700, -32600, -32600, -32600, -32600, -32700]);
});
