/** What a host was told, against what really happened. */
import type { Json } from "../../support/child-process/line-check.ts";
import { SETUP_NAME, type World } from "../environment.ts";
import type { TrueRun, Truth } from "../ground-truth.ts";
import { isDamaged, kindOfStatus } from "../oracle.ts";
import type { HostPlan } from "./host-plan.ts";
import type { Book, Case } from "./host-recorder.ts";

/** A host that reads at once has the reply to a cancel within this. */
const CANCEL_WITHIN_MS = 250;
const UNRELIABLE = "parts of the streamed answer were lost";

/** `cut`: the host went away before everything was answered, or stopped reading. */
export function checkHost(world: World, plan: HostPlan, book: Book, truth: Truth, cut: boolean): string[] {
  const wrong = [...book.wrong];
  if (!cut)
    for (const { method, replies } of book.calls) if (replies !== 1) wrong.push(`I1: ${method} has ${replies} replies`);
  for (const one of book.cases.values()) {
    const runs = truth.runs.filter(({ tag }) => tag === one.tag);
    if (runs.length > 1) wrong.push(`I4: ${runs.length} runs were started for one request (${one.tag})`);
    const found = plan.host.kind === "roder" ? checkRoder(plan, one, runs[0], cut) : checkTurn(one, runs[0]);
    wrong.push(...found.map((what) => `${what} (${one.tag})`));
  }
  for (const name of new Set(truth.deployments)) {
    const count = truth.deployments.filter((other) => other === name).length;
    if (count > 1 && name !== SETUP_NAME) wrong.push(`I12: ${count} deployments of one name`);
  }
  const { runsActive, deploymentsDeleted, openStreams } = world.cloud.stats();
  if (deploymentsDeleted > 0) wrong.push("I12: a deployment was deleted");
  if (openStreams > 0) wrong.push(`I8: ${openStreams} streams are still open`);
  for (const id of runsActive) {
    const run = truth.runs.find((other) => other.id === id);
    if (!run || !leftOnPurpose(plan, book.cases.get(run.tag), run))
      wrong.push(`I5: a run is left ${run?.status} (${run?.tag})`);
  }
  return wrong;
}

/** A task that was not to be waited for, and a turn that ended with the request to a person, whatever she did then. */
function leftOnPurpose({ host, runs }: HostPlan, one: Case | undefined, { id, tag }: TrueRun): boolean {
  if (host.kind === "roder") return one?.detached === true;
  // A host that reads no more, or is gone, has not read of the approval either.
  const asks = runs[Number(tag.slice(3))]?.script.some((step) => "approve" in step);
  if ((host.reads.stopAfter !== undefined || host.ending?.how === "gone") && asks) return true;
  return one?.call.reply?.kind === "result" && one.events.some(({ content }) => String(content).includes(id));
}

function checkRoder(plan: HostPlan, one: Case, run: TrueRun | undefined, cut: boolean): string[] {
  const wrong: string[] = [];
  const terminals = one.events.filter(({ type }) => type === "completed" || type === "failed");
  const accepted = one.call.reply?.kind === "result";
  if (terminals.length > 1 || (!cut && accepted && terminals.length === 0)) {
    wrong.push(`I1: ${terminals.length} terminal events`);
  }
  const prompt = Object.keys(plan.host.reads).length === 0;
  for (const { sentAt, repliedAt } of one.cancels) {
    if (prompt && repliedAt !== undefined && repliedAt - sentAt > CANCEL_WITHIN_MS) {
      wrong.push(`I6: a cancel was answered after ${repliedAt - sentAt} ms`);
    }
  }
  const last = terminals[0];
  if (last?.type === "completed") wrong.push(...checkResult(plan, one, last.result as Json, run));
  if (last?.type === "failed" && run && /before a(ny)? run was started/.test(String(last.error))) {
    wrong.push(`I6: "${String(last.error)}", but there is a run`);
  }
  return wrong;
}

function checkResult(plan: HostPlan, one: Case, result: Json, run: TrueRun | undefined): string[] {
  const known = (one.call.method === "tasks/execute" ? result.payload : result.metadata) as Json;
  if (known.status === "started") return [];
  if (!run) return ["I6: a result without a run"];
  const why = String((known.error as Json | undefined)?.message ?? "");
  if (/cancel requested|stopped following|Seren Cloud/.test(why)) return [];
  const kind = kindOfStatus(run.status);
  const fits = known.status === kind || (kind === "cancelled" && known.status === "timed_out");
  if (!fits) return [`I6: told ${String(known.status)} (${why}), but the record says ${run.status}`];
  if (one.call.method !== "tasks/execute") return [];
  const wrong: string[] = [];
  const text = run.text.toWellFormed();
  if (!known.truncated && known.text !== text) wrong.push(`I3: final text ${show(known.text)} is not ${show(text)}`);
  const heard = (stream: string) =>
    one.events.map((event) => (event.stream === stream ? String(event.chunk) : "")).join("");
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const unreliable = isDamaged(plan) && heard("stderr").includes(UNRELIABLE);
  if (!unreliable && heard("stdout") !== whole) {
    wrong.push(`I3: streamed ${show(heard("stdout"))} is not ${show(whole)}`);
  }
  return wrong;
}

function checkTurn(one: Case, run: TrueRun | undefined): string[] {
  const { reply } = one.call;
  if (reply?.kind === "error") {
    const said = reply.error.message;
    return run && /before a(ny)? run was started/.test(said) ? [`I6: "${said}", but there is a run`] : [];
  }
  if (reply?.kind !== "result") return [];
  const wrong: string[] = [];
  const kinds = one.events.map(({ kind }) => String(kind));
  if (!/^((text_delta|tool_call_started|tool_call_finished),)*message,done$/.test(kinds.join()))
    wrong.push(`I3: the order of a turn is ${kinds.join()}`);
  const said = String(one.events.find(({ kind }) => kind === "message")?.content ?? "");
  const streamed = one.events.map((event) => (event.kind === "text_delta" ? String(event.content) : "")).join("");
  if (streamed !== said && !said.includes(UNRELIABLE) && run?.status === "completed" && !said.includes(run.text)) {
    wrong.push(`I3: streamed ${show(streamed)} is not ${show(said)}`);
  }
  if (run?.status === "completed" && run.endedAt !== undefined && !said.includes(run.text.toWellFormed())) {
    const waited = said.includes("approv");
    if (!waited) wrong.push(`I3: the answer ${show(said)} does not hold ${show(run.text)}`);
  }
  return wrong;
}

function show(value: unknown): string {
  const text = String(value);
  return text.length > 120 ? `${JSON.stringify(text.slice(0, 100))}… (${text.length})` : JSON.stringify(text);
}
