/** C13: the ends of the extension's life. */
import { describe, expect, test } from "vitest";
import { dispatchParams, EXECUTOR, Host } from "./harness.ts";

describe("extension/shutdown", () => {
  test("cancels first, sends every terminal event, and then replies", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.name();
    await host.execute("e1", { prompt: "p" });
    host.remote.name().say("partial");
    await host.ambient.advance(10);
    expect((await host.call("extension/shutdown", {})).result).toEqual({});
    expect(host.ended).toBe(true);
    expect(host.result("d1")).toMatchObject({ exit_reason: "cancelled" });
    expect(host.result("e1")).toMatchObject({ exit_code: 130 });
    expect(host.sent.at(-1)).toEqual({ reply: "extension/shutdown" });
    expect(host.remotes.map(({ stoppedBy }) => stoppedBy)).toEqual(["shutdown", "shutdown"]);
  });

  test("flushes a full log, so that its task ends in time", async () => {
    const host = new Host();
    await host.execute("e1", "p");
    host.remote.name().say("x".repeat(600_000));
    await host.ambient.advance(10);
    const reply = host.call("extension/shutdown", {});
    await host.ambient.advance(0);
    expect((await reply).result).toEqual({});
    expect(host.result("e1")).toMatchObject({ exit_code: 130 });
    const chunks = host.events("e1").filter(({ stream }) => stream === "stdout");
    expect(chunks.map(({ chunk }) => chunk).join("")).toBe(`${"x".repeat(600_000)}\n`);
  });

  test("waits at most 1.4 s for a run that does not end", async () => {
    const host = new Host();
    await host.dispatch("d1");
    host.remote.stubborn = true;
    host.remote.name();
    const reply = host.call("extension/shutdown", null);
    await host.ambient.advance(1399);
    expect(host.ended).toBe(false);
    await host.ambient.advance(2);
    expect((await reply).result).toEqual({});
    expect(host.ended).toBe(true);
  });

  test("does not wait for a host that does not read", async () => {
    const host = new Host({ pipe: () => new Promise(() => undefined) });
    await host.dispatch("d1");
    host.remote.name();
    await host.ambient.advance(10);
    const reply = host.call("extension/shutdown", {});
    await host.ambient.advance(1500);
    expect((await reply).result).toEqual({});
  });

  test("without runs replies at once", async () => {
    const host = new Host();
    expect((await host.call("extension/shutdown", {})).result).toEqual({});
    expect(host.ambient.now()).toBe(0);
  });
});

test.each(["eof", "signal", "broken_pipe"] as const)("at %s everything is cancelled, within 8 s", async (cause) => {
  const host = new Host();
  await host.dispatch("d1");
  host.remote.stubborn = true;
  host.remote.name();
  await host.execute("e1", "p");
  host.remote.name();
  const tool = host.tool("seren_dispatch", { prompt: "p" });
  await host.ambient.settle();
  host.remote.name();
  await tool;
  const gone = host.extension.onEnd(cause);
  await host.ambient.advance(0);
  expect(host.remotes.map(({ stoppedBy }) => stoppedBy)).toEqual(["shutdown", "shutdown", "shutdown"]);
  let over = false;
  void gone.then(() => {
    over = true;
  });
  await host.ambient.advance(7999);
  expect(over).toBe(false);
  await host.ambient.advance(2);
  expect(over).toBe(true);
  expect(host.extension.endBudgetMs).toBeGreaterThan(8000);
});

test("work that was accepted and not started before the shutdown is never started", async () => {
  const host = new Host();
  const after: (() => void)[] = [];
  host.invoke("subagents/dispatch", dispatchParams("d1"), after);
  host.invoke("tasks/execute", { executorId: EXECUTOR, executionId: "e1", input: "p" }, after);
  await host.extension.onEnd("eof");
  for (const run of after) run();
  await host.ambient.advance(1000);
  expect(host.loads).toBe(0);
  expect(host.terminal("d1").type).toBe("failed");
  expect(host.terminal("e1").type).toBe("failed");
});

test("no new work is accepted while the extension is closing; known ids are still acknowledged", async () => {
  const host = new Host();
  await host.dispatch("d1");
  await host.extension.onEnd("eof");
  expect((await host.dispatch("d2")).error?.message).toBe("seren-bridge is closing and accepts no new work");
  expect((await host.execute("e2", "p")).error?.message).toBe("seren-bridge is closing and accepts no new work");
  expect(await host.tool("seren_dispatch", { prompt: "p" })).toMatchObject({ isError: true });
  expect((await host.dispatch("d1")).result).toEqual({ dispatchId: "d1" });
});
