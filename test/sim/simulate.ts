/** Lives one plan through and answers what was wrong with it. */

import type { LocalStats } from "../../src/local/index.ts";
import { type Process, World } from "./environment.ts";
import { readTruth, type Truth } from "./ground-truth.ts";
import { check } from "./oracle.ts";
import type { Told } from "./run-recorder.ts";
import type { Plan } from "./simulation-plan.ts";
import type { Trace } from "./trace.ts";

/** After the last deadline: cancels are given up after 15 minutes. */
const GRACE_MS = 20 * 60_000;
/** A sweep that fails leaves its entry to the next one. */
const MAX_SWEEPS = 5;

export interface Lived {
  wrong: string[];
  trace: Trace;
  /** What each run of the plan told its host, unless the simulation itself broke. */
  told: Told[];
  truth: Truth | undefined;
  stats: LocalStats;
}

export async function live(plan: Plan, keepLines = false): Promise<Lived> {
  const world = new World(plan, keepLines);
  try {
    await world.clock.runUntil(world.setUp());
    const process = world.process(0);
    process.start();
    if (plan.crash) await crash(world, process, plan.crash);
    else {
      const horizon = Math.max(...plan.runs.map(({ atMs, timeoutMs }) => atMs + timeoutMs));
      await world.clock.advance(horizon + longestPause(plan) + GRACE_MS);
    }
    const truth = await world.clock.runUntil(readTruth(world.cloud, world.clock));
    world.trace.note(JSON.stringify(truth));
    const wrong = check(world, process, truth);
    return { wrong, trace: world.trace, told: process.told, truth, stats: world.cloud.stats() };
  } catch (error) {
    const why = error instanceof Error ? error.stack : String(error);
    const wrong = [`the simulation broke: ${why}`];
    return { wrong, trace: world.trace, told: [], truth: undefined, stats: world.cloud.stats() };
  }
}

async function crash(world: World, process: Process, { atMs, restartMs }: NonNullable<Plan["crash"]>): Promise<void> {
  await world.clock.advance(atMs);
  world.trace.note(`${world.clock.now()} the process dies`);
  process.kill();
  await world.clock.advance(restartMs);
  await afterwards(world);
}

/** Later processes sweep what the first one left, until nothing is left to sweep. */
export async function afterwards(world: World): Promise<void> {
  for (let number = 1; number <= MAX_SWEEPS; number += 1) {
    const next = world.process(number);
    void next.sweep();
    await world.clock.advance(GRACE_MS);
    next.kill();
    if (world.disk.size === 0) return;
  }
}

function longestPause(plan: Plan): number {
  return Math.max(0, ...plan.runs.map(({ consumer }) => consumer.pause?.ms ?? 0));
}
