/** A few plans of `dispatch up`; the simulator's campaigns draw thousands. */
import { expect, test } from "vitest";
import { generateDeployPlan } from "./deploy-plan.ts";
import { simulateDeployPlan } from "./simulate-deploys.ts";

test("upserts that overlap, fail and are killed end with one that serves", { timeout: 120_000 }, async () => {
  const broken: string[] = [];
  let killed = 0;
  for (let seed = 7_000; seed < 7_060; seed += 1) {
    const plan = generateDeployPlan(seed);
    killed += plan.ups.filter(({ killAfterMs }) => killAfterMs !== undefined).length;
    for (const problem of (await simulateDeployPlan(plan)).problems) broken.push(`${seed}: ${problem}`);
  }
  expect(broken).toEqual([]);
  expect(killed).toBeGreaterThan(10);
});

test("what a killed process of this machine has made may have been adopted by another machine", async () => {
  expect((await simulateDeployPlan(generateDeployPlan(31068418))).problems).toEqual([]);
});
