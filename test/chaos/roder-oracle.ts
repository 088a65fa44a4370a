/** Checks what a Roder host received for one request against the service. Each problem begins with the number of its invariant. */

import { isEndOf } from "../sim/oracle.ts";
import { excerpt, firstDifference } from "../support/in-process/excerpt.ts";
import { canariesIn } from "./canaries.ts";
import type { RoderPlan, RoderRequest } from "./chaos-plan.ts";
import type { ActualRun } from "./plan-service.ts";
import type { Event, TrackedRequest } from "./request-tracker.ts";

export interface RequestCase {
  plan: RoderPlan;
  request: RoderRequest;
  entry: TrackedRequest;
  /** Runs that the service started for it. */
  runs: readonly ActualRun[];
  /** Whether the host left before the end. */
  ended: boolean;
  /** Whether there was a reason to stop it: a cancel, a short timeout, or the end of the host. */
  stopped: boolean;
}

/** Longest final message of a dispatch, in characters. */
const RESULT_CHARS = 20_000;
const UNRELIABLE = "parts of the streamed answer were lost";

export function checkRequest(one: RequestCase): string[] {
  const { request, entry, ended } = one;
  if (request.via === "tool") return leaks(JSON.stringify(entry.reply ?? ""));
  const problems: string[] = [];
  const expected = request.twice ? 2 : 1;
  if (!ended && entry.replies.length !== expected)
    problems.push(`I1: ${entry.replies.length} replies to ${expected} requests`);
  const terminals = entry.events.filter(({ type }) => type === "completed" || type === "failed").length;
  if (terminals > 1) problems.push(`I1: ${terminals} terminal events`);
  if (!ended && terminals === 0 && entry.replies[0] === "result") problems.push("I1: no terminal event");
  if (
    ended &&
    one.plan.ending?.how === "eof" &&
    one.plan.faults.rules.length === 0 &&
    terminals === 0 &&
    entry.replies[0] === "result"
  ) {
    problems.push("I1: no terminal event although the host could still read");
  }
  for (const name of ["stdout", "stderr", "log"]) problems.push(...leaks(entry.stream(name)));
  if (!entry.terminal) return problems;
  problems.push(...leaks(JSON.stringify(entry.terminal)));
  return problems.concat(
    entry.terminal.type === "failed" ? checkFailure(one, entry.terminal) : checkOutcome(one, entry.terminal.result),
  );
}

/** Whether a failure says that the state of its run is unknown. Only then may the run exist. */
export const isUnknown = (text: string) => /could not be looked up|could be this one/.test(text);

function checkFailure({ runs }: RequestCase, { error }: Event): string[] {
  const run = runs[0];
  if (!run || isUnknown(error)) return [];
  if (/before a(ny)? (remote )?run was started/.test(error))
    return [`I6: "${error}", but there is a run (${run.status})`];
  return [];
}

/** Returns the id of the run that a terminal event names. */
export function namedRun({ terminal }: TrackedRequest): string | undefined {
  const { metadata, payload } = terminal?.result ?? {};
  return metadata?.run_id ?? payload?.run_id ?? undefined;
}

function checkOutcome(one: RequestCase, result: Event): string[] {
  const { request, runs } = one;
  const known = request.via === "dispatch" ? result.metadata : result.payload;
  if (known.status === "started") return [];
  const run = runs.find(({ id }) => id === known.run_id);
  if (!run)
    return runs.length === 0 && known.status === "cancelled"
      ? []
      : [`I6: the outcome names run ${known.run_id}, which is not its own`];
  const why = String(known.error?.message ?? "");
  if (/cancel requested|Seren Cloud/.test(why)) return [];
  const problems: string[] = [];
  const told = known.status;
  const fits = isEndOf(run.status, told, why);
  if (!fits) problems.push(`I6: told ${told} (${why}), but the record says ${run.status}`);
  if (run.status === "cancelled" && !one.stopped && !saysSo(request)) problems.push("I12: cancelled unasked");
  if (request.canary || !fits) return problems;
  return problems.concat(
    request.via === "dispatch" ? checkMessage(result.final_message, told, run) : checkStreams(one, known, run),
  );
}

const saysSo = (request: RoderRequest) =>
  request.script.some((step) => "status" in step && String(step.status).startsWith("cancel"));

function checkMessage(message: string, told: string, run: ActualRun): string[] {
  const text = run.text.toWellFormed();
  if (Array.from(text).length > RESULT_CHARS / 2 || text.trim() === "") return [];
  const holds = told === "completed" ? message.startsWith(text) : message.includes(text.trimEnd());
  return holds ? [] : [`I3: final message ${excerpt(message)} does not hold ${excerpt(text)}`];
}

function checkStreams({ entry, request }: RequestCase, payload: Event, run: ActualRun): string[] {
  if (request.detach) return [];
  const problems: string[] = [];
  const text = run.text.toWellFormed();
  if (!payload.truncated && payload.text !== text)
    problems.push(`I3: final text ${excerpt(payload.text)} is not ${excerpt(text)}`);
  if (entry.stream("stderr").includes(UNRELIABLE)) return problems;
  const streamed = entry.stream("stdout");
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  if (streamed !== whole)
    problems.push(`I3: streamed ${excerpt(streamed)} is not ${excerpt(whole)}${firstDifference(streamed, whole)}`);
  return problems;
}

function leaks(text: string): string[] {
  return canariesIn(text).map((canary) => `I10: ${canary} in what a host puts together`);
}
