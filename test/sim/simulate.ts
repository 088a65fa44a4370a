/** Simulates a plan of the core and returns the problems found. */

import type { LocalStats } from "../../src/local/index.ts";
import { Environment, type SimulatedProcess } from "./environment.ts";
import { type GroundTruth, readGroundTruth } from "./ground-truth.ts";
import { checkInvariants } from "./oracle.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { SimulationPlan } from "./simulation-plan.ts";
import type { Trace } from "./trace.ts";

/** Time after the last deadline: the client repeats a cancel for 15 minutes. */
const GRACE_MS = 20 * 60_000;
/** A sweep that fails leaves its entry to the next start. */
const MAX_SWEEPS = 5;

export interface SimulationResult {
  problems: string[];
  trace: Trace;
  /** What each run reported to its host; empty when the simulation itself failed. */
  recorders: RunRecorder[];
  truth: GroundTruth | undefined;
  stats: LocalStats;
}

export async function simulatePlan(plan: SimulationPlan, keepLines = false): Promise<SimulationResult> {
  const environment = new Environment(plan, keepLines);
  try {
    await environment.clock.runUntil(environment.setUp());
    const process = environment.process(0);
    process.start();
    if (plan.crash) await crash(environment, process, plan.crash);
    else {
      const horizon = Math.max(...plan.runs.map(({ atMs, timeoutMs }) => atMs + timeoutMs));
      await environment.clock.advance(horizon + longestPause(plan) + GRACE_MS);
    }
    const truth = await environment.clock.runUntil(readGroundTruth(environment.cloud, environment.clock));
    environment.trace.note(JSON.stringify(truth));
    const problems = checkInvariants(environment, process, truth);
    return {
      problems,
      trace: environment.trace,
      recorders: process.recorders,
      truth,
      stats: environment.cloud.stats(),
    };
  } catch (error) {
    const why = error instanceof Error ? error.stack : String(error);
    const problems = [`the simulation broke: ${why}`];
    return { problems, trace: environment.trace, recorders: [], truth: undefined, stats: environment.cloud.stats() };
  }
}

async function crash(
  environment: Environment,
  process: SimulatedProcess,
  { atMs, restartMs }: NonNullable<SimulationPlan["crash"]>,
): Promise<void> {
  await environment.clock.advance(atMs);
  environment.trace.note(`${environment.clock.now()} the process dies`);
  process.kill();
  await environment.clock.advance(restartMs);
  await sweepAfterwards(environment);
}

/** Starts further processes until their sweeps have emptied the journal. */
export async function sweepAfterwards(environment: Environment): Promise<void> {
  for (let number = 1; number <= MAX_SWEEPS; number += 1) {
    const next = environment.process(number);
    void next.sweep();
    await environment.clock.advance(GRACE_MS);
    next.kill();
    if (environment.disk.size === 0) return;
  }
}

function longestPause(plan: SimulationPlan): number {
  return Math.max(0, ...plan.runs.map(({ consumer }) => consumer.pause?.ms ?? 0));
}
