/** A few batches; the simulator's campaign and CI play more. */
import { expect, test } from "vitest";
import { generateBatchPlan } from "./batch-plan.ts";
import { simulateBatchPlan } from "./simulate-batch.ts";

test("60 batches, killed and begun again, lose nothing and double nothing", { timeout: 120_000 }, async () => {
  const broken: string[] = [];
  for (let seed = 4_000; seed < 4_060; seed += 1) {
    const { problems } = await simulateBatchPlan(generateBatchPlan(seed));
    if (problems.length > 0) broken.push(`seed ${seed}: ${problems.join("; ")}`);
  }
  expect(broken).toEqual([]);
});
