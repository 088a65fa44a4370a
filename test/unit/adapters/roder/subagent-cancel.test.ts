/** C9: a cancel is answered at once and works in every phase of a dispatch. */
import { describe, expect, test } from "vitest";
import { type Execute, type ExecutionEvent, RunRegistry } from "../../../../src/core/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { DISPATCHER, dispatchParams, Host } from "./harness.ts";
import { RUN } from "./remote.ts";

const CANCEL = { dispatcherId: DISPATCHER, dispatchId: "d1" };

describe("C9: a cancel arrives", () => {
  test("with the dispatch, before its reply is sent: no run is started", async () => {
    const host = new Host();
    const after: (() => void)[] = [];
    host.invoke("subagents/dispatch", dispatchParams("d1"), after);
    expect(host.invoke("subagents/cancel", CANCEL, [])).toEqual({});
    for (const run of after) run();
    await host.ambient.advance(10_000);
    expect(host.loads).toBe(0);
    expect(host.terminal("d1")).toEqual({ type: "failed", error: "it was cancelled before a remote run was started" });
  });

  test("right after the dispatch, while the engine is being loaded", async () => {
    const host = new Host();
    const after: (() => void)[] = [];
    host.invoke("subagents/dispatch", dispatchParams("d1"), after);
    for (const run of after) run();
    expect(host.invoke("subagents/cancel", CANCEL, [])).toEqual({});
    await host.ambient.advance(10);
    expect(host.remote.limits.signal.aborted).toBe(true);
  });

  test("while the deployment is resolved: the run's signal is aborted and the dispatch fails", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.push({ type: "status", phase: "resolving" });
    await host.ambient.advance(100);
    expect((await host.cancelDispatch("d1")).result).toEqual({});
    await host.ambient.advance(10);
    expect(host.remote.stoppedBy).toBe("host");
    expect(host.terminal("d1")).toEqual({
      type: "failed",
      error: "the request was cancelled before a run was started",
    });
  });

  test.each<[string, ExecutionEvent[]]>([
    ["queued", []],
    ["running", [{ type: "status", phase: "running" }]],
    ["waiting for a person", [{ type: "approval_wait", approvals: [] }]],
    ["reconnecting", [{ type: "status", phase: "reconnecting" }]],
  ])("while it is %s: the result is cancelled and has the text so far", async (_, events) => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote
      .name()
      .push(...events)
      .say("half an ans");
    await host.ambient.advance(100);
    expect((await host.cancelDispatch("d1")).result).toEqual({});
    await host.ambient.advance(10);
    expect(host.result("d1")).toMatchObject({
      thread_id: RUN.runId,
      exit_reason: "cancelled",
      final_message: "The run was cancelled: Roder asked for it\n\nWhat it had produced until then:\nhalf an ans",
      metadata: { error: { kind: "cancelled" } },
    });
  });

  test("twice: the run is stopped once and ends once", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.name();
    await host.ambient.advance(10);
    await Promise.all([host.cancelDispatch("d1"), host.cancelDispatch("d1")]);
    await host.ambient.advance(10_000);
    expect(host.result("d1").exit_reason).toBe("cancelled");
  });

  test("and the run completes first: the result is completed", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.stubborn = true;
    host.remote.name().say("done");
    await host.ambient.advance(10);
    await host.cancelDispatch("d1");
    host.remote.end({ stoppedBy: "host" });
    await host.ambient.advance(10);
    expect(host.result("d1")).toMatchObject({ exit_reason: "completed", final_message: "done" });
  });

  test("after the end, or for an unknown id", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.name().end();
    await host.ambient.advance(10);
    expect((await host.cancelDispatch("d1")).result).toEqual({});
    expect((await host.cancelDispatch("never")).result).toEqual({});
    host.terminal("d1");
  });

  test("while the remote cancel hangs: the reply does not wait, and other runs go on", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.stubborn = true;
    host.remote.name();
    await host.dispatch("d2");
    const reply = host.invoke("subagents/cancel", CANCEL, []);
    expect(reply).toEqual({});
    host.remote.name().say("two").end();
    await host.ambient.advance(60_000);
    expect(host.result("d2").final_message).toBe("two");
    expect(host.events("d1").some(({ type }) => type === "completed")).toBe(false);
  });
});

test.each([
  ["an id of another dispatch", { ...CANCEL, dispatchId: "d2" }],
  ["a reason of null", { ...CANCEL, dispatchId: "d2", reason: null }],
])("a cancel with %s leaves the first alone", async (_, params) => {
  const host = new Host();
  await host.dispatch("d1");
  expect((await host.call("subagents/cancel", params)).result).toEqual({});
  expect(host.remote.stoppedBy).toBeUndefined();
});

test("a run that cannot even be registered ends as failed", async () => {
  const execute: Execute = () => {
    throw new ExecutionFailure("unauthorized", "no key was found: neither SEREN_API_KEY nor the credentials file");
  };
  const host = new Host({ execute });
  await host.dispatch("d1");
  await host.ambient.advance(10);
  expect(host.terminal("d1")).toEqual({
    type: "failed",
    error: "no key was found: neither SEREN_API_KEY nor the credentials file",
  });
  expect(host.registry).toBeInstanceOf(RunRegistry);
});
