/** I12: nothing is created, started, stopped, deleted or paid for that the user did not ask for. */
import { expect, onTestFinished, test } from "vitest";
import type { LocalRequest } from "../../src/local/index.ts";
import { LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { AcpHost, WHERE } from "../support/child-process/acp-host.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { API_KEY } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

/** A service that notes every call that changes something. */
class Watched extends LocalCloud {
  readonly changes: string[] = [];

  override handle(request: LocalRequest, signal?: AbortSignal) {
    if (request.method !== "GET") this.changes.push(`${request.method} ${request.path.replace(/[0-9a-f-]{36}/g, "*")}`);
    return super.handle(request, signal);
  }
}

async function watched() {
  const cloud = new Watched({ ambient: realAmbient, keys: [API_KEY] });
  const { origin, close } = await startLocalHttp(cloud);
  onTestFinished(close);
  return {
    cloud,
    env: {
      SEREN_API_BASE: origin,
      SEREN_API_KEY: API_KEY,
      REPORT_DB_URL: "db-of-the-report",
      REPORT_TOKEN: "token-of-the-report",
    },
  };
}

test("questions of Roder change nothing", async () => {
  const { cloud, env } = await watched();
  const host = await RoderHost.initialized({ env });
  await host.result("subagents/definitions", { dispatcherId: "seren-cloud" });
  await host.result("tasks/spec", { executorId: "seren-cloud-run" });
  await host.tool("seren_agents", {});
  await host.tool("seren_run_status", { run_id: "00000000-0000-4000-8000-000000000000" });
  await host.ask("extension/shutdown", {});
  await host.end();
  expect(cloud.changes).toEqual([]);
});

test("questions of Dispatch change nothing, opening a session is free", async () => {
  const { cloud, env } = await watched();
  const host = new CourierHost({ env });
  await host.ask("capabilities");
  for (const name of ["chat", "job"]) {
    await host.ask("validate_parcel", { parcel_dir: parcel(name) });
    await host.ask("inspect", { parcel_dir: parcel(name) });
    for (let count = 0; count < 3; count += 1) await host.open(parcel(name));
    const session = await host.open(parcel(name));
    await host.ask("resume_session", { parcel_dir: parcel(name), session });
    await host.run(parcel(name), session, { kind: "resolve_prompt" });
    await host.run(parcel(name), session, { kind: "list_local_tools" });
    await host.run(parcel(name), session, { kind: "invoke_tool", invocation: { name: "x", input: null } });
  }
  await host.ask("shutdown");
  await host.end();
  expect(cloud.changes).toEqual([]);
});

test("a turn costs one deployment and one run, the next one a run", async () => {
  const { cloud, env } = await watched();
  const host = new CourierHost({ env });
  let session = await host.open(parcel("chat"));
  for (let turn = 0; turn < 3; turn += 1) {
    const { result } = await host.run(parcel("chat"), session, { kind: "chat", input: script({ text: "hi" }) });
    if (result?.kind === "done") session = result.session;
  }
  await host.ask("shutdown");
  await host.end();
  const run = "POST /publishers/seren-cloud/deployments/*/runs";
  expect(cloud.changes).toEqual(["POST /publishers/seren-cloud/deploy", run, run, run]);
});

test("a dispatch that is over is not cancelled, and many at once share one deployment", async () => {
  const { cloud, env } = await watched();
  const host = await RoderHost.initialized({ env });
  const ids = Array.from({ length: 16 }, (_, index) => `d-${index}`);
  await Promise.all(ids.map((id) => host.dispatch(id, { prompt: script({ text: id }) })));
  await Promise.all(ids.map((id) => host.terminal(id)));
  await Promise.all(ids.map((id) => host.cancelDispatch(id)));
  await host.end();
  expect(cloud.stats()).toMatchObject({
    deploymentsCreated: 1,
    deploymentsDeleted: 0,
    runsStarted: 16,
    cancelsReceived: 0,
  });
});

test("questions of an MCP client and of an editor change nothing", async () => {
  const { cloud, env } = await watched();
  const mcp = await McpHost.initialized({ env });
  for (const method of ["tools/list", "resources/list", "resources/templates/list", "ping"]) await mcp.result(method);
  await mcp.call("seren_agents");
  const run_id = "00000000-0000-4000-8000-000000000000";
  await mcp.call("seren_run_status", { run_id, wait_seconds: 1 });
  await mcp.ask("resources/read", { uri: `seren://runs/${run_id}/artifacts/a` });
  for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) await mcp.ask(method, { taskId: run_id });
  const _meta = envelope({ extensions: { "io.modelcontextprotocol/tasks": {} } });
  for (const method of ["server/discover", "tools/list", "tasks/get"]) await mcp.ask(method, { taskId: run_id, _meta });
  await mcp.end();
  const { host, sessionId } = await AcpHost.inSession({ env });
  await host.result("authenticate", { methodId: "seren-key" });
  await host.result("session/resume", { sessionId, ...WHERE });
  host.cancel(sessionId);
  await host.result("session/close", { sessionId });
  await host.end();
  expect(cloud.changes).toEqual([]);
});

test.each(CHAT_KINDS)(
  "%s: many runs at once share one deployment, and none that is over is cancelled",
  async (kind) => {
    const { cloud, env } = await watched();
    const host = await startChatHost(kind, { env });
    const chats = await Promise.all(Array.from({ length: 16 }, (_, index) => host.start(script({ text: `${index}` }))));
    await Promise.all(chats.map(({ end }) => end));
    await Promise.all(chats.map((chat) => chat.cancel()));
    await host.rpc.end();
    expect(cloud.stats()).toMatchObject({
      deploymentsCreated: 1,
      deploymentsDeleted: 0,
      runsStarted: 16,
      cancelsReceived: 0,
    });
  },
);
