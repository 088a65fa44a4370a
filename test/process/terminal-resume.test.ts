/** `runs resume`: an interrupted run goes on once, whatever happens to the request or its answer. */
import { expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const INTERRUPTED = script({ text: "before " }, { interrupt: "the host was replaced" }, { text: "after\n" });

async function ended(rules: FaultRule[] = [], prompt = INTERRUPTED) {
  const server = await startCloud({ faults: { rules } });
  const run = (...args: string[]) => startTerminal(server.env, args).ended;
  const runId = (await run("run", "--detach", prompt)).stdout.trim();
  await run("runs", "follow", runId);
  return { server, run, runId, resume: () => run("runs", "resume", runId) };
}

const TAKEN: [string, FaultRule[]][] = [
  ["at once", []],
  ["after the service was away", [{ kind: "status", where: "resume", status: 503, times: 1 }]],
  ["though the answer was lost", [{ kind: "lost_reply", where: "resume", answer: "drop", times: 1 }]],
  ["though the answer was an error", [{ kind: "lost_reply", where: "resume", answer: "unavailable", times: 1 }]],
];

test.each(TAKEN)("the run goes on %s, and a second resume finds nothing to do", async (_, rules) => {
  const { server, run, runId, resume } = await ended(rules);
  expect(await resume()).toEqual({ code: 0, stdout: `${runId}\n`, stderr: "" });
  const shown = await run("runs", "follow", runId);
  expect(shown).toMatchObject({ code: 0, stdout: "before after\n" });
  expect(await resume()).toMatchObject({ code: 1, stderr: expect.stringContaining("there is nothing to resume") });
  expect(server.cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
});

test("a request whose fate is not known is not sent again", async () => {
  const { runId, resume } = await ended([{ kind: "status", where: "resume", status: 500, times: 1 }]);
  const { code, stderr } = await resume();
  expect(code).not.toBe(0);
  expect(stderr).toContain("look at the run before you try again");
  expect(await resume()).toEqual({ code: 0, stdout: `${runId}\n`, stderr: "" });
});

test("a run that failed by itself has nothing to resume", async () => {
  const { resume } = await ended([], script({ fail: "no" }));
  expect(await resume()).toMatchObject({ code: 1, stderr: expect.stringContaining("there is nothing to resume") });
});

test("a run that waits for a person is not resumed", async () => {
  const server = await startCloud();
  const run = (...args: string[]) => startTerminal(server.env, args).ended;
  await run("run", "--approvals", "return", script({ approve: "pay" }));
  const { runId } = await server.run(0);
  expect(await run("runs", "resume", runId)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("waits for a decision"),
  });
});
