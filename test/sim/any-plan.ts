/** Plans of both kinds: every tenth runs the whole program with a host around it, the others run the core alone. */

import { lazy } from "../../src/support/lazy.ts";
import { generateHostPlan, type HostPlan } from "./host/host-plan.ts";
import { readProgramFiles } from "./host/in-memory-program.ts";
import { simulateHostPlan } from "./host/simulate-host.ts";
import { generatePlan } from "./plan-generator.ts";
import { type SimulationResult, simulatePlan } from "./simulate.ts";
import type { SimulationPlan } from "./simulation-plan.ts";

export type AnyPlan = SimulationPlan | HostPlan;

/** Read once, because simulations share the files. */
const programFiles = lazy(readProgramFiles);

export function generateAnyPlan(seed: number): AnyPlan {
  return seed % 10 === 9 ? generateHostPlan(seed) : generatePlan(seed);
}

export async function simulateAnyPlan(plan: AnyPlan, keepLines = false): Promise<SimulationResult> {
  if (!("host" in plan)) return simulatePlan(plan, keepLines);
  return simulateHostPlan(plan, await programFiles(), keepLines);
}
