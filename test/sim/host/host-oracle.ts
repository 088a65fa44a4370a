/** Checks what a host received against the ground truth. */
import type { Json } from "../../support/child-process/line-check.ts";
import { excerpt } from "../../support/in-process/excerpt.ts";
import { type Environment, PREPARED_NAME } from "../environment.ts";
import type { ActualRun, GroundTruth } from "../ground-truth.ts";
import { isDamaged, isEndOf } from "../oracle.ts";
import type { HostDriver } from "./host-driver.ts";
import type { HostPlan } from "./host-plan.ts";
import type { HostExchange, HostRecorder } from "./host-recorder.ts";

/** Longest time until a host that reads immediately has the reply to a cancel. */
const CANCEL_WITHIN_MS = 250;
/** Once a run is stopped, what is missing of its answer is read for a limited time. */
const CUT_SHORT = "the end of the answer could not be read";
const UNRELIABLE = "parts of the streamed answer were lost";

export interface HostCase {
  environment: Environment;
  plan: HostPlan;
  recorder: HostRecorder;
  driver: HostDriver;
  truth: GroundTruth;
  /** Whether the host left before everything was answered, or stopped reading. */
  cut: boolean;
}

export function checkHost({ environment, plan, recorder, driver, truth, cut }: HostCase): string[] {
  const problems = [...recorder.problems];
  if (!cut)
    for (const { method, replies, isCancelled } of recorder.requests)
      if (replies !== 1 && !(isCancelled && replies === 0)) problems.push(`I1: ${method} has ${replies} replies`);
  for (const name of plan.runs.map((_, index) => `run${index}`)) {
    const all = truth.runs.filter(({ tag }) => tag === name);
    const runs = all.filter(({ refused }) => !refused);
    if (runs.length > 1) problems.push(`I4: ${runs.length} runs were started for one request (${name})`);
    const run = runs[0] ?? all.at(-1);
    const one = recorder.exchanges.get(name);
    if (!one) continue;
    const found = plan.host.kind === "roder" ? checkRoder(plan, one, run, cut) : checkTurn(one, run);
    problems.push(...found.map((what) => `${what} (${one.tag})`));
  }
  problems.push(...(driver.check?.(truth) ?? []));
  for (const name of new Set(truth.deployments)) {
    const count = truth.deployments.filter((other) => other === name).length;
    if (count > 1 && name !== PREPARED_NAME) problems.push(`I12: ${count} deployments of one name`);
  }
  const { decisionsReceived } = environment.cloud.stats();
  if (!plan.person && Object.keys(decisionsReceived).length > recorder.clearAnswers)
    problems.push("I12: a decision that no answer has made");
  const { runsActive, deploymentsDeleted, openStreams } = environment.cloud.stats();
  if (deploymentsDeleted > 0) problems.push("I12: a deployment was deleted");
  if (openStreams > 0) problems.push(`I8: ${openStreams} streams are still open`);
  for (const id of runsActive) {
    const run = truth.runs.find((other) => other.id === id);
    if (!run || !leftOnPurpose(plan, recorder.exchanges.get(run.tag), run))
      problems.push(`I5: a run is left ${run?.status} (${run?.tag})`);
  }
  return problems;
}

/** Whether the run may stay: a detached task, or a turn that ended with a pending approval. */
function leftOnPurpose({ host, runs }: HostPlan, one: HostExchange | undefined, { id, tag }: ActualRun): boolean {
  if (host.kind !== "dispatch") return one?.detached === true;
  // A host that stopped reading or left has not read about the approval.
  const asks = runs[Number(tag.slice(3))]?.script.some((step) => "approve" in step);
  if ((host.reads.stopAfter !== undefined || host.ending?.how === "gone") && asks) return true;
  return one?.request.reply?.kind === "result" && one.events.some(({ content }) => String(content).includes(id));
}

function checkRoder(plan: HostPlan, one: HostExchange, run: ActualRun | undefined, cut: boolean): string[] {
  const problems: string[] = [];
  const terminals = one.events.filter(({ type }) => type === "completed" || type === "failed");
  const accepted = one.request.reply?.kind === "result";
  if (terminals.length > 1 || (!cut && accepted && terminals.length === 0)) {
    problems.push(`I1: ${terminals.length} terminal events`);
  }
  const prompt = Object.keys(plan.host.reads).length === 0;
  for (const { sentAt, repliedAt } of one.cancels) {
    if (prompt && repliedAt !== undefined && repliedAt - sentAt > CANCEL_WITHIN_MS) {
      problems.push(`I6: a cancel was answered after ${repliedAt - sentAt} ms`);
    }
  }
  const last = terminals[0];
  if (last?.type === "completed") problems.push(...checkResult(plan, one, last.result as Json, run));
  if (last?.type === "failed" && run && /before a(ny)? run was started/.test(String(last.error))) {
    problems.push(`I6: "${String(last.error)}", but there is a run`);
  }
  return problems;
}

function checkResult(plan: HostPlan, one: HostExchange, result: Json, run: ActualRun | undefined): string[] {
  const known = (one.request.method === "tasks/execute" ? result.payload : result.metadata) as Json;
  if (known.status === "started") return [];
  if (!run) return ["I6: a result without a run"];
  const why = String((known.error as Json | undefined)?.message ?? "");
  if (/cancel requested|stopped following|Seren Cloud/.test(why)) return [];
  if (!isEndOf(run.status, known.status, why))
    return [`I6: told ${String(known.status)} (${why}), but the record says ${run.status}`];
  if (one.request.method !== "tasks/execute") return [];
  const heard = (stream: string) =>
    one.events.map((event) => (event.stream === stream ? String(event.chunk) : "")).join("");
  const problems: string[] = [];
  const text = run.text.toWellFormed();
  const wasStopped = known.status !== "completed" || one.cancels.length > 0;
  if (wasStopped && heard("stderr").includes(CUT_SHORT)) return [];
  if (!known.truncated && known.text !== text)
    problems.push(`I3: final text ${excerpt(known.text)} is not ${excerpt(text)}`);
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const unreliable = isDamaged(plan) && heard("stderr").includes(UNRELIABLE);
  if (!unreliable && heard("stdout") !== whole) {
    problems.push(`I3: streamed ${excerpt(heard("stdout"))} is not ${excerpt(whole)}`);
  }
  return problems;
}

function checkTurn(one: HostExchange, run: ActualRun | undefined): string[] {
  const { reply } = one.request;
  if (reply?.kind === "error") {
    const said = reply.error.message;
    return run && /before a(ny)? run was started/.test(said) ? [`I6: "${said}", but there is a run`] : [];
  }
  if (reply?.kind !== "result") return [];
  const problems: string[] = [];
  const kinds = one.events.map(({ kind }) => String(kind));
  if (!/^((text_delta|tool_call_started|tool_call_finished),)*message,done$/.test(kinds.join()))
    problems.push(`I3: the order of a turn is ${kinds.join()}`);
  const said = String(one.events.find(({ kind }) => kind === "message")?.content ?? "");
  const streamed = one.events.map((event) => (event.kind === "text_delta" ? String(event.content) : "")).join("");
  if (streamed !== said && !said.includes(UNRELIABLE) && run?.status === "completed" && !said.includes(run.text)) {
    problems.push(`I3: streamed ${excerpt(streamed)} is not ${excerpt(said)}`);
  }
  if (run?.status === "completed" && run.endedAt !== undefined && !said.includes(run.text.toWellFormed())) {
    const waited = said.includes("approv");
    if (!waited) problems.push(`I3: the answer ${excerpt(said)} does not hold ${excerpt(run.text)}`);
  }
  return problems;
}
