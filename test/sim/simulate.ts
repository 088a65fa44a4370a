/** Lives one plan through and answers what was wrong with it. */
import { check } from "./check.ts";
import type { Plan } from "./plan.ts";
import type { Trace } from "./trace.ts";
import { readTruth } from "./truth.ts";
import { type Process, World } from "./world.ts";

/** After the last deadline: cancels are given up after 15 minutes. */
const GRACE_MS = 20 * 60_000;
/** A sweep that fails leaves its entry to the next one. */
const MAX_SWEEPS = 5;

export interface Lived {
  wrong: string[];
  trace: Trace;
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
    return { wrong: check(world, process, truth), trace: world.trace };
  } catch (error) {
    return {
      wrong: [`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`],
      trace: world.trace,
    };
  }
}

/** Lets the process die, and others sweep until nothing is left to sweep. */
async function crash(world: World, process: Process, { atMs, restartMs }: NonNullable<Plan["crash"]>): Promise<void> {
  await world.clock.advance(atMs);
  world.trace.note(`${world.clock.now()} the process dies`);
  process.kill();
  await world.clock.advance(restartMs);
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
