/** How the ACP agent ends, and what it stands: every end cancels its turns, and bad input costs its own line. */
import { expect, test } from "vitest";
import { AcpHost, text } from "../support/child-process/acp-host.ts";
import { API_KEY, Child, CLEAN_EXIT, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";

const ENDLESS = script({ text: "begun\n" }, { hang: true });
const NOISE = script({ text: `${"x".repeat(9_999)}\n`, n: 1_200 }, { hang: true });

test.each(["eof", "SIGTERM", "SIGINT", "EPIPE"])(
  "%s cancels every turn, also one that waits for a person",
  async (way) => {
    const { env, cloud, run } = await startCloud();
    const host = await AcpHost.initialized({ env });
    const sessions = [await host.session(), await host.session(), await host.session()] as const;
    const prompts = [ENDLESS, script({ approve: "deploy" }), way === "EPIPE" ? NOISE : ENDLESS];
    const ids = sessions.map((id, at) => host.sendPrompt(id, prompts[at] ?? ""));
    await host.heard(sessions[0], "begun");
    await host.asked();
    const runs = await Promise.all([0, 1, 2].map((at) => run(at)));
    if (way === "EPIPE") host.child.closeStdout();
    else if (way === "eof") void host.end();
    else void host.child.signal(way as NodeJS.Signals);
    if (way !== "EPIPE") {
      for (const id of ids) expect(await host.ended(id)).toMatchObject({ result: { stopReason: "cancelled" } });
    }
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({ runsActive: [], decisionsReceived: {} });
  },
);

test("a client that never reads keeps no turn alive, and the rest of what it asks is refused or answered", async () => {
  const { env, cloud, run } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  const noise = host.sendPrompt(sessionId, NOISE);
  await host.heard(sessionId, "x");
  host.child.process.stdout?.pause();
  for (let times = 0; times < 3_000; times += 1) host.send("session/new", { cwd: "/", mcpServers: [] });
  host.cancel(sessionId);
  expect(await (await run(0)).ended).toBe("cancelled");
  host.child.process.stdout?.resume();
  expect(await host.ended(noise)).toMatchObject({ result: { stopReason: "cancelled" } });
  expect(cloud.stats().createsReceived).toBe(1);
});

test("a killed process: the next start cancels what it left", async () => {
  const { env, run } = await startCloud();
  const stateDir = scratchFolder();
  const shared = { ...env, SEREN_BRIDGE_STATE_DIR: stateDir };
  const cleanups: (() => unknown)[] = [];
  const { host, sessionId } = await AcpHost.inSession({ env: shared, whenOver: (one) => void cleanups.push(one) });
  host.sendPrompt(sessionId, ENDLESS);
  await host.heard(sessionId, "begun");
  const { ended } = await run(0);
  await host.child.signal("SIGKILL");
  const next = await AcpHost.inSession({ env: shared });
  await next.host.prompt(next.sessionId, "hello");
  expect(await ended).toBe("cancelled");
});

test("bad lines cost themselves: the turn goes on, and the process answers", async () => {
  const { env } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  const id = host.sendPrompt(sessionId, script({ text: "word\n", n: 30, every_ms: 20 }));
  await host.heard(sessionId, "word");
  const invalid = [
    "rubbish",
    "[]",
    '[{"jsonrpc":"2.0","id":5,"method":"session/new"}]',
    '{"jsonrpc":"2.0"',
    "\u0000",
    '{"id":"x","method":7}',
    `{"jsonrpc":"2.0","id":77,"method":"session/new","params":${'{"cwd":'.repeat(5_000)}1${"}".repeat(5_000)}}`,
    `"${"y".repeat(1_000_000)}"`,
  ];
  for (const line of invalid) host.child.send(line);
  host.child.process.stdin?.write(Buffer.from([0xff, 0xfe, 0x0a]));
  const deep = host.child.messages.length;
  expect(await host.replyTo(77, "")).toMatchObject({ error: { code: -32600 } });
  expect(deep).toBeGreaterThan(0);
  for (const [method, params] of [
    ["session/prompt", {}],
    ["session/prompt", { sessionId: {}, prompt: text("x") }],
    ["session/set_config_option", { sessionId }],
    ["session/close", []],
    ["session/new", { cwd: 5 }],
    ["authenticate", null],
  ] as const) {
    expect((await host.ask(method, params ?? undefined)).error?.code, method).toBe(-32602);
  }
  expect(await host.ended(id)).toMatchObject({ result: { stopReason: "end_turn" } });
  expect(host.said(sessionId)).toBe("word\n".repeat(30));
});

test("ids of any form come back as they were", async () => {
  const child = new Child("acp");
  for (const id of ["a", "s1", "", 0, -7, Number.MAX_SAFE_INTEGER]) {
    child.send({ jsonrpc: "2.0", id, method: "initialize", params: { protocolVersion: 1 } });
    const at = await child.find((one) => "id" in one && one.id === id);
    expect(await child.message(at)).toMatchObject({ kind: "result", id });
  }
});

test("huge, broken and secret text of an agent fits the lines, and the key is nowhere", async () => {
  const { env } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  const control = "\u0001".repeat(100_000);
  const steps = script(
    { think: control },
    {
      tool: control,
      args: { deep: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`), key: API_KEY },
      result: control,
    },
    { tool: "x", args: `${API_KEY} ${"z".repeat(300_000)}`, result: `the key is ${API_KEY}` },
    { text: "\u0001", n: 20_000 },
    { text: `${API_KEY.slice(0, 9)}` },
    { text: `${API_KEY.slice(9)} and \ud83d` },
    { text: "\ude00 are gone" },
  );
  expect(await host.prompt(sessionId, steps)).toMatchObject({ result: { stopReason: "end_turn" } });
  expect(host.said(sessionId)).toContain("[redacted]");
  const calls = host.updates(sessionId).filter(({ sessionUpdate }) => sessionUpdate.startsWith("tool_call"));
  expect(calls).toHaveLength(4);
});
