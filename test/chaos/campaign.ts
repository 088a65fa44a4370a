/** Many plans: some children at a time, some plans in each. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalHttp } from "../../src/local/index.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { Bridge } from "./chaos-child.ts";
import type { ChaosPlan, CourierPlan, RoderPlan } from "./chaos-plan.ts";
import { drawPlan } from "./chaos-plan-generator.ts";
import { CourierAct } from "./courier-session.ts";
import { Switchboard, sleep, World } from "./plan-service.ts";
import { Book } from "./request-tracker.ts";
import { QUIET_MS, RoderAct } from "./roder-session.ts";

/** Plans of one child: those of Roder at the same time, turns of Dispatch one after another. */
const RODER_BATCH = 6;
const COURIER_BATCH = 4;
/** Children at a time. They wait most of the time. */
const CHILDREN = 14;
/** Both hosts' children give up on what cannot be stopped; Dispatch's has 30 s for it. */
const EXIT_MS = 40_000;
export interface Verdict {
  plan: ChaosPlan;
  problems: string[];
  ms: number;
  /** What the child logged, where something is wrong. */
  stderr: string;
}

/** Lives through `count` plans from `firstSeed` on; `onVerdict` hears of each as it ends. */
export async function campaign(firstSeed: number, count: number, onVerdict: (verdict: Verdict) => void): Promise<void> {
  const batches = intoBatches(Array.from({ length: count }, (_, index) => drawPlan(firstSeed + index)));
  const workers = Array.from({ length: CHILDREN }, async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift())
      for (const verdict of await live(batch)) onVerdict(verdict);
  });
  await Promise.all(workers);
}

/** Plans that can share a child. Only one of a child's plans can have the general agent: nothing in its calls names the plan. */
export function intoBatches(plans: readonly ChaosPlan[]): ChaosPlan[][] {
  const alone = plans.filter(({ ending }) => ending).map((plan) => [plan]);
  const shared = plans.filter(({ ending }) => !ending);
  const inAgent = shared.filter(usesAgent);
  const named = shared.filter((plan) => plan.host === "roder" && !usesAgent(plan));
  const turns = shared.filter(({ host }) => host === "courier");
  const together = inAgent.map((plan) => [plan, ...named.splice(0, Math.ceil(named.length / inAgent.length))]);
  return [...together, ...chunks(named, RODER_BATCH), ...chunks(turns, COURIER_BATCH), ...alone];
}

const usesAgent = (plan: ChaosPlan) => plan.host === "roder" && plan.target === "agent";

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

/** One child and the plans it serves. */
export async function live(plans: readonly ChaosPlan[]): Promise<Verdict[]> {
  const board = new Switchboard();
  const http = await startLocalHttp(board);
  const place = { origin: http.origin, stateDir: mkdtempSync(join(tmpdir(), "seren-bridge-state-")) };
  try {
    const roder = plans.filter((plan): plan is RoderPlan => plan.host === "roder");
    const courier = plans.filter((plan): plan is CourierPlan => plan.host === "courier");
    return [
      ...(roder.length > 0 ? await liveWithRoder(roder, board, place) : []),
      ...(courier.length > 0 ? await liveWithDispatch(courier, board, place) : []),
    ];
  } finally {
    await http.close();
    rmSync(place.stateDir, { recursive: true, force: true });
  }
}

/** What a child is given: the service, and the folder that a later one finds again. */
interface Place {
  origin: string;
  stateDir: string;
}

async function liveWithRoder(plans: readonly RoderPlan[], board: Switchboard, place: Place): Promise<Verdict[]> {
  const worlds = await Promise.all(plans.map((plan) => worldOf(plan, board, plan.target === "deployment")));
  board.commons = worlds[0];
  const book = new Book();
  const bridge = new Bridge("roder", { ...place, onMessage: book.take });
  const stopPausing = pauseNowAndThen(bridge, plans[0]);
  await new Promise<void>((resolve) => {
    bridge.send(book.request("extension/initialize", INITIALIZE, () => resolve()));
    void bridge.exited.then(() => resolve());
  });
  void bridge.exited.then(() => book.close());
  const verdicts = await Promise.all(
    plans.map(async (plan, index) => {
      const world = worlds[index] as World;
      const act = new RoderAct(plan, world, bridge, book);
      const began = performance.now();
      await act.perform();
      if (plan.ending) await bridge.finish(EXIT_MS);
      await judgeOrphans(plan, world, place, act.problems);
      await act.judge();
      const { deploymentsCreated } = world.cloud.stats();
      if (deploymentsCreated > world.deploymentsBefore + mayDeploy(plan))
        act.problems.push("I12: a deployment nobody asked for");
      return { plan, problems: act.problems, ms: performance.now() - began, stderr: "" };
    }),
  );
  await stopPausing();
  if (!plans[0]?.ending) await bridge.finish(EXIT_MS);
  if (!plans[0]?.ending && book.unanswered > 0)
    book.problems.push(`I1: ${book.unanswered} requests were never answered`);
  return blame(verdicts, bridge, book.problems);
}

/** Deployments a plan may cost: one; where the image cannot be built, each request may try, and again when it lost the answer. */
function mayDeploy(plan: RoderPlan): number {
  if (plan.target !== "agent") return 0;
  return plan.faults.rules.some(({ kind }) => kind === "fail_build") ? 2 * plan.requests.length : 1;
}

async function liveWithDispatch(plans: readonly CourierPlan[], board: Switchboard, place: Place): Promise<Verdict[]> {
  let act: CourierAct | undefined;
  const bridge = new Bridge("courier", { ...place, onMessage: (message) => act?.take(message) });
  const stopPausing = pauseNowAndThen(bridge, plans[0]);
  const verdicts: Verdict[] = [];
  for (const plan of plans) {
    const world = await worldOf(plan, board, false);
    board.commons = world;
    act = new CourierAct(plan, world, bridge);
    const began = performance.now();
    await act.perform();
    if (plan.ending) await bridge.finish(EXIT_MS);
    await judgeOrphans(plan, world, place, act.problems);
    await act.judge();
    verdicts.push({ plan, problems: act.problems, ms: performance.now() - began, stderr: "" });
  }
  await stopPausing();
  if (!plans[0]?.ending) await bridge.finish(EXIT_MS);
  return blame(verdicts, bridge, []);
}

async function worldOf(plan: ChaosPlan, board: Switchboard, deploy: boolean): Promise<World> {
  const world = new World(plan);
  if (deploy) await world.setUp();
  board.add(world);
  return world;
}

async function judgeOrphans(plan: ChaosPlan, world: World, place: Place, problems: string[]): Promise<void> {
  if (await world.quiet(plan.ending ? 1_000 : QUIET_MS)) return;
  // A host that goes leaves little time; the next start has to finish what was left behind.
  if (plan.ending && (await sweptByNextStart(world, place, problems))) return;
  const left = world.runs.filter(({ id }) => world.cloud.stats().runsActive.includes(id));
  for (const run of left) problems.push(`I5: a run is left ${run.status} (${run.tag})`);
}

async function sweptByNextStart(world: World, place: Place, problems: string[]): Promise<boolean> {
  const book = new Book();
  const bridge = new Bridge("roder", { ...place, onMessage: book.take });
  bridge.send(book.request("extension/initialize", INITIALIZE, () => undefined));
  const quiet = await world.quiet(QUIET_MS);
  await bridge.finish(EXIT_MS);
  problems.push(...bridge.problems);
  return quiet;
}

/** The answer ends the pausing: at the end a host that does not read has half a second, and then its last lines are lost. */
function pauseNowAndThen(bridge: Bridge, plan: ChaosPlan | undefined): () => Promise<void> {
  const { reader } = plan ?? {};
  let going = reader !== undefined;
  const pause = async () => {
    while (reader && going && !bridge.hasExited) {
      await sleep(reader.everyMs);
      if (going) await bridge.pauseReading(reader.forMs);
    }
  };
  const paused = pause();
  return () => {
    going = false;
    return paused;
  };
}

/** What is wrong with the child is wrong with all of its plans: which one it was, a replay of each tells. */
function blame(verdicts: Verdict[], bridge: Bridge, more: readonly string[]): Verdict[] {
  const all = [...bridge.problems, ...more];
  for (const verdict of verdicts) {
    verdict.problems.push(...all);
    if (verdict.problems.length > 0) verdict.stderr = bridge.stderr.slice(-4_000);
  }
  return verdicts;
}
