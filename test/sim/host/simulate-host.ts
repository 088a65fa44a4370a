/** Lives a whole-program plan through: bytes in, bytes out, then another process that sweeps. */

import { World } from "../environment.ts";
import { readTruth } from "../ground-truth.ts";
import type { Lived } from "../simulate.ts";
import { afterwards } from "../simulate.ts";
import { DispatchActor } from "./dispatch-driver.ts";
import { checkHost } from "./host-oracle.ts";
import type { HostPlan } from "./host-plan.ts";
import { Book } from "./host-recorder.ts";
import { type Premises, startProgram } from "./in-memory-program.ts";
import { HostInput, HostOutput } from "./pipes.ts";
import { RoderActor } from "./roder-driver.ts";

/** Longest life of a program whose host stays, and what it may take to end. */
const LIFE_MS = 40 * 60_000;
const LOOK_EVERY_MS = 5_000;
/** The courier's budget after EOF is the longest, half a second for the last lines comes on top. */
const END_WITHIN_MS = 30_600;

export async function liveWithHost(plan: HostPlan, premises: Premises, keepLines = false): Promise<Lived> {
  const world = new World(plan, keepLines);
  const { clock, trace } = world;
  const wrong: string[] = [];
  try {
    await clock.runUntil(world.setUp());
    const process = world.process(0);
    const mode = plan.host.kind === "dispatch" ? "courier" : "roder";
    const input = new HostInput();
    const book = new Book(mode, input, () => clock.now());
    const actor =
      plan.host.kind === "dispatch" ? new DispatchActor(world, plan, book) : new RoderActor(world, plan, book);
    const output = new HostOutput(clock, plan.host.reads, (line) => {
      trace.note(`${clock.now()} | ${line.toString("utf8")}`);
      const message = book.read(line);
      if (message?.kind === "notification") actor.heard(message.method, message.params);
      else if (message && actor instanceof DispatchActor) actor.answered(message);
    });
    const program = startProgram(plan.host.kind, process, premises, input, output);
    let over = false;
    void program.ended.then((cause) => {
      trace.note(`${clock.now()} the program ends: ${cause}`);
      over = true;
      process.kill();
    });
    actor.begin();
    for (const { atMs, line } of plan.host.rubbish) clock.timer(atMs, () => input.line(line));
    const cut = await lifetime(plan, world, actor);
    const how = cut ? (plan.host.ending?.how ?? "eof") : "eof";
    trace.note(`${clock.now()} the host goes: ${how}`);
    if (how === "shutdown") actor.shutDown();
    else if (how === "signal") program.signal();
    else {
      if (how === "gone") output.breakOff();
      input.end();
    }
    await new Promise<void>((resolve) => setImmediate(resolve)); // streams hand on in real turns, which an idle clock outruns
    await clock.advance(END_WITHIN_MS);
    if (!over) {
      wrong.push(`I1: the program does not end after ${how}`);
      process.kill();
    }
    await afterwards(world);
    const truth = await clock.runUntil(readTruth(world.cloud, clock));
    trace.note(JSON.stringify(truth));
    const deaf = plan.host.reads.stopAfter !== undefined;
    wrong.push(...checkHost(world, plan, book, truth, cut || deaf));
    return { wrong, trace, told: [], truth, stats: world.cloud.stats() };
  } catch (error) {
    wrong.push(`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`);
    return { wrong, trace, told: [], truth: undefined, stats: world.cloud.stats() };
  }
}

/** Waits until the host goes away; answers whether that was before everything was done. */
async function lifetime(plan: HostPlan, { clock }: World, actor: { done: boolean }): Promise<boolean> {
  const { ending } = plan.host;
  if (ending) {
    await clock.advance(ending.atMs);
    return true;
  }
  const latest = Math.max(0, ...plan.runs.map(({ atMs }) => atMs)) + 2;
  await clock.advance(latest);
  for (let waited = latest; waited < LIFE_MS; waited += LOOK_EVERY_MS) {
    if (actor.done) return false;
    await clock.advance(LOOK_EVERY_MS);
  }
  return plan.host.reads.stopAfter !== undefined;
}
