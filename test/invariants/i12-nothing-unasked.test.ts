/** I12: nothing is created, started, stopped, deleted or paid for that the user did not ask for. */
import { expect, onTestFinished, test } from "vitest";
import type { LocalRequest } from "../../src/local/index.ts";
import { LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { API_KEY } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
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
