/** Plans of a batch: rows, and processes that work on them one after the other, each killed at a random time but the last. */
import { deriveSeed, SeededRandom } from "../../support/in-process/seeded-random.ts";
import { generatePlan, generateScript } from "../plan-generator.ts";
import type { SimulationPlan } from "../simulation-plan.ts";

export interface BatchPlan {
  seed: number;
  /** Scripts of the built-in agent. */
  rows: object[][];
  concurrency: number;
  timeoutMs: number;
  onApproval: "wait" | "return";
  /** For each process but the last: how long it lives, and what a person does to it before. */
  lives: { ms: number; drainMs?: number; cancelMs?: number }[];
  /** Time from the end of a process to the next: at least until what it was writing is written. */
  gapMs: number;
  /** Service, network and faults. Its runs are left out. */
  world: SimulationPlan;
}

export function generateBatchPlan(seed: number): BatchPlan {
  const random = new SeededRandom(deriveSeed(seed, 7));
  const { limits, drain: _, crash: __, ...world } = generatePlan(seed);
  const lives = Array.from({ length: random.int(0, 4) }, () => ({
    ms: random.magnitude(1, 120_000),
    ...(random.chance(0.15) ? { drainMs: random.magnitude(1, 30_000) } : {}),
    ...(random.chance(0.1) ? { cancelMs: random.magnitude(1, 30_000) } : {}),
  }));
  const rows = Array.from({ length: random.int(1, 6) }, () => generateScript(random));
  // A record that is too large to be read is only made up for by a complete stream.
  if (rows.some((script) => script.some((step) => "output" in step))) delete world.network.largest;
  return {
    seed,
    rows,
    concurrency: random.int(1, 4),
    timeoutMs: random.magnitude(10_000, 400_000),
    onApproval: random.pick(["wait", "return"]),
    lives,
    gapMs: random.pick([20, 21, 1_000, 40_000]),
    world: { ...world, runs: [], ...(random.chance(0.2) && limits ? { limits } : {}) },
  };
}
