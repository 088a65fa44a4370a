/** The tasks extension of revision 2026-07-28 through the built file. */
import { expect, test } from "vitest";
import { CLEAN_EXIT } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";

const EXTENSION = "io.modelcontextprotocol/tasks";
const _meta = envelope({ extensions: { [EXTENSION]: {} }, elicitation: {} });
const UNKNOWN = "11111111-2222-4333-8444-555555555555";

const start = (host: McpHost, prompt: string, more: object = {}) =>
  host.result("tools/call", { name: "seren_dispatch", arguments: { prompt, ...more }, _meta });
const get = (host: McpHost, taskId: unknown) => host.result("tasks/get", { taskId, _meta });

/** Looks until the task has this status. */
async function until(host: McpHost, taskId: unknown, status: string): Promise<Json> {
  for (;;) {
    const task = await get(host, taskId);
    if (task.status === status) return task;
  }
}

test("a start is a task with the id of its run, and its result is that of the tool", async () => {
  const { env, run, cloud } = await startCloud();
  const host = new McpHost({ env });
  const found = await host.result("server/discover", { _meta });
  expect(found.capabilities).toMatchObject({ extensions: { [EXTENSION]: {} } });
  const task = await start(host, script({ sleep_ms: 300 }, { text: "there" }), { wait_seconds: 30 });
  const { runId: taskId } = await run(0);
  expect(task).toMatchObject({ resultType: "task", taskId, status: "working", ttlMs: null, pollIntervalMs: 5_000 });
  expect(await get(host, taskId)).toMatchObject({ resultType: "complete", status: "working" });
  expect(await until(host, taskId, "completed")).toMatchObject({
    createdAt: task.createdAt,
    result: { isError: false, structuredContent: { run_id: taskId, status: "completed", answer: "there" } },
  });
  expect(await host.result("tasks/cancel", { taskId, _meta })).toMatchObject({ resultType: "complete" });
  expect(await get(host, taskId)).toMatchObject({ status: "completed" });
  expect(cloud.stats()).toMatchObject({ createsReceived: 1, cancelsReceived: 0 });
});

test("a run that ends badly is a result, and a start that fails is one at once", async () => {
  const { env } = await startCloud();
  const host = new McpHost({ env });
  const { taskId } = await start(host, script({ fail: "the disk is full" }));
  expect(await until(host, taskId, "completed")).toMatchObject({
    result: { isError: false, structuredContent: { status: "failed", error: expect.stringContaining("disk is full") } },
  });
  expect(await start(host, "")).toMatchObject({ resultType: "complete", isError: true });
});

test("a cancelled task is acknowledged at once, and its run is cancelled", async () => {
  const { env, run } = await startCloud();
  const host = new McpHost({ env });
  const { taskId } = await start(host, script({ hang: true }));
  const { ended } = await run(0);
  expect(await host.result("tasks/cancel", { taskId, _meta })).toEqual(
    expect.objectContaining({ resultType: "complete" }),
  );
  expect(await ended).toBe("cancelled");
  expect(await until(host, taskId, "cancelled")).not.toHaveProperty("result");
});

test("a question keeps its key until it is answered, and a clear answer decides", async () => {
  const { env, run } = await startCloud();
  const host = new McpHost({ env });
  const { taskId } = await start(
    host,
    script({ approve: "deploy", args: { env: "prod" } }, { text: "one " }, { approve: "tidy" }, { text: "two" }),
  );
  const first = await until(host, taskId, "input_required");
  expect((await get(host, taskId)).inputRequests).toEqual(first.inputRequests);
  const [key = ""] = Object.keys(first.inputRequests as Json);
  expect(JSON.stringify(first.inputRequests)).toContain("prod");
  const answer = (inputResponses: object) => host.ask("tasks/update", { taskId, inputResponses, _meta });
  const yes = { action: "accept", content: { approve: true } };
  expect((await answer({ "approval-99": yes, toString: yes })).result).toMatchObject({ resultType: "complete" });
  expect(await get(host, taskId)).toMatchObject({ status: "input_required" });
  await answer({ [key]: yes });
  const second = await until(host, taskId, "input_required");
  const [other = ""] = Object.keys(second.inputRequests as Json);
  expect(other).not.toBe(key);
  await answer({ [key]: yes }); // answered before: ignored
  expect((await get(host, taskId)).inputRequests).toEqual(second.inputRequests);
  await answer({ [other]: { action: "accept", content: { approve: false } } });
  expect(await until(host, taskId, "completed")).toMatchObject({
    result: { structuredContent: { status: "blocked" } },
  });
  await (await run(0)).ended;
  expect(host.questions).toEqual([]);
});

test.each([
  ["a dismissal", { action: "decline" }],
  ["a form without the answer", { action: "accept", content: {} }],
  ["a word in place of a yes", { action: "accept", content: { approve: "true" } }],
  ["nothing", null],
])("%s decides nothing: the task goes on, and its status names the command", async (_, response) => {
  const { cloud, env } = await startCloud();
  const host = new McpHost({ env });
  const { taskId } = await start(host, script({ approve: "deploy" }, { text: "Done." }));
  const { inputRequests } = await until(host, taskId, "input_required");
  const [key = ""] = Object.keys(inputRequests as Json);
  await host.ask("tasks/update", { taskId, inputResponses: { [key]: response }, _meta });
  for (let look = 0; look < 2; look += 1) {
    expect(await get(host, taskId)).toMatchObject({
      status: "working",
      statusMessage: expect.stringContaining(`seren-bridge approvals approve ${taskId}`),
    });
  }
  expect(cloud.stats().decisionsReceived).toEqual({});
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test("a client that cannot show forms is not asked", async () => {
  const { env } = await startCloud();
  const host = new McpHost({ env });
  const silent = envelope({ extensions: { [EXTENSION]: {} } });
  const call = { name: "seren_dispatch", arguments: { prompt: script({ approve: "deploy" }) }, _meta: silent };
  const { taskId } = await host.result("tools/call", call);
  for (;;) {
    const { status, statusMessage } = await host.result("tasks/get", { taskId, _meta: silent });
    expect(status).toBe("working");
    if (statusMessage) break;
  }
});

test("a task outlives its process: another one reads the result from the service", async () => {
  const { env } = await startCloud();
  const first = new McpHost({ env });
  const { taskId } = await start(first, script({ text: "kept" }));
  await until(first, taskId, "completed");
  expect(await first.end()).toEqual(CLEAN_EXIT);
  const second = new McpHost({ env });
  expect(await get(second, taskId)).toMatchObject({
    status: "completed",
    result: { structuredContent: { answer: "kept" } },
  });
});

test("clients without the extension never see a task, and its methods tell them what is missing", async () => {
  const { env } = await startCloud();
  const host = new McpHost({ env });
  for (const extensions of [undefined, {}, null, [], { [EXTENSION]: true }, { [EXTENSION]: null }]) {
    const bare = envelope({ extensions });
    const call = { name: "seren_dispatch", arguments: { prompt: "hello", wait_seconds: 20 }, _meta: bare };
    expect(await host.result("tools/call", call)).toMatchObject({ resultType: "complete" });
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      expect((await host.ask(method, { taskId: UNKNOWN, inputResponses: {}, _meta: bare })).error).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
      });
    }
  }
  for (const method of ["tasks/get", "tasks/cancel"])
    expect((await host.ask(method, { taskId: UNKNOWN, _meta })).error?.code).toBe(-32602);
  for (const method of ["tasks/result", "tasks/list"])
    expect((await host.ask(method, { taskId: UNKNOWN, _meta })).error?.code).toBe(-32601);
  for (const inputResponses of [undefined, 5, null, []])
    expect((await host.ask("tasks/update", { taskId: UNKNOWN, inputResponses, _meta })).error?.code).toBe(-32602);
  await host.initialize();
  expect((await host.ask("tasks/update", { taskId: UNKNOWN, inputResponses: {} })).error?.code).toBe(-32601);
});
