/** Shrinks a failing plan by removing whatever it fails without. */
import { type AnyPlan, type RunPlan, simulateAnyPlan } from "./any-plan.ts";
import type { BatchPlan } from "./batch/batch-plan.ts";
import type { DeployPlan } from "./deploy/deploy-plan.ts";

const MAX_LIVES = 300;

/** Returns the smallest plan found that has the same kind of problem. */
export async function shrink(plan: AnyPlan, problem: string): Promise<AnyPlan> {
  const kind = kindOf(problem);
  let smallest = plan;
  let lives = 0;
  for (let found = true; found; ) {
    found = false;
    for (const candidate of smaller(smallest)) {
      lives += 1;
      if (lives > MAX_LIVES) return smallest;
      const { problems } = await simulateAnyPlan(candidate);
      if (!problems.some((what) => kindOf(what) === kind)) continue;
      smallest = candidate;
      found = true;
      break;
    }
  }
  return smallest;
}

/** Returns a problem's text without figures and quotations. */
export function kindOf(problem: string): string {
  return problem
    .replace(/ \(run\d\)$/, "")
    .replace(/".*"/s, "…")
    .replace(/\d{2,}/g, "#")
    .slice(0, 60);
}

function* smaller(plan: AnyPlan): Generator<AnyPlan, void, void> {
  if ("ups" in plan) yield* smallerDeploys(plan);
  else if ("rows" in plan) yield* smallerBatches(plan);
  else yield* smallerRuns(plan);
}

function* smallerDeploys(plan: DeployPlan): Generator<DeployPlan, void, void> {
  const { ups, faults, network } = plan;
  for (const index of ups.keys()) yield { ...plan, ups: ups.toSpliced(index, 1) };
  for (const index of faults.rules.keys()) {
    yield { ...plan, faults: { ...faults, rules: faults.rules.toSpliced(index, 1) } };
  }
  if (network.lost + network.refused > 0) yield { ...plan, network: { ...network, lost: 0, refused: 0 } };
}

function* smallerBatches(plan: BatchPlan): Generator<BatchPlan, void, void> {
  const { lives, rows, concurrency, gapMs } = plan;
  for (const index of lives.keys()) yield { ...plan, lives: without(lives, index) };
  for (const [index, { ms }] of lives.entries()) {
    if (Object.keys(lives[index] ?? {}).length > 1) yield { ...plan, lives: lives.with(index, { ms }) };
  }
  if (rows.length > 1) for (const index of rows.keys()) yield { ...plan, rows: without(rows, index) };
  for (const [index, script] of rows.entries()) {
    for (const step of script.keys()) yield { ...plan, rows: rows.with(index, without(script, step)) };
  }
  if (concurrency > 1) yield { ...plan, concurrency: 1 };
  if (gapMs > 20) yield { ...plan, gapMs: 20 };
  for (const world of smallerRuns(plan.world)) yield { ...plan, world };
}

function* smallerRuns<P extends RunPlan>(plan: P): Generator<P, void, void> {
  const { runs, faults, network, service } = plan;
  for (const key of ["crash", "drain", "person"] as const) {
    const { [key]: left, ...rest } = plan;
    if (left) yield rest as P;
  }
  for (let index = runs.length - 1; index >= 0 && runs.length > 1; index -= 1) {
    // Attachments and replies refer to a run by its index.
    if (runs.some(({ attachTo, replyTo }) => (attachTo ?? replyTo ?? -1) >= index)) continue;
    yield { ...plan, runs: without(runs, index) };
  }
  for (let index = 0; index < faults.rules.length; index += 1) {
    yield { ...plan, faults: { ...faults, rules: without(faults.rules, index) } };
  }
  const calm = { refused: 0, lost: 0, cut: 0, shred: false, latencyMs: 1 };
  for (const [key, value] of Object.entries(calm)) {
    if (Object.entries(network).some(([name, drawn]) => name === key && drawn !== value)) {
      yield { ...plan, network: { ...network, [key]: value } };
    }
  }
  for (const key of ["deployMs", "startMs"] as const) {
    if (service[key] > 0) yield { ...plan, service: { ...service, [key]: 0 } };
  }
  for (const [index, run] of runs.entries()) {
    const change = (changed: object) => ({ ...plan, runs: runs.with(index, { ...run, ...changed }) });
    for (const name of ["detach", "owned", "conversation"] as const) if (run[name]) yield change({ [name]: undefined });
    if (Object.keys(run.consumer).length > 0) yield change({ consumer: {} });
    if (run.atMs > 0) yield change({ atMs: 0 });
    for (let step = 0; step < run.script.length; step += 1) yield change({ script: without(run.script, step) });
    for (let stop = 0; stop < run.stops.length; stop += 1) yield change({ stops: without(run.stops, stop) });
  }
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, place) => place !== index);
}
