/** A few batches; the simulator's campaign and CI play more. */
import { expect, test } from "vitest";
import { aWorld } from "../../unit/core/harness.ts";
import { type BatchPlan, generateBatchPlan } from "./batch-plan.ts";
import { simulateBatchPlan } from "./simulate-batch.ts";

test("60 batches, killed and begun again, lose nothing and double nothing", { timeout: 120_000 }, async () => {
  const broken: string[] = [];
  for (let seed = 4_000; seed < 4_060; seed += 1) {
    const { problems } = await simulateBatchPlan(generateBatchPlan(seed));
    if (problems.length > 0) broken.push(`seed ${seed}: ${problems.join("; ")}`);
  }
  expect(broken).toEqual([]);
});

// The record still shows the interruption when the third process asks for a resumption, too: the service refuses that.
test("a run that a killed process has resumed is followed, and not left to itself", async () => {
  const plan: BatchPlan = {
    seed: 1,
    rows: [
      [{ tool: "write", ms: 500 }, { interrupt: "its host was replaced" }, { approve: ["pay"], on_reject: "continue" }],
    ],
    concurrency: 1,
    timeoutMs: 18_000,
    onApproval: "wait",
    lives: [{ ms: 7_000 }, { ms: 100 }],
    gapMs: 20,
    world: aWorld(
      [],
      [
        { kind: "drop", where: "resume" },
        { kind: "lag", where: "record", ms: 1_000 },
      ],
    ),
  };
  const { problems } = await simulateBatchPlan(plan);
  expect(problems).toEqual([]);
});
