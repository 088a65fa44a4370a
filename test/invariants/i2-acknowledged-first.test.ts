/** I2: the acknowledgement leaves before any event of its run, and before any I/O. */
import { expect, test } from "vitest";
import { AcpHost } from "../support/child-process/acp-host.ts";
import { Child, CLEAN_EXIT } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";
import { deploymentRequest } from "../support/child-process/deployment-host.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

const COUNT = 300;

test("hundreds of requests at once are acknowledged by a program whose service never answers", async () => {
  const { env, cloud } = await startCloud({ faults: { rules: [{ kind: "hang", where: "any", times: 1_000_000 }] } });
  const host = await RoderHost.initialized({ env });
  const ids = Array.from({ length: COUNT }, (_, index) => `waits-${index}`);
  const replies = await Promise.all(
    ids.map((id, index) => (index % 2 === 0 ? host.dispatch(id, { prompt: "p" }) : host.execute(id, { prompt: "p" }))),
  );
  expect(replies.filter(({ error }) => error)).toEqual([]);
  expect(cloud.stats().runsStarted).toBe(0);
  const cancels = await Promise.all(
    ids.map((id, index) => (index % 2 === 0 ? host.cancelDispatch(id) : host.cancelTask(id))),
  );
  expect(cancels.filter(({ error }) => error)).toEqual([]);
  await Promise.all(ids.map((id) => host.terminal(id)));
  await host.end();

  const acknowledged = new Set<unknown>();
  for (const message of host.child.messages) {
    if (message.kind === "result") acknowledged.add(message.result.dispatchId ?? message.result.executionId);
    if (message.kind !== "notification") continue;
    const id = message.params.dispatchId ?? message.params.executionId;
    expect(acknowledged.has(id), `${id} was acknowledged before its events`).toBe(true);
  }
});

test("also with the embedded service, where a run can be over in no time", async () => {
  const host = await RoderHost.initialized();
  const ids = Array.from({ length: 50 }, (_, index) => `fast-${index}`);
  await Promise.all(ids.map((id) => host.dispatch(id, { prompt: "@script []" })));
  await Promise.all(ids.map((id) => host.terminal(id)));
  const first = new Map<unknown, string>();
  for (const message of host.child.messages) {
    const id =
      message.kind === "result"
        ? message.result.dispatchId
        : message.kind === "notification"
          ? message.params.dispatchId
          : undefined;
    if (id !== undefined && !first.has(id)) first.set(id, message.kind);
  }
  expect([...first.values()]).toEqual(ids.map(() => "result"));
});

test("also of a dispatch whose time is up before it begins", async () => {
  const host = await RoderHost.initialized();
  const ids = Array.from({ length: 20 }, (_, index) => `late-${index}`);
  await Promise.all(ids.map((id) => host.dispatch(id, { prompt: "p", timeout_seconds: 0 })));
  await Promise.all(ids.map((id) => host.terminal(id)));
  for (const id of ids) {
    const first = host.child.messages.find((message) => JSON.stringify(message).includes(`"${id}"`));
    expect(first?.kind, id).toBe("result");
  }
});

test("an operation of a deployment host has one reply, and nothing comes before or after it", async () => {
  const { env } = await startCloud({ deployMs: 300 });
  const spec = { workload: { execution: { type: "llm", instructions: [{ kind: "skill", content: "Help." }] } } };
  const deployment_id = "00000000-0000-4000-8000-00000000dead";
  const params = { spec, name: "night", deployment_id, revision_id: "1", patch: {}, config: {}, sample_input: null };
  const kinds =
    "capabilities configure health validate test_run deploy upsert preview_update update get list list_revisions";
  for (const kind of [...kinds.split(" "), "preview_rollback", "rollback", "start", "stop", "delete", "shutdown"]) {
    const child = new Child("deployment", { env });
    child.send(deploymentRequest(7, kind, { ...params, filters: null }));
    expect(await child.end(), kind).toEqual(CLEAN_EXIT);
    expect(child.messages, kind).toMatchObject([{ id: 7 }]);
  }
});

test("an MCP client has its answers, and an editor its sessions, from a program whose service never answers", async () => {
  const { env, cloud } = await startCloud({ faults: { rules: [{ kind: "hang", where: "any", times: 1_000_000 }] } });
  const mcp = await McpHost.initialized({ env });
  const states = await Promise.all(Array.from({ length: 100 }, () => mcp.state("seren_dispatch", { prompt: "p" })));
  expect(new Set(states.map(({ run_id }) => run_id)).size).toBe(100);
  await Promise.all(states.map(({ run_id }) => mcp.state("seren_run_cancel", { run_id })));
  expect(await mcp.end()).toEqual(CLEAN_EXIT);
  const acp = await AcpHost.initialized({ env });
  const sessions = await Promise.all(Array.from({ length: 100 }, () => acp.session()));
  const turns = sessions.map((sessionId) => acp.prompt(sessionId, "p"));
  for (const sessionId of sessions) acp.cancel(sessionId);
  for (const { result } of await Promise.all(turns)) expect(result).toMatchObject({ stopReason: "cancelled" });
  expect(await acp.end()).toEqual(CLEAN_EXIT);
  expect(cloud.stats().runsStarted).toBe(0);
});
