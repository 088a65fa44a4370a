/** All plans there are: most live in the core alone, every tenth has the whole program and a host around it. */

import { drawHostPlan, type HostPlan } from "./host/host-plan.ts";
import { type Premises, readPremises } from "./host/in-memory-program.ts";
import { liveWithHost } from "./host/simulate-host.ts";
import { drawPlan } from "./plan-generator.ts";
import { type Lived, live } from "./simulate.ts";
import type { Plan } from "./simulation-plan.ts";

export type AnyPlan = Plan | HostPlan;

let premises: Promise<Premises> | undefined;

export function drawAny(seed: number): AnyPlan {
  return seed % 10 === 9 ? drawHostPlan(seed) : drawPlan(seed);
}

export async function liveAny(plan: AnyPlan, keepLines = false): Promise<Lived> {
  if (!("host" in plan)) return live(plan, keepLines);
  premises ??= readPremises();
  return liveWithHost(plan, await premises, keepLines);
}
