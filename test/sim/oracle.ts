/** Checks the invariants against the ground truth. Each problem begins with the number of its invariant. */
import type { Outcome } from "../../src/core/index.ts";
import { RECONCILE_GRACE_MS } from "../../src/core/run/stop-signal.ts";
import { entriesOf } from "../../src/core/spend/spend-entries.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { excerpt } from "../support/in-process/excerpt.ts";
import type { Environment, SimulatedProcess } from "./environment.ts";
import { PREPARED_NAME } from "./environment.ts";
import type { ActualRun, GroundTruth } from "./ground-truth.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { PlannedRun, SimulationPlan } from "./simulation-plan.ts";

/** Longest time from the end or the stop of a run to its outcome, under the worst faults. */
const SETTLE_WITHIN_MS = 10 * 60_000;
/** Longest time an answer of the service may be on its way. */
const ANSWER_WITHIN_MS = 100_000;
export const KIND_OF: Readonly<Record<string, string>> = {
  completed: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  timeout: "timed_out",
  blocked: "blocked",
};

export function checkInvariants(environment: Environment, process: SimulatedProcess, truth: GroundTruth): string[] {
  const { plan } = environment;
  const problems = [...environment.problems];
  process.recorders.forEach((recorder, index) => {
    const run = plan.runs[index];
    if (run)
      problems.push(
        ...checkRun({ plan, run, recorder }, truth, environment.clock.now()).map((what) => `${what} (${recorder.tag})`),
      );
  });
  problems.push(...checkResumes(environment, process));
  problems.push(...checkService(environment, process, truth));
  problems.push(...checkLeftovers(environment, process));
  problems.push(...checkNotices(environment, process, truth));
  problems.push(...checkLimits(environment));
  return problems;
}

/** No more runs are started, and no more go on, than a person allows; what each has cost is known in the end. */
function checkLimits({ plan, ledger, clock }: Environment): string[] {
  const { limits } = plan;
  if (!limits) return [];
  const problems: string[] = [];
  let open = new Set<string>();
  const idOf = new Map<string, string>();
  for (const line of ledger.lines) {
    if (line.kind === "start") {
      open = new Set(open).add(line.id);
      if (limits.activeRuns !== undefined && open.size > limits.activeRuns)
        problems.push(`L1: ${open.size} runs go on`);
    } else if (line.kind === "run") idOf.set(line.run, line.id);
    else if (line.kind === "none") open.delete(line.id);
    else if (line.kind === "end") open.delete(idOf.get(line.run) ?? "");
  }
  const entries = entriesOf(ledger.lines, clock.now());
  if (limits.runsPerHour !== undefined && entries.length > limits.runsPerHour)
    problems.push(`L1: ${entries.length} runs were started`);
  return problems;
}

/** Never two notices of one thing; and none lost of a run that a process answers for, whichever process dies when. */
function checkNotices(environment: Environment, process: SimulatedProcess, truth: GroundTruth): string[] {
  const { plan, notices } = environment;
  const problems: string[] = [];
  for (const { id, tag, status, endedAt, refused } of truth.runs) {
    const ends = notices.endsOf(id);
    if (ends.length > 1) problems.push(`N1: ${ends.length} notices of one end (${tag})`);
    const costs = notices.sent.filter(({ event, run }) => event === "cost" && run.runId === id).length;
    if (costs > 1) problems.push(`N1: ${costs} notices of one cost (${tag})`);
    // One that was interrupted may be taken up by a later request, after its end was told.
    const isTakenUp = process.transport.resumes.some(({ runId, at }) => runId === id && at > (ends[0] ?? 0));
    if (ends.length > 0 && endedAt === undefined && !isTakenUp)
      problems.push(`N1: a notice of the end of a run that goes on (${tag})`);
    const asked = plan.runs[Number(tag.slice(3))];
    const recorder = process.recorders.find((one) => one.tag === tag);
    if (endedAt === undefined || refused || !asked || !recorder || ends.length === 1) continue;
    const isLeft =
      asked.detach || recorder.outcome?.kind === "awaiting_approval" || (plan.crash && recorder.askedAt > 0);
    const isKept = environment.disk.size > 0 && mayStayNoted(process);
    if (!isLeft && !isKept) problems.push(`N2: no notice of the end: ${status} (${tag})`);
  }
  return problems;
}

/** A run as it was planned and as its host saw it. */
interface RunCase {
  plan: SimulationPlan;
  run: PlannedRun;
  recorder: RunRecorder;
}

function checkRun(one: RunCase, truth: GroundTruth, now: number): string[] {
  const { plan, run, recorder } = one;
  const problems = [...recorder.problems];
  const mine = truth.runs.filter(({ tag, refused }) => tag === recorder.tag && !refused);
  if (mine.length > 1) problems.push(`I4: ${mine.length} runs were started for one request`);
  if (recorder.settlements > 1) problems.push(`I1: settled ${recorder.settlements} times`);
  const followed = truth.runs.find(({ id }) => id === (recorder.outcome?.run?.runId ?? recorder.runId));
  if (recorder.settledAt === undefined) {
    if (!plan.crash && recorder.events > 0 && !recorder.stalled) problems.push("I1: never settled");
  } else {
    const free = Math.max(recorder.stoppedAt ?? Number.POSITIVE_INFINITY, 0);
    const ended = followed?.endedAt ?? Number.POSITIVE_INFINITY;
    const since = Math.max(Math.min(free, ended), recorder.lastTakenAt);
    if (Number.isFinite(since) && recorder.settledAt - since > SETTLE_WITHIN_MS) {
      problems.push(`I1: settled ${recorder.settledAt - since} ms after it could`);
    }
  }
  if (recorder.failure !== undefined) problems.push(...checkFailure(recorder, mine));
  if (recorder.outcome) problems.push(...checkOutcome(one, recorder.outcome, followed));
  problems.push(...checkReply(one, truth, mine));
  const owner = run.attachTo === undefined || run.owned === true;
  if (recorder.stoppedAt !== undefined && owner && !run.detach && !plan.crash) {
    const target = run.attachTo === undefined ? mine[0] : followed;
    const late = (target?.endedAt ?? now) - recorder.stoppedAt;
    const left = recorder.outcome?.kind === "awaiting_approval";
    const isTakenUp = target && mayBeResumedElsewhere(plan, run, recorder, target);
    if (target && late > SETTLE_WITHIN_MS && !left && !isTakenUp)
      problems.push(`I6: a stopped run went on for ${late} ms`);
  }
  if (plan.crash) problems.push(...checkLeftAlone(one, mine));
  for (const started of mine) if (isCancelled(started) && !mayBeCancelled(one)) problems.push("I12: cancelled unasked");
  return problems;
}

/** A turn that goes on with a conversation has to meet the agent that remembers it. */
function checkReply({ plan, run }: RunCase, truth: GroundTruth, mine: ActualRun[]): string[] {
  const { replyTo } = run;
  if (replyTo === undefined) return [];
  // A conversation that the plan names may be at home on two deployments, and one that is followed has another run's.
  for (let turn = plan.runs[replyTo]; turn; turn = plan.runs[turn.replyTo ?? -1])
    if (turn.conversation !== undefined || turn.attachTo !== undefined) return [];
  const before = truth.runs.find(({ tag }) => tag === `run${replyTo}`);
  const strays = mine.filter(
    ({ deployment, conversation }) =>
      deployment !== before?.deployment || conversation !== before.conversation || typeof conversation !== "string",
  );
  return strays.map(({ id }) => `R1: the turn ${id} is of another deployment or conversation`);
}

/**
 * A run is resumed by those who wait for it: by none after its stop, and by each for one interruption. When an odd member hides
 * the time at which a run has ended, a second interruption looks like the first, and a request whose answer was lost is sent again.
 */
function checkResumes(environment: Environment, { recorders, transport }: SimulatedProcess): string[] {
  const isHidden = environment.plan.faults.rules.some(({ kind }) => kind === "odd");
  const often = Object.entries(environment.cloud.stats().runsResumed).flatMap(([id, times]) => {
    const waiting = recorders.filter(({ runIds }) => runIds.has(id)).length;
    return times > waiting && !isHidden ? [`I12: resumed ${times} times by ${waiting} requests`] : [];
  });
  const late = [...new Set(transport.resumes.map(({ runId }) => runId))].flatMap((id) => {
    const waiting = recorders.filter(({ runIds }) => runIds.has(id));
    const lastStop = Math.max(...waiting.map(({ stoppedAt }) => stoppedAt ?? Number.POSITIVE_INFINITY));
    const late = transport.resumes.filter(({ runId, at }) => runId === id && at > lastStop);
    return late.length > 0 ? [`I5: resumed ${late.length} times after it was stopped`] : [];
  });
  return [...often, ...late];
}

/** Checks that a run which was to continue by itself does so, even if the process that started it dies. */
function checkLeftAlone({ plan, run, recorder }: RunCase, mine: ActualRun[]): string[] {
  const queuedAt = recorder.phases.get("queued") ?? Number.POSITIVE_INFINITY;
  const kept =
    recorder.stoppedAt === undefined
      ? recorder.failure === undefined && !recorder.broke
      : recorder.stoppedAt > queuedAt;
  const detached = run.detach === true && kept;
  const waiting = recorder.outcome?.kind === "awaiting_approval" && run.attachTo === undefined;
  const claimed = plan.runs.some((other) => other.attachTo !== undefined && other.owned);
  if ((!detached && !waiting) || claimed) return [];
  const scripted = run.script.some((step) => "status" in step && step.status === "cancelled");
  return mine.some(isCancelled) && !scripted ? ["I5: swept, although it was left alone on purpose"] : [];
}

function checkFailure(recorder: RunRecorder, mine: ActualRun[]): string[] {
  const { failure } = recorder;
  if (recorder.broke) return [];
  if (!(failure instanceof ExecutionFailure)) return [`I11: failed with ${String(failure)}`];
  if (failure.kind === "internal") return [`I11: an internal error: ${String((failure.cause as Error)?.stack ?? "")}`];
  const denies = failure.kind === "cancelled" || failure.kind === "timed_out";
  if (denies && mine.length > 0) return [`I6: "${failure.message}", but there is a run`];
  return [];
}

/** Faults that corrupt frames or remove their numbers. Such frames cannot be ordered; their content comes from the record. */
const DAMAGE = new Set(["garble", "lose", "reorder", "no_ids", "no_sequence", "empty_ids", "legacy"]);
export const isDamaged = ({ faults }: SimulationPlan): boolean => faults.rules.some(({ kind }) => DAMAGE.has(kind));

/** Once a request is stopped or its deadline has passed, what is missing of an ended run is read for a limited time, and a notice says what could not be. */
const isCutShort = (recorder: RunRecorder): boolean =>
  recorder.cutShort &&
  (recorder.settledAt ?? 0) - (recorder.stoppedAt ?? Number.POSITIVE_INFINITY) >= RECONCILE_GRACE_MS;

/** With odd members the name or id of a tool may be what was changed: then only that it was called, and where, can be compared. */
const isOdd = ({ faults }: SimulationPlan): boolean => faults.rules.some(({ kind }) => kind === "odd");
const kindOfTool = (tool: string): string => tool.split(" ", 1)[0] ?? "";

function checkOutcome({ plan, run, recorder }: RunCase, outcome: Outcome, truth: ActualRun | undefined): string[] {
  if (!truth) return ["I6: the outcome names a run that does not exist"];
  if (run.attachTo === undefined && truth.tag !== recorder.tag) return ["I6: the outcome is another request's"];
  const ended = truth.endedAt !== undefined && truth.endedAt <= (recorder.settledAt ?? 0);
  if (outcome.kind === "awaiting_approval") {
    if (outcome.approvals.length === 0) return ["I6: awaiting approval with nothing to decide"];
    const stopped = (recorder.settledAt ?? 0) - (recorder.stoppedAt ?? Number.POSITIVE_INFINITY);
    if (stopped > 100 && run.attachTo === undefined)
      return [`I6: awaiting approval ${stopped} ms after it was stopped`];
    const stale = recorder.askedAt - (truth.endedAt ?? Number.POSITIVE_INFINITY);
    return stale > ANSWER_WITHIN_MS ? [`I6: awaiting approval ${stale} ms after the run had ended`] : [];
  }
  if (outcome.error?.message.startsWith("stopped following")) return [];
  if (outcome.error?.message.startsWith("cancel requested")) {
    const since = (recorder.settledAt ?? 0) - (truth.endedAt ?? Number.POSITIVE_INFINITY);
    return since > 50_000 ? [`I6: said not to be confirmed ${since} ms after the run had ended`] : [];
  }
  if (outcome.error?.hint === "resume_run" && mayBeResumedElsewhere(plan, run, recorder, truth)) {
    return truth.text.startsWith(outcome.text) ? [] : [`I3: text ${excerpt(outcome.text)} of ${excerpt(truth.text)}`];
  }
  const problems: string[] = [];
  if (!ended) problems.push(`I6: ${outcome.kind}, but the record says ${truth.status}`);
  const kind = KIND_OF[truth.status];
  const ofStop = outcome.stoppedBy === "deadline" ? "timed_out" : outcome.stoppedBy === "limit" ? "failed" : kind;
  const allowed = kind === "cancelled" ? ofStop : kind;
  const neverRan = truth.refused && outcome.stoppedBy !== undefined;
  if (outcome.kind !== allowed && !neverRan) problems.push(`I6: ${outcome.kind}, but the record says ${truth.status}`);
  if ((outcome.cut === "log") !== recorder.cutShort)
    problems.push(
      `I3: the outcome says ${outcome.cut ?? "nothing"} of an end that ${recorder.cutShort ? "was not" : "was"} read`,
    );
  if (isCutShort(recorder)) return problems;
  if (outcome.text !== truth.text && !(isDoubledUnseen(plan) && outcome.text.startsWith(truth.text)))
    problems.push(`I3: final text ${excerpt(outcome.text)} is not ${excerpt(truth.text)}`);
  if (!recorder.replaced && recorder.text !== outcome.text && truth.text !== "") {
    problems.push(`I3: streamed text ${excerpt(recorder.text)} is not ${excerpt(outcome.text)}`);
  }
  if (recorder.replaced && !isDamaged(plan))
    problems.push("I3: the streamed text was wrong, although no frame was spoilt");
  const [told, recorded] = [recorder.tools, truth.tools].map((tools) => (isOdd(plan) ? tools.map(kindOfTool) : tools));
  if ([...(told ?? [])].sort().join("\n") !== [...(recorded ?? [])].sort().join("\n")) {
    problems.push(`I3: tools told ${recorder.tools.join(", ")}, on record ${truth.tools.join(", ")}`);
  } else if (!isDamaged(plan) && told?.join("\n") !== recorded?.join("\n")) {
    problems.push(`I3: tools out of order ${recorder.tools.join(", ")}, on record ${truth.tools.join(", ")}`);
  }
  return problems;
}

/** Whether another request waits for this run, and may let it go on after an interruption. */
function mayBeResumedElsewhere(
  plan: SimulationPlan,
  run: PlannedRun,
  recorder: RunRecorder,
  truth: ActualRun,
): boolean {
  if (truth.interruptions === 0) return false;
  if (run.attachTo !== undefined && (!run.owned || truth.tag !== recorder.tag)) return true;
  return plan.runs.some((other) => other.attachTo !== undefined && other.owned);
}

/** Whether frames may come twice that nothing tells apart: neither an id nor, where a member is odd, a number. */
function isDoubledUnseen({ faults }: SimulationPlan): boolean {
  const kinds = new Set(faults.rules.map(({ kind }) => kind));
  return kinds.has("duplicate") && kinds.has("empty_ids") && kinds.has("odd");
}

/** Whether a host may be told `told`, with `why`, of a run with this status: what was cancelled by a time or a limit is told as that. */
export function isEndOf(status: string, told: unknown, why: unknown): boolean {
  const kind = KIND_OF[status];
  if (told === kind) return true;
  return (
    kind === "cancelled" && (told === "timed_out" || (told === "failed" && /cancelled at limits\./.test(String(why))))
  );
}

const isCancelled = ({ status }: ActualRun) => status === "cancelled";

/** Whether the run has a reason to be cancelled: a stop, a broken pipe, its script, or another request that owns it. */
function mayBeCancelled({ plan, run, recorder }: RunCase): boolean {
  if (plan.limits || plan.crash || recorder.broke || recorder.failure !== undefined) return true;
  const left = run.detach ? (recorder.phases.get("queued") ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  if (recorder.stoppedAt !== undefined && recorder.stoppedAt <= left) return true;
  if (run.script.some((step) => "status" in step && step.status === "cancelled")) return true;
  return plan.runs.some((other) => other.attachTo !== undefined && other.owned);
}

function checkService(environment: Environment, process: SimulatedProcess, truth: GroundTruth): string[] {
  const problems: string[] = [];
  const stats = environment.cloud.stats();
  if (environment.disk.size > 0 && !mayStayNoted(process))
    problems.push(`I5: ${environment.disk.size} entries stay in the journal`);
  const deciders = environment.plan.person?.processes ?? Number.POSITIVE_INFINITY; // what is not ours repeats itself
  for (const times of Object.values(stats.decisionsReceived)) {
    if (times > deciders) problems.push(`I4: a checkpoint was decided ${times} times`);
  }
  if (stats.deploymentsDeleted > 0) problems.push("I12: a deployment was deleted");
  for (const name of new Set(truth.deployments)) {
    const count = truth.deployments.filter((one) => one === name).length;
    if (count > 1 && name !== PREPARED_NAME) problems.push(`I12: ${count} deployments of one name`);
  }
  for (const id of stats.runsActive) {
    const run = truth.runs.find((one) => one.id === id);
    if (!run || !isLeftOnPurpose(environment.plan, process, run))
      problems.push(`I5: a run is left ${run?.status} (${run?.tag})`);
  }
  return problems;
}

/**
 * The journal entry stays if the host stopped reading, because the end of the run was never reported, and if the run cannot
 * be found because its record is too large to be read.
 */
const mayStayNoted = ({ recorders }: SimulatedProcess) =>
  recorders.some(
    ({ stalled, failure }) => stalled || (failure instanceof ExecutionFailure && failure.kind === "unknown_outcome"),
  );

/**
 * Whether the run is detached or waits for an approval. A process may die after it noted in the journal that it leaves the
 * run alone and before it told the host: leaving that run does less harm than cancelling a promised one.
 */
function isLeftOnPurpose(plan: SimulationPlan, process: SimulatedProcess, run: ActualRun): boolean {
  const recorder = process.recorders.find(({ tag }) => tag === run.tag);
  const asked = plan.runs[Number(run.tag.slice(3))];
  if (asked?.detach && (plan.crash || recorder?.phases.has("queued"))) return true;
  if (plan.crash && asked?.onApproval === "return" && recorder?.askedAt) return true;
  // The last one that owned it, because it may have let an interrupted run go on.
  const owners = process.recorders.filter(
    ({ tag, runIds }) => tag === run.tag || (runIds.has(run.id) && plan.runs[Number(tag.slice(3))]?.owned),
  );
  return owners.some(
    ({ tag, outcome }) => plan.runs[Number(tag.slice(3))]?.detach || outcome?.kind === "awaiting_approval",
  );
}

/** Whether the plan has one run, no stop and no fault, so that no work may remain after its end. */
const isCalm = ({ runs, faults, drain, crash }: SimulationPlan): boolean =>
  runs.length === 1 && runs.every(({ stops }) => stops.length === 0) && faults.rules.length === 0 && !drain && !crash;

function checkLeftovers(environment: Environment, process: SimulatedProcess): string[] {
  const problems: string[] = [];
  const stalled = process.recorders.some((recorder) => recorder.stalled);
  const [only] = process.recorders;
  if (isCalm(environment.plan) && only?.outcome && only.timersLeft > 0) {
    problems.push(`I8: ${only.timersLeft} timers were still set when the only run had ended`);
  }
  const { openStreams } = environment.cloud.stats();
  if (stalled || environment.plan.crash) return problems;
  if (openStreams > 0) problems.push(`I8: ${openStreams} streams are still open`);
  if (process.ambient.waiting > 0) problems.push(`I8: ${process.ambient.waiting} timers are still set`);
  if (process.transport.inFlight > 0) problems.push(`I8: ${process.transport.inFlight} calls are still open`);
  if (process.registry.size > 0) problems.push(`I1: ${process.registry.size} runs are still in the registry`);
  return problems;
}
