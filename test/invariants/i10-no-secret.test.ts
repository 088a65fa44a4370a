/** I10: the API key, bearer tokens, presigned URLs and declared secrets never appear in anything the program writes. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient, sleep } from "../../src/support/ambient.ts";
import { API_KEY, CANARIES, CanarySearch, canariesIn, canaryTexts, DECLARED } from "../chaos/canaries.ts";
import { ChaosChild, parcelDir } from "../chaos/chaos-child.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import type { Message } from "../support/child-process/line-check.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";
import { HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

/** An agent that emits secrets in text, tool calls, names and errors. */
const steps = (texts: string[]) =>
  texts.flatMap((text) => [
    { text },
    { think: text },
    { tool: text.slice(0, 100), args: { text }, result: text },
    { artifact: { id: "a", kind: "b", title: text, url: text.trim() } },
  ]);
const prompts = (texts: string[]) => [
  script(...steps(texts), { error: texts.join(" "), code: API_KEY }, { fail: texts.join("; ") }),
  script(...steps(texts)),
];

async function service() {
  const http = await startLocalHttp(new LocalCloud({ ambient: realAmbient, keys: [API_KEY] }));
  onTestFinished(() => http.close());
  const stateDir = mkdtempSync(join(tmpdir(), "seren-bridge-canary-"));
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  return { origin: http.origin, stateDir };
}

/** Asks one after another and answers what came back, events included. */
function talk(mode: "roder" | "courier", place: { origin: string; stateDir: string }) {
  let heard: Message[] = [];
  let wake: () => void = () => undefined;
  const child = new ChaosChild(mode, {
    ...place,
    onMessage: (message) => {
      heard.push(message);
      wake();
    },
  });
  const until = async (fits: (message: Message) => boolean): Promise<Message[]> => {
    while (!heard.some(fits))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    const all = heard;
    heard = [];
    return all;
  };
  const ask = (id: number, method: string, params: object) => {
    child.send({ jsonrpc: "2.0", id, method, params });
    return until((message) => message.kind !== "notification" && message.id === id);
  };
  return { child, ask, until };
}

test("in Roder, with all logging on", async () => {
  const { child, ask, until } = talk("roder", await service());
  await ask(1, "extension/initialize", INITIALIZE);
  const isEnd = (message: Message) =>
    message.kind === "notification" && /"type":"(completed|failed)"/.test(JSON.stringify(message.params));
  for (const [index, prompt] of prompts(canaryTexts(false)).entries()) {
    child.send({
      jsonrpc: "2.0",
      id: 10 + index,
      method: "tasks/execute",
      params: { executorId: "seren-cloud-run", executionId: `t${index}`, taskId: API_KEY, input: { prompt } },
    });
    await until(isEnd);
  }
  await ask(20, "tasks/execute", { executorId: API_KEY, executionId: "x", taskId: "t", input: {} });
  await ask(21, `method-${API_KEY}`, {});
  await ask(22, "tools/call", {
    providerId: "seren-cloud-tools",
    toolName: API_KEY,
    callId: "c",
    threadId: "t",
    turnId: "u",
    arguments: {},
  });
  await child.finish(20_000);
  expect(child.problems).toEqual([]);
});

const JOB = parcelDir("job");

/** Opens a session of a parcel that declares secrets. */
async function openJob(ask: ReturnType<typeof talk>["ask"]): Promise<unknown> {
  const params = { kind: "open_session", protocol_version: COURIER_PROTOCOL_VERSION, parcel_dir: JOB };
  const [opened] = await ask(1, "courier.open_session", params);
  return opened?.kind === "result" ? opened.result.session : undefined;
}

test("in Dispatch, with secrets a parcel declares", async () => {
  const { child, ask } = talk("courier", await service());
  const session = await openJob(ask);
  const declared = [DECLARED.REPORT_DB_URL, DECLARED.REPORT_TOKEN].join("\n");
  for (const [index, payload] of [...prompts(canaryTexts(true)), declared].entries()) {
    const said = await ask(2 + index, "courier.run", {
      kind: "run",
      protocol_version: COURIER_PROTOCOL_VERSION,
      parcel_dir: JOB,
      session,
      operation: { kind: "job", payload },
    });
    expect(canariesIn(JSON.stringify(said))).toEqual([]);
  }
  await child.finish(20_000);
  expect(child.problems).toEqual([]);
});

test.each([[[]], [["--json"]]])("in the terminal, with a parcel that declares secrets: run %j", async (options) => {
  const { origin, stateDir } = await service();
  const env = { SEREN_API_BASE: origin, SEREN_API_KEY: API_KEY, SEREN_BRIDGE_STATE_DIR: stateDir, ...DECLARED };
  const pieces = [...(DECLARED.REPORT_TOKEN ?? "")].flatMap((text) => [{ text }, { tool: "look", args: {} }]);
  for (const payload of [...prompts(canaryTexts(true)), script(...pieces, { text: " end" })]) {
    const said = await startTerminal(env, ["run", JOB, payload, ...options]).ended;
    expect(canariesIn(said.stdout + said.stderr)).toEqual([]);
    expect(said.stdout).not.toBe("");
    const text =
      options.length === 0 ? said.stdout : String(JSON.parse(said.stdout.trim().split("\n").at(-1) ?? "").text);
    expect(canariesIn(text.replaceAll(/\s/g, ""))).toEqual([]);
  }
});

test("in pieces, across the events of an agent", async () => {
  const { child, ask } = talk("courier", await service());
  const session = await openJob(ask);
  const pieces = [API_KEY, DECLARED.REPORT_TOKEN ?? ""].flatMap((secret) => [
    { text: secret.slice(0, 9) },
    { sleep_ms: 30 },
    { text: secret.slice(9) },
    ...Array.from(secret, (text) => ({ text })),
  ]);
  const operation = { kind: "job", payload: script(...pieces, { text: " end" }) };
  const said = await ask(2, "courier.run", {
    kind: "run",
    protocol_version: COURIER_PROTOCOL_VERSION,
    parcel_dir: JOB,
    session,
    operation,
  });
  const deltas = said
    .map((message) =>
      message.kind === "notification" && message.params.kind === "text_delta" ? message.params.content : "",
    )
    .join("");
  await child.finish(20_000);
  expect(deltas).toContain(" end");
  expect(canariesIn(deltas)).toEqual([]);
});

test("the search finds a secret in any pieces", () => {
  const bytes = Buffer.from(`..${CANARIES.join("--")}..`);
  for (const size of [1, 7, 64, bytes.length]) {
    const search = new CanarySearch();
    for (let at = 0; at < bytes.length; at += size) search.look(bytes.subarray(at, at + size));
    expect([...search.found].sort()).toEqual([...CANARIES].sort());
  }
  expect(readFileSync(new URL("../chaos/canaries.ts", import.meta.url), "utf8")).toContain(API_KEY);
});

test("a look at a run shows no part of the key, wherever its result is shortened", async () => {
  const { cloud, env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  // The result ends after 14,000 characters, in the middle of the key.
  for (const before of [13_980, 13_990, 13_996]) {
    const { stdout } = await startTerminal(env, [
      "run",
      "--detach",
      script({ text: "x".repeat(before) }, { text: env.SEREN_API_KEY }, { text: "y".repeat(4_000) }),
    ]).ended;
    while (cloud.stats().runsActive.length > 0) await sleep(realAmbient, 20);
    const { content } = await host.tool("seren_run_status", { run_id: stdout.trim() });
    const shown = JSON.stringify(content);
    expect(shown.includes("xxxx")).toBe(true);
    expect(shown.includes(env.SEREN_API_KEY.slice(0, 4)), `cut after ${before}`).toBe(false);
  }
});

test("lists show no part of the key, wherever a column shortens it", async () => {
  const { env } = await startCloud();
  const run = (...args: string[]) => startTerminal(env, args).ended;
  for (let before = 0; before < 40; before += 3)
    await run("run", "--detach", `${"x".repeat(before)}${env.SEREN_API_KEY} and more words of a prompt`);
  const pty = HAVE_PTY ? startPty(env, ["runs", "list"]) : undefined;
  await pty?.ended;
  for (const shown of [pty?.shown() ?? "", (await run("runs", "list", "--json")).stdout]) {
    expect(shown.includes(env.SEREN_API_KEY.slice(0, 6))).toBe(false);
  }
});

test("an MCP client is shown no part of the key, wherever an error or a title is shortened", async () => {
  const { cloud, env } = await startCloud();
  const host = await McpHost.initialized({ env });
  const key = env.SEREN_API_KEY;
  for (const [at, steps] of [
    [785, (text: string) => [{ fail: text }]],
    [795, (text: string) => [{ fail: text }]],
    [65, (title: string) => [{ artifact: { id: "a", kind: "file", title } }]],
    [75, (title: string) => [{ artifact: { id: "a", kind: "file", title } }]],
  ] as const) {
    const prompt = script(...steps(`${"x".repeat(at)}${key}${"y".repeat(200)}`));
    const { stdout } = await startTerminal(env, ["run", "--detach", prompt]).ended;
    while (cloud.stats().runsActive.length > 0) await sleep(realAmbient, 20);
    const shown = JSON.stringify(await host.call("seren_run_status", { run_id: stdout.trim() }));
    expect(shown.includes("xxxx")).toBe(true);
    expect(shown.includes(key.slice(0, 5)), `cut after ${at}`).toBe(false);
  }
});

test.runIf(HAVE_PTY)("requests for approval show no part of the key, wherever a column shortens them", async () => {
  const { env } = await startCloud();
  const key = env.SEREN_API_KEY;
  for (let before = 0; before < 30; before += 5) {
    const steps = [
      { approve: "send", reason: `${"y".repeat(before)} ${key}`, args: { q: `${"x".repeat(before)}${key} ok` } },
    ];
    await startTerminal(env, ["run", "--detach", script(...steps)]).ended;
  }
  for (const columns of [60, 80, 100]) {
    const pty = startPty(env, ["approvals", "list"], { columns });
    await pty.ended;
    expect(pty.shown()).toContain("send");
    expect(pty.shown().includes(key.slice(0, 6)), `at ${columns} columns`).toBe(false);
  }
});

test.each(CHAT_KINDS)("in %s, with all logging on", async (kind) => {
  const { origin } = await service();
  const env = { SEREN_API_BASE: origin, SEREN_API_KEY: API_KEY, SEREN_BRIDGE_LOG: "debug" };
  const host = await startChatHost(kind, { env });
  for (const prompt of prompts(canaryTexts(false))) await (await host.start(prompt)).end;
  for (const words of canaryTexts(false)) {
    host.rpc.send(words, { [words]: words });
    host.rpc.send("tools/call", { name: words, arguments: { prompt: words } });
    host.rpc.send("resources/read", { uri: words });
    host.rpc.send("session/prompt", { sessionId: words, prompt: [{ type: "text", text: words }] });
  }
  await host.rpc.end();
  const { messages, stderr } = host.rpc.child;
  // Ids go back as they came, and no other word of the host does.
  expect(canariesIn(JSON.stringify(messages))).toEqual([]);
  expect(canariesIn(stderr)).toEqual([]);
});
