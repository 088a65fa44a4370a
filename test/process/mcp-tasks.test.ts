/** Tasks of revision 2025-11-25 through the built file: a start that is answered with a task, and what is asked of it later. */
import { expect, test } from "vitest";
import { CLEAN_EXIT } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";

const taskOf = (result: Json) => result.task as Json;
const start = async (host: McpHost, prompt: string) =>
  taskOf(await host.result("tools/call", { name: "seren_dispatch", arguments: { prompt }, task: { ttl: 60_000 } }));

test("a task is the run: working, then its result with the task's id", async () => {
  const { env, run } = await startCloud();
  const host = await McpHost.initialized({ env });
  const task = await start(host, script({ sleep_ms: 300 }, { text: "there" }));
  const { runId: taskId } = await run(0);
  expect(task).toMatchObject({ taskId, status: "working", ttl: 60_000, pollInterval: 5_000 });
  expect(await host.result("tasks/get", { taskId })).toMatchObject({ taskId, status: "working" });
  expect(await host.result("tasks/result", { taskId })).toMatchObject({
    structuredContent: { run_id: taskId, status: "completed", answer: "there" },
    _meta: { "io.modelcontextprotocol/related-task": { taskId } },
  });
  expect(await host.result("tasks/get", { taskId })).toMatchObject({ status: "completed" });
  expect((await host.ask("tasks/cancel", { taskId })).error?.code).toBe(-32602);
});

test("a cancelled task is cancelled at once, and its run as well", async () => {
  const { env, run } = await startCloud();
  const host = await McpHost.initialized({ env });
  const { taskId } = await start(host, script({ hang: true }));
  const waiting = host.send("tasks/result", { taskId });
  expect(await host.result("tasks/cancel", { taskId })).toMatchObject({ taskId, status: "cancelled" });
  expect(await host.result("tasks/get", { taskId })).toMatchObject({ status: "cancelled" });
  expect(await (await run(0)).ended).toBe("cancelled");
  const { result } = await host.replyTo(waiting, "tasks/result");
  expect(result?.structuredContent).toMatchObject({ status: "cancelled" });
});

test("a run that waits needs input; the question names the task, and the result comes after the decision", async () => {
  const { env } = await startCloud();
  const host = await McpHost.initialized({ env }, { capabilities: { elicitation: {} } });
  const { taskId } = await start(host, script({ approve: "deploy", args: { env: "prod" } }, { text: "Deployed." }));
  const waiting = host.send("tasks/result", { taskId });
  const { id, params } = await host.asked();
  expect(params._meta).toEqual({ "io.modelcontextprotocol/related-task": { taskId } });
  expect(await host.result("tasks/get", { taskId })).toMatchObject({ status: "input_required" });
  host.answer(id, { action: "accept", content: { approve: true } });
  const { result } = await host.replyTo(waiting, "tasks/result");
  expect(result?.structuredContent).toMatchObject({ status: "completed", answer: "Deployed." });
});

test("a result that is no longer waited for leaves its run; the end of the client takes it along", async () => {
  const { cloud, env, run } = await startCloud();
  const host = await McpHost.initialized({ env });
  const { taskId } = await start(host, script({ hang: true }));
  const waiting = host.send("tasks/result", { taskId });
  host.notify("notifications/cancelled", { requestId: waiting });
  expect(await host.result("tasks/get", { taskId })).toMatchObject({ status: "working" });
  expect(cloud.stats().cancelsReceived).toBe(0);
  host.send("tasks/result", { taskId });
  expect(await host.end()).toEqual(CLEAN_EXIT);
  expect(await (await run(0)).ended).toBe("cancelled");
});

test("what is no task is refused, and clients without tasks are unaffected", async () => {
  const { cloud, env } = await startCloud();
  const host = await McpHost.initialized({ env });
  for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
    expect((await host.ask(method, { taskId: "11111111-2222-4333-8444-555555555555" })).error?.code).toBe(-32602);
    expect((await host.ask(method, {})).error?.code).toBe(-32602);
    const code = method === "tasks/result" ? -32601 : -32021; // the extension has the others
    expect((await host.ask(method, { taskId: "x", _meta: envelope() })).error?.code).toBe(code);
  }
  expect((await host.ask("tools/call", { name: "seren_agents", task: {} })).error?.code).toBe(-32601);
  const bad = { name: "seren_dispatch", arguments: { prompt: "" }, task: {} };
  expect((await host.ask("tools/call", bad)).error?.code).toBe(-32602);
  expect(cloud.stats().createsReceived).toBe(0);
  const older = await McpHost.initialized({ env }, { revision: "2025-06-18" });
  expect(JSON.stringify(await older.result("tools/list"))).not.toContain("execution");
  const direct = await older.call("seren_dispatch", { prompt: "hello", wait_seconds: 20 }, { task: {} });
  expect(direct.structuredContent).toMatchObject({ status: "completed" });
});
