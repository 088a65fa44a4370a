/** The promises, checked against what really happened. Each finding begins with the number of its invariant. */
import type { Outcome } from "../../src/core/index.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import type { Process, World } from "./environment.ts";
import { SETUP_NAME } from "./environment.ts";
import type { TrueRun, Truth } from "./ground-truth.ts";
import type { Told } from "./run-recorder.ts";
import type { Plan, RunPlan } from "./simulation-plan.ts";

/** From the moment a run may end (it has ended, or was stopped) to its outcome, the worst faults included. */
const SETTLE_WITHIN_MS = 10 * 60_000;
/** The longest an answer of the service may be under way. */
const ANSWER_WITHIN_MS = 100_000;
const KIND_OF: Readonly<Record<string, string>> = {
  completed: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  timeout: "timed_out",
  blocked: "blocked",
};

export function check(world: World, process: Process, truth: Truth): string[] {
  const { plan } = world;
  const wrong: string[] = [];
  process.told.forEach((told, index) => {
    const run = plan.runs[index];
    if (run) wrong.push(...checkRun(plan, run, told, truth, world.clock.now()).map((what) => `${what} (${told.tag})`));
  });
  wrong.push(...checkService(world, process, truth));
  wrong.push(...checkLeftovers(world, process));
  return wrong;
}

function checkRun(plan: Plan, run: RunPlan, told: Told, truth: Truth, now: number): string[] {
  const wrong = [...told.wrong];
  const mine = truth.runs.filter(({ tag }) => tag === told.tag);
  if (mine.length > 1) wrong.push(`I4: ${mine.length} runs were started for one request`);
  if (told.settlements > 1) wrong.push(`I1: settled ${told.settlements} times`);
  const followed = truth.runs.find(({ id }) => id === (told.outcome?.run?.runId ?? told.runId));
  if (told.settledAt === undefined) {
    if (!plan.crash && told.events > 0 && !told.stalled) wrong.push("I1: never settled");
  } else {
    const free = Math.max(told.stoppedAt ?? Number.POSITIVE_INFINITY, 0);
    const ended = followed?.endedAt ?? Number.POSITIVE_INFINITY;
    const since = Math.max(Math.min(free, ended), told.lastTakenAt);
    if (Number.isFinite(since) && told.settledAt - since > SETTLE_WITHIN_MS) {
      wrong.push(`I1: settled ${told.settledAt - since} ms after it could`);
    }
  }
  if (told.failure !== undefined) wrong.push(...checkFailure(told, mine));
  if (told.outcome) wrong.push(...checkOutcome(plan, told, told.outcome, followed, run));
  const owner = run.attachTo === undefined || run.owned === true;
  if (told.stoppedAt !== undefined && owner && !run.detach && !plan.crash) {
    const target = run.attachTo === undefined ? mine[0] : followed;
    const late = (target?.endedAt ?? now) - told.stoppedAt;
    const left = told.outcome?.kind === "awaiting_approval";
    if (target && late > SETTLE_WITHIN_MS && !left) wrong.push(`I6: a stopped run went on for ${late} ms`);
  }
  if (plan.crash) wrong.push(...checkLeftAlone(plan, run, told, mine));
  for (const one of mine)
    if (isCancelled(one) && !mayBeCancelled(plan, run, told)) wrong.push("I12: cancelled unasked");
  return wrong;
}

/** What was asked to go on by itself goes on, whatever becomes of the process that was asked. */
function checkLeftAlone(plan: Plan, run: RunPlan, told: Told, mine: TrueRun[]): string[] {
  const queuedAt = told.phases.get("queued") ?? Number.POSITIVE_INFINITY;
  const kept = told.stoppedAt === undefined ? told.failure === undefined && !told.broke : told.stoppedAt > queuedAt;
  const detached = run.detach === true && kept;
  const waiting = told.outcome?.kind === "awaiting_approval" && run.attachTo === undefined;
  const claimed = plan.runs.some((other) => other.attachTo !== undefined && other.owned);
  if ((!detached && !waiting) || claimed) return [];
  const scripted = run.script.some((step) => "status" in step && step.status === "cancelled");
  return mine.some(isCancelled) && !scripted ? ["I5: swept, although it was left alone on purpose"] : [];
}

function checkFailure(told: Told, mine: TrueRun[]): string[] {
  const { failure } = told;
  if (told.broke) return [];
  if (!(failure instanceof ExecutionFailure)) return [`I11: failed with ${String(failure)}`];
  if (failure.kind === "internal") return [`I11: an internal error: ${String((failure.cause as Error)?.stack ?? "")}`];
  const denies = failure.kind === "cancelled" || failure.kind === "timed_out";
  if (denies && mine.length > 0) return [`I6: "${failure.message}", but there is a run`];
  return [];
}

/** Frames that are spoilt or have no number cannot be placed; what they said is told at the end. */
const DAMAGE = new Set(["garble", "lose", "reorder", "no_ids", "no_sequence", "empty_ids", "legacy"]);
export const isDamaged = ({ faults }: Plan): boolean => faults.rules.some(({ kind }) => DAMAGE.has(kind));

function checkOutcome(plan: Plan, told: Told, outcome: Outcome, truth: TrueRun | undefined, run: RunPlan): string[] {
  if (!truth) return ["I6: the outcome names a run that does not exist"];
  if (run.attachTo === undefined && truth.tag !== told.tag) return ["I6: the outcome is another request's"];
  const ended = truth.endedAt !== undefined && truth.endedAt <= (told.settledAt ?? 0);
  if (outcome.kind === "awaiting_approval") {
    if (outcome.approvals.length === 0) return ["I6: awaiting approval with nothing to decide"];
    const stopped = (told.settledAt ?? 0) - (told.stoppedAt ?? Number.POSITIVE_INFINITY);
    if (stopped > 100 && run.attachTo === undefined)
      return [`I6: awaiting approval ${stopped} ms after it was stopped`];
    const stale = told.askedAt - (truth.endedAt ?? Number.POSITIVE_INFINITY);
    return stale > ANSWER_WITHIN_MS ? [`I6: awaiting approval ${stale} ms after the run had ended`] : [];
  }
  if (outcome.error?.message.startsWith("stopped following")) return [];
  if (outcome.error?.message.startsWith("cancel requested")) {
    const since = (told.settledAt ?? 0) - (truth.endedAt ?? Number.POSITIVE_INFINITY);
    return since > 50_000 ? [`I6: said not to be confirmed ${since} ms after the run had ended`] : [];
  }
  const wrong: string[] = [];
  if (!ended) wrong.push(`I6: ${outcome.kind}, but the record says ${truth.status}`);
  const kind = KIND_OF[truth.status];
  const allowed = kind === "cancelled" && outcome.stoppedBy === "deadline" ? "timed_out" : kind;
  if (outcome.kind !== allowed) wrong.push(`I6: ${outcome.kind}, but the record says ${truth.status}`);
  if (outcome.text !== truth.text) wrong.push(`I3: final text ${show(outcome.text)} is not ${show(truth.text)}`);
  if (!told.replaced && told.text !== outcome.text && truth.text !== "") {
    wrong.push(`I3: streamed text ${show(told.text)} is not ${show(outcome.text)}`);
  }
  if (told.replaced && !isDamaged(plan)) wrong.push("I3: the streamed text was wrong, although no frame was spoilt");
  const tools = [...told.tools].sort().join("\n");
  if (tools !== [...truth.tools].sort().join("\n")) {
    wrong.push(`I3: tools told ${told.tools.join(", ")}, on record ${truth.tools.join(", ")}`);
  } else if (!isDamaged(plan) && told.tools.join("\n") !== truth.tools.join("\n")) {
    wrong.push(`I3: tools out of order ${told.tools.join(", ")}, on record ${truth.tools.join(", ")}`);
  }
  return wrong;
}

/** The outcome that fits a run's status. */
export const kindOfStatus = (status: string): string | undefined => KIND_OF[status];

const isCancelled = ({ status }: TrueRun) => status === "cancelled";

/** Whether somebody asked for it: a stop, a broken pipe, the script itself, another request that owns the run. */
function mayBeCancelled(plan: Plan, run: RunPlan, told: Told): boolean {
  if (plan.crash || told.broke || told.failure !== undefined) return true;
  const left = run.detach ? (told.phases.get("queued") ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  if (told.stoppedAt !== undefined && told.stoppedAt <= left) return true;
  if (run.script.some((step) => "status" in step && step.status === "cancelled")) return true;
  return plan.runs.some((other) => other.attachTo !== undefined && other.owned);
}

function checkService(world: World, process: Process, truth: Truth): string[] {
  const wrong: string[] = [];
  const stats = world.cloud.stats();
  if (world.disk.size > 0 && !mayStayNoted(process)) wrong.push(`I5: ${world.disk.size} entries stay in the journal`);
  if (stats.deploymentsDeleted > 0) wrong.push("I12: a deployment was deleted");
  for (const name of new Set(truth.deployments)) {
    const count = truth.deployments.filter((one) => one === name).length;
    if (count > 1 && name !== SETUP_NAME) wrong.push(`I12: ${count} deployments of one name`);
  }
  for (const id of stats.runsActive) {
    const run = truth.runs.find((one) => one.id === id);
    if (!run || !isLeftOnPurpose(world.plan, process, run))
      wrong.push(`I5: a run is left ${run?.status} (${run?.tag})`);
  }
  return wrong;
}

/**
 * The entry of a run whose host reads no more stays: nobody has told the end of it. So does that of a run which cannot be
 * found because runs are too large to be looked at.
 */
const mayStayNoted = ({ told }: Process) =>
  told.some(
    ({ stalled, failure }) => stalled || (failure instanceof ExecutionFailure && failure.kind === "unknown_outcome"),
  );

/**
 * Detached, or waiting for a person by agreement. A process that dies between writing that it leaves a run alone and
 * saying so leaves one that was asked for, which does less harm than cancelling one that was promised.
 */
function isLeftOnPurpose(plan: Plan, process: Process, run: TrueRun): boolean {
  const told = process.told.find(({ tag }) => tag === run.tag);
  const asked = plan.runs[Number(run.tag.slice(3))];
  if (asked?.detach && (plan.crash || told?.phases.has("queued"))) return true;
  if (plan.crash && asked?.onApproval === "return" && told?.askedAt) return true;
  return told?.outcome?.kind === "awaiting_approval";
}

/** Nothing is stopped or lost, so that nothing has to be seen to after the end. */
const isCalm = ({ runs, faults, drain, crash }: Plan): boolean =>
  runs.length === 1 && runs.every(({ stops }) => stops.length === 0) && faults.rules.length === 0 && !drain && !crash;

function checkLeftovers(world: World, process: Process): string[] {
  const wrong: string[] = [];
  const stalled = process.told.some((told) => told.stalled);
  const [only] = process.told;
  if (isCalm(world.plan) && only?.outcome && only.timersLeft > 0) {
    wrong.push(`I8: ${only.timersLeft} timers were still set when the only run had ended`);
  }
  const { openStreams } = world.cloud.stats();
  if (stalled || world.plan.crash) return wrong;
  if (openStreams > 0) wrong.push(`I8: ${openStreams} streams are still open`);
  if (process.ambient.waiting > 0) wrong.push(`I8: ${process.ambient.waiting} timers are still set`);
  if (process.transport.inFlight > 0) wrong.push(`I8: ${process.transport.inFlight} calls are still open`);
  if (process.registry.size > 0) wrong.push(`I1: ${process.registry.size} runs are still in the registry`);
  return wrong;
}

function show(text: string): string {
  return text.length > 120 ? `${JSON.stringify(text.slice(0, 100))}… (${text.length})` : JSON.stringify(text);
}
