/** Runs many plans: several children at a time, several plans in each. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalHttp } from "../../src/local/index.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { ChaosChild } from "./chaos-child.ts";
import type { ChaosPlan, CourierPlan, OddPlan, RoderPlan, ServedPlan } from "./chaos-plan.ts";
import { generateChaosPlan } from "./chaos-plan-generator.ts";
import { CourierSession } from "./courier-session.ts";
import { oddHost } from "./odd-hosts.ts";
import { PlanService, ServiceRouter, sleep } from "./plan-service.ts";
import { RequestTracker } from "./request-tracker.ts";
import { QUIET_MS, RoderSession } from "./roder-session.ts";

/** Plans per child: Roder's run concurrently, Dispatch's one after another. */
const RODER_BATCH = 6;
const COURIER_BATCH = 4;
/** Children at a time. They are idle most of the time. */
const CHILDREN = 14;
/** Longest time a child may take to exit: the courier's budget for a cancel is 30 s. */
const EXIT_MS = 40_000;
export interface PlanResult {
  plan: ChaosPlan;
  problems: string[];
  ms: number;
  /** The end of the child's stderr, if there is a problem. */
  stderr: string;
}

/** Runs `count` plans from `firstSeed` on, and calls `onResult` as each ends. */
export async function runCampaign(
  firstSeed: number,
  count: number,
  onResult: (result: PlanResult) => void,
): Promise<void> {
  const batches = intoBatches(Array.from({ length: count }, (_, index) => generateChaosPlan(firstSeed + index)));
  const workers = Array.from({ length: CHILDREN }, async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift())
      for (const result of await runBatch(batch)) onResult(result);
  });
  await Promise.all(workers);
}

/** Groups plans that can share a child. Only one of them may use the general agent, because its calls do not name the plan. */
function intoBatches(plans: readonly ChaosPlan[]): ChaosPlan[][] {
  const isAlone = (plan: ChaosPlan) => isOdd(plan) || plan.ending !== undefined;
  const alone = plans.filter(isAlone).map((plan) => [plan]);
  const shared = plans.filter((plan): plan is ServedPlan => !isAlone(plan));
  const inAgent = shared.filter(usesAgent);
  const named = shared.filter((plan) => plan.host === "roder" && !usesAgent(plan));
  const turns = shared.filter(({ host }) => host === "courier");
  const together = inAgent.map((plan) => [plan, ...named.splice(0, Math.ceil(named.length / inAgent.length))]);
  return [...together, ...chunks(named, RODER_BATCH), ...chunks(turns, COURIER_BATCH), ...alone];
}

const isOdd = (plan: ChaosPlan): plan is OddPlan => plan.host === "mcp" || plan.host === "acp";

const usesAgent = (plan: ChaosPlan) => plan.host === "roder" && plan.target === "agent";

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

/** Runs plans in one child. */
export async function runBatch(plans: readonly ChaosPlan[]): Promise<PlanResult[]> {
  const [first] = plans;
  if (first && isOdd(first)) return [await runOddPlan(first)];
  const router = new ServiceRouter();
  const http = await startLocalHttp(router);
  const context = { origin: http.origin, stateDir: mkdtempSync(join(tmpdir(), "seren-bridge-state-")) };
  try {
    const roder = plans.filter((plan): plan is RoderPlan => plan.host === "roder");
    const courier = plans.filter((plan): plan is CourierPlan => plan.host === "courier");
    return [
      ...(roder.length > 0 ? await runRoderPlans(roder, router, context) : []),
      ...(courier.length > 0 ? await runCourierPlans(courier, router, context) : []),
    ];
  } finally {
    await http.close();
    rmSync(context.stateDir, { recursive: true, force: true });
  }
}

/** Such a host has a service and a child of its own. */
async function runOddPlan(plan: OddPlan): Promise<PlanResult> {
  const began = performance.now();
  const { problems } = await oddHost(plan.host, plan.seed);
  return { plan, problems, ms: performance.now() - began, stderr: "" };
}

/** What a child is started with: the service, and the state folder that later children share. */
interface ChildContext {
  origin: string;
  stateDir: string;
}

async function runRoderPlans(
  plans: readonly RoderPlan[],
  router: ServiceRouter,
  context: ChildContext,
): Promise<PlanResult[]> {
  const services = await Promise.all(plans.map((plan) => serviceOf(plan, router, plan.target === "deployment")));
  router.fallback = services[0];
  const tracker = new RequestTracker();
  const child = new ChaosChild("roder", { ...context, onMessage: tracker.take });
  const stopPausing = pauseNowAndThen(child, plans[0]);
  await new Promise<void>((resolve) => {
    child.send(tracker.request("extension/initialize", INITIALIZE, () => resolve()));
    void child.exited.then(() => resolve());
  });
  void child.exited.then(() => tracker.close());
  const results = await Promise.all(
    plans.map(async (plan, index) => {
      const service = services[index] as PlanService;
      const session = new RoderSession(plan, service, child, tracker);
      const began = performance.now();
      await session.perform();
      if (plan.ending) await child.finish(EXIT_MS);
      await checkOrphans(plan, service, context, session.problems);
      await session.check();
      const { deploymentsCreated } = service.cloud.stats();
      if (deploymentsCreated > service.deploymentsBefore + mayDeploy(plan))
        session.problems.push("I12: a deployment nobody asked for");
      return { plan, problems: session.problems, ms: performance.now() - began, stderr: "" };
    }),
  );
  await stopPausing();
  if (!plans[0]?.ending) await child.finish(EXIT_MS);
  if (!plans[0]?.ending && tracker.unanswered > 0)
    tracker.problems.push(`I1: ${tracker.unanswered} requests were never answered`);
  return withSharedProblems(results, child, tracker.problems);
}

/** Most deployments a plan may create: one, or two per request where builds fail and a reply may be lost. */
function mayDeploy(plan: RoderPlan): number {
  if (plan.target !== "agent") return 0;
  return plan.faults.rules.some(({ kind }) => kind === "fail_build") ? 2 * plan.requests.length : 1;
}

async function runCourierPlans(
  plans: readonly CourierPlan[],
  router: ServiceRouter,
  context: ChildContext,
): Promise<PlanResult[]> {
  let session: CourierSession | undefined;
  const child = new ChaosChild("courier", { ...context, onMessage: (message) => session?.take(message) });
  const stopPausing = pauseNowAndThen(child, plans[0]);
  const results: PlanResult[] = [];
  for (const plan of plans) {
    const service = await serviceOf(plan, router, false);
    router.fallback = service;
    session = new CourierSession(plan, service, child);
    const began = performance.now();
    await session.perform();
    if (plan.ending) await child.finish(EXIT_MS);
    await checkOrphans(plan, service, context, session.problems);
    await session.check();
    results.push({ plan, problems: session.problems, ms: performance.now() - began, stderr: "" });
  }
  await stopPausing();
  if (!plans[0]?.ending) await child.finish(EXIT_MS);
  return withSharedProblems(results, child, []);
}

async function serviceOf(plan: ServedPlan, router: ServiceRouter, deploy: boolean): Promise<PlanService> {
  const service = new PlanService(plan);
  if (deploy) await service.setUp();
  router.add(service);
  return service;
}

async function checkOrphans(
  plan: ServedPlan,
  service: PlanService,
  context: ChildContext,
  problems: string[],
): Promise<void> {
  if (await service.quiet(plan.ending ? 1_000 : QUIET_MS)) return;
  // A host that exits leaves little time. The next start has to cancel what remains.
  if (plan.ending && (await sweptByNextStart(service, context, problems))) return;
  const left = service.runs.filter(({ id }) => service.cloud.stats().runsActive.includes(id));
  for (const run of left) problems.push(`I5: a run is left ${run.status} (${run.tag})`);
}

async function sweptByNextStart(service: PlanService, context: ChildContext, problems: string[]): Promise<boolean> {
  const tracker = new RequestTracker();
  const child = new ChaosChild("roder", { ...context, onMessage: tracker.take });
  child.send(tracker.request("extension/initialize", INITIALIZE, () => undefined));
  const quiet = await service.quiet(QUIET_MS);
  await child.finish(EXIT_MS);
  problems.push(...child.problems);
  return quiet;
}

/** Returns a function that stops the pauses. A host that does not read at the end loses the last lines after half a second. */
function pauseNowAndThen(child: ChaosChild, plan: ServedPlan | undefined): () => Promise<void> {
  const { reader } = plan ?? {};
  let going = reader !== undefined;
  const pause = async () => {
    while (reader && going && !child.hasExited) {
      await sleep(reader.everyMs);
      if (going) await child.pauseReading(reader.forMs);
    }
  };
  const paused = pause();
  return () => {
    going = false;
    return paused;
  };
}

/** Adds the child's problems to all of its plans. A replay of each shows which one caused them. */
function withSharedProblems(results: PlanResult[], child: ChaosChild, more: readonly string[]): PlanResult[] {
  const all = [...child.problems, ...more];
  for (const result of results) {
    result.problems.push(...all);
    if (result.problems.length > 0) result.stderr = child.stderr.slice(-4_000);
  }
  return results;
}
