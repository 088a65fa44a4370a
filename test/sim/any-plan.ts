/**
 * Plans of all kinds: of ten, one runs the whole program with a host around it, one deploys ahead of its runs, and the others run
 * the core alone.
 */

import { lazy } from "../../src/support/lazy.ts";
import { type DeployPlan, generateDeployPlan } from "./deploy/deploy-plan.ts";
import { simulateDeployPlan } from "./deploy/simulate-deploys.ts";
import { generateHostPlan, type HostPlan } from "./host/host-plan.ts";
import { readProgramFiles } from "./host/in-memory-program.ts";
import { simulateHostPlan } from "./host/simulate-host.ts";
import { generatePlan } from "./plan-generator.ts";
import { type SimulationResult, simulatePlan } from "./simulate.ts";
import type { SimulationPlan } from "./simulation-plan.ts";

export type RunPlan = SimulationPlan | HostPlan;
export type AnyPlan = RunPlan | DeployPlan;

/** What every kind of plan gives. */
type Simulated = Pick<SimulationResult, "problems" | "trace">;

/** Read once, because simulations share the files. */
const programFiles = lazy(readProgramFiles);

export function generateAnyPlan(seed: number): AnyPlan {
  if (seed % 10 === 8) return generateDeployPlan(seed);
  return seed % 10 === 9 ? generateHostPlan(seed) : generatePlan(seed);
}

export async function simulateAnyPlan(plan: AnyPlan, keepLines = false): Promise<Simulated> {
  if ("ups" in plan) return simulateDeployPlan(plan, keepLines);
  if (!("host" in plan)) return simulatePlan(plan, keepLines);
  return simulateHostPlan(plan, await programFiles(), keepLines);
}
