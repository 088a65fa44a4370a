/** Turns of a conversation that has another one going on, through the built program: they wait, and run once. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel, streamedOf } from "../support/child-process/courier-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const LONG = script({ text: "first\n" }, { sleep_ms: 1_500 });
const busy = (form: "run" | "refusal"): FaultRule => ({ kind: "busy", where: "create_run", form });

describe.each(["run", "refusal"] as const)("a conversation that is busy (%s)", (form) => {
  test("terminal: the turn is sent anew, and nothing is said but a status", async () => {
    const server = await startCloud({ faults: { rules: [busy(form)] } });
    const turn = (...args: string[]) => startTerminal(server.env, ["run", "--session", "c1", ...args]).ended;
    const first = turn(LONG);
    await server.run(0);
    const { code, stdout, stderr } = await turn("--json", script({ text: "second\n" }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === "notice")).toEqual([]);
    const waits = { type: "status", phase: "submitting", detail: "the conversation is busy; waiting" };
    expect(lines).toContainEqual(expect.objectContaining(waits));
    expect(lines.at(-1)).toMatchObject({ outcome: "completed", text: "second\n" });
    expect(await first).toMatchObject({ code: 0, stdout: "first\n" });
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 2, runsActive: [] });
  });

  test("terminal: a time limit ends the waiting, and says what to do", async () => {
    const server = await startCloud({ faults: { rules: [busy(form)] } });
    const run = (...args: string[]) => startTerminal(server.env, ["run", "--session", "c1", ...args]);
    const first = run(script({ hang: true }));
    await server.run(0);
    const { code, stderr } = await run("--timeout", "1s", "hello").ended;
    expect(code).toBe(124);
    expect(stderr).toContain("the conversation stayed busy until the time limit of the request");
    expect(stderr).toContain("seren-bridge runs list");
    first.child.kill("SIGINT");
    expect((await first.ended).code).toBe(130);
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
  });

  test("courier: the turn of the other process is waited for", async () => {
    const server = await startCloud({ faults: { rules: [busy(form)] } });
    const hosts = [new CourierHost({ env: server.env }), new CourierHost({ env: server.env })];
    const [first, second] = hosts as [CourierHost, CourierHost];
    const session = await first.open(parcel("chat"));
    const long = first.run(parcel("chat"), session, { kind: "chat", input: LONG });
    await server.run(0);
    const input = script({ text: "second" });
    const turn = await second.run(parcel("chat"), session, { kind: "chat", input });
    expect(answerOf(turn)).toBe("second");
    expect(streamedOf(turn)).toBe("second");
    expect(turn.events.map(({ kind }) => kind)).toEqual(["text_delta", "message", "done"]);
    expect(answerOf(await long)).toBe("first\n");
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 2, runsActive: [] });
  });
});
