/** 1,000 plans whose process dies: no end of a run is told twice, and none is lost that the next process can see. */
import { expect, test } from "vitest";
import { SeededRandom } from "../support/in-process/seeded-random.ts";
import { generatePlan } from "./plan-generator.ts";
import { simulatePlan } from "./simulate.ts";

const FIRST_SEED = 19_000_000;

test("1,000 crashes", { timeout: 600_000 }, async () => {
  const broken: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + 1_000; seed += 1) {
    const random = new SeededRandom(seed);
    const { drain: _, ...plan } = generatePlan(seed);
    const crash = { atMs: random.int(0, random.chance(0.5) ? 2_000 : 60_000), restartMs: random.int(0, 5_000) };
    const { problems } = await simulatePlan({ ...plan, crash });
    broken.push(...problems.filter((problem) => problem.startsWith("N")).map((problem) => `${seed}: ${problem}`));
  }
  expect(broken).toEqual([]);
});
