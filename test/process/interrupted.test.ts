/** Runs that a restart of their runtime interrupts while a host waits for them, through the built program. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel, streamedOf } from "../support/child-process/courier-host.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const INTERRUPTED = script({ text: "before " }, { interrupt: "the host was replaced" }, { text: "after\n" });
const DISPATCH = "1c0e6f7e-8a55-4a39-b2c4-6d1f9f0a7b11";
const TASK = "b7a1c0de-11f2-4f5a-9a43-0d9c1c2e3f44";
const chat = (host: CourierHost) =>
  host.open(parcel("chat")).then((session) => host.run(parcel("chat"), session, { kind: "chat", input: INTERRUPTED }));

const GOES_ON: [string, FaultRule[]][] = [
  ["at once", []],
  ["after the service was away", [{ kind: "status", where: "resume", status: 503 }]],
  ["though the answer was lost", [{ kind: "lost_reply", where: "resume", answer: "drop" }]],
];

describe.each(GOES_ON)("goes on %s", (_, rules) => {
  const ranOnce = ({ cloud }: Cloud) =>
    expect(cloud.stats()).toMatchObject({ createsReceived: 1, runsStarted: 1, runsActive: [] });

  test("for the terminal", async () => {
    const server = await startCloud({ faults: { rules } });
    const ended = await startTerminal(server.env, ["run", INTERRUPTED]).ended;
    expect(ended).toMatchObject({ code: 0, stdout: "before after\n" });
    ranOnce(server);
  });

  test("for the courier", async () => {
    const server = await startCloud({ faults: { rules } });
    const turn = await chat(new CourierHost({ env: server.env }));
    expect(answerOf(turn)).toBe("before after\n");
    expect(streamedOf(turn)).toBe("before after\n");
    ranOnce(server);
  });

  test("for Roder, which is told", async () => {
    const server = await startCloud({ faults: { rules } });
    const host = await RoderHost.initialized({ env: server.env });
    await host.execute(TASK, { prompt: INTERRUPTED });
    expect(await host.terminal(TASK)).toMatchObject({
      type: "completed",
      result: { payload: { status: "completed", text: "before after\n" } },
    });
    const told = host
      .events(TASK)
      .flatMap((event) => ("chunk" in event ? event.chunk : []))
      .join("");
    expect(told).toContain("interrupted by a restart of its runtime; resuming");
    ranOnce(server);
  });
});

test("no look calls a run ended that is being resumed", async () => {
  const away: FaultRule[] = [{ kind: "status", where: "resume", status: 503, times: 2 }];
  const server = await startCloud({ faults: { rules: away } });
  const host = await McpHost.initialized({ env: server.env });
  const { run_id } = await host.state("seren_dispatch", { prompt: INTERRUPTED });
  const seen = new Set<unknown>();
  for (let state = await host.state("seren_run_status", { run_id }); ; ) {
    seen.add(state.status);
    if (state.status === "completed") break;
    state = await host.state("seren_run_status", { run_id });
  }
  expect([...seen]).not.toContain("failed");
});

const REFUSED: FaultRule[] = [{ kind: "status", where: "resume", status: 403 }];

test("a run that could not be resumed names the command, and the command lets it go on", async () => {
  const server = await startCloud({ faults: { rules: REFUSED } });
  const run = (...args: string[]) => startTerminal(server.env, args).ended;
  const { code, stderr } = await run("run", INTERRUPTED);
  const { runId } = await server.run(0);
  expect(code).toBe(1);
  expect(stderr).toContain(`the host was replaced; let it go on with \`seren-bridge runs resume ${runId}\``);
  expect(await run("runs", "resume", runId)).toEqual({ code: 0, stdout: `${runId}\n`, stderr: "" });
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "before after\n" });
});

test("the courier's error and Roder's result name the command as well", async () => {
  const server = await startCloud({ faults: { rules: [{ ...REFUSED[0], times: 2 } as FaultRule] } });
  const { error } = await chat(new CourierHost({ env: server.env }));
  expect(error?.message).toContain(`seren-bridge runs resume ${(await server.run(0)).runId}`);
  const host = await RoderHost.initialized({ env: server.env });
  await host.dispatch(DISPATCH, { prompt: INTERRUPTED });
  const terminal = JSON.stringify(await host.terminal(DISPATCH));
  expect(terminal).toContain(`seren-bridge runs resume ${(await server.run(1)).runId}`);
});

test("a cancel while the run is being resumed leaves none going", async () => {
  const prompt = script({ interrupt: "the host was replaced" }, { hang: true });
  for (const ms of [0, 60, 150, 400]) {
    const server = await startCloud({ faults: { rules: [{ kind: "late_reply", where: "resume", ms: 300 }] } });
    const host = await RoderHost.initialized({ env: server.env });
    await host.execute(TASK, { prompt });
    await host.event(TASK, (event) => "chunk" in event && String(event.chunk).includes("resuming"));
    await new Promise((resolve) => void setTimeout(resolve, ms));
    await host.cancelTask(TASK);
    expect(await host.terminal(TASK)).toMatchObject({ type: "completed" });
    await host.end();
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
  }
});
