/**
 * Plans of all kinds: of twenty, two run the whole program with a host around it, two deploy ahead of their runs, one works on a
 * batch, and the others run the core alone.
 */

import { lazy } from "../../src/support/lazy.ts";
import { type BatchPlan, generateBatchPlan } from "./batch/batch-plan.ts";
import { simulateBatchPlan } from "./batch/simulate-batch.ts";
import { type DeployPlan, generateDeployPlan } from "./deploy/deploy-plan.ts";
import { simulateDeployPlan } from "./deploy/simulate-deploys.ts";
import { generateHostPlan, type HostPlan } from "./host/host-plan.ts";
import { readProgramFiles } from "./host/in-memory-program.ts";
import { simulateHostPlan } from "./host/simulate-host.ts";
import { generatePlan } from "./plan-generator.ts";
import { type SimulationResult, simulatePlan } from "./simulate.ts";
import type { SimulationPlan } from "./simulation-plan.ts";

export type RunPlan = SimulationPlan | HostPlan;
export type AnyPlan = RunPlan | DeployPlan | BatchPlan;

/** What every kind of plan gives. */
type Simulated = Pick<SimulationResult, "problems" | "trace">;

/** Read once, because simulations share the files. */
const programFiles = lazy(readProgramFiles);

export function generateAnyPlan(seed: number): AnyPlan {
  if (seed % 20 === 7) return generateBatchPlan(seed);
  if (seed % 10 === 8) return generateDeployPlan(seed);
  return seed % 10 === 9 ? generateHostPlan(seed) : generatePlan(seed);
}

export async function simulateAnyPlan(plan: AnyPlan, keepLines = false): Promise<Simulated> {
  if ("rows" in plan) return simulateBatchPlan(plan, keepLines);
  if ("ups" in plan) return simulateDeployPlan(plan, keepLines);
  if (!("host" in plan)) return simulatePlan(plan, keepLines);
  return simulateHostPlan(plan, await programFiles(), keepLines);
}
