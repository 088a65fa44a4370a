/** `runs resume` while answers are lost and records lag behind. */
import { expect, test } from "vitest";
import { resumeRun } from "../../../../src/core/account/resume-run.ts";
import type { FaultRule } from "../../../../src/local/index.ts";
import { Environment } from "../../../sim/environment.ts";
import { aRun, aWorld } from "../harness.ts";

/** Resumes a run that was interrupted long ago. */
async function resumed(rules: FaultRule[]) {
  const script = [{ interrupt: "the host was replaced" }, { sleep_ms: 60_000 }];
  const left = aRun({ script, detach: true, stops: [{ by: "person", phase: "queued", ms: 0 }] });
  const environment = new Environment(aWorld([left], rules));
  await environment.clock.runUntil(environment.setUp());
  const process = environment.process(0);
  process.start();
  await environment.clock.advance(60_000);
  const runId = process.recorders[0]?.runId ?? "";
  const resuming = resumeRun(process.client, runId).catch((error: unknown) => error);
  return { runId, result: await environment.clock.runUntil(resuming), stats: environment.cloud.stats() };
}

const lag = (ms: number): FaultRule[] => [
  { kind: "lag", where: "record", ms },
  { kind: "lag", where: "state", ms },
];

test.each([
  ["an error", "unavailable"],
  ["a page", "html"],
  ["nothing", "drop"],
] as const)("a request that was taken and answered with %s is seen in a record that lags", async (_, answer) => {
  const { runId, result, stats } = await resumed([{ kind: "lost_reply", where: "resume", answer }, ...lag(4_000)]);
  expect(result).toMatchObject({ runId });
  expect(stats.runsActive).toEqual([runId]);
});

test("a refusal after a request whose result is not known is no proof that there is nothing to resume", async () => {
  const { result } = await resumed([{ kind: "lost_reply", where: "resume", answer: "unavailable" }, ...lag(40_000)]);
  expect(result).toMatchObject({
    kind: "unknown_outcome",
    message: expect.stringContaining("it still shows the run as ended (failed)"),
    details: { hint: "show_run" },
  });
});

test("a refusal of the only request is one", async () => {
  const { result } = await resumed([{ kind: "status", where: "resume", status: 409 }]);
  expect(result).toMatchObject({ kind: "conflict", message: expect.stringContaining("there is nothing to resume") });
});
