/**
 * How a run's free-form status is read (`docs/reference/seren-cloud-api.md`, section 3.4). Unknown values mean that the
 * run goes on.
 */
import { type LiveState, type Run, UNKNOWN_STATUS } from "../model.ts";

export type RunEnding = "completed" | "failed" | "cancelled" | "timed_out" | "blocked";

/** Our word for a run of which the service says that it is over, and not how it ended. */
export const ENDED_STATUS = "ended";

const ENDINGS: Readonly<Record<string, RunEnding>> = {
  completed: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  timeout: "timed_out",
  blocked: "blocked",
  [ENDED_STATUS]: "failed",
};

export const AWAITING_APPROVAL = "awaiting_approval";

/** Statuses of a run that goes on. */
const GOING_ON: ReadonlySet<string> = new Set(["queued", "running"]);

/** Leaves everything open: the run goes on, as far as is known. */
export const UNREADABLE_STATE: LiveState = {
  runId: "",
  status: UNKNOWN_STATUS,
  phase: UNKNOWN_STATUS,
  terminal: false,
};

/** Returns how the run ended; undefined while it goes on or waits for an approval. */
export function endingOf(status: string): RunEnding | undefined {
  return Object.hasOwn(ENDINGS, status) ? ENDINGS[status] : undefined;
}

export function isTerminal(status: string): boolean {
  return endingOf(status) !== undefined;
}

/** Whether the run has ended or waits for a person, so that there is nothing to follow for now. */
export function hasStopped(state: LiveState): boolean {
  return state.terminal || isTerminal(state.status) || state.status === AWAITING_APPROVAL;
}

/** Whether the state leaves open if the run goes on, waits or has ended: its status is missing, or a word of tomorrow. */
export function leavesOpen({ status, terminal }: LiveState): boolean {
  return !terminal && !isKnownStatus(status);
}

/** Whether the run waits for a person, as far as is known. */
export function mayAwaitApproval(status: string): boolean {
  return status === AWAITING_APPROVAL || !isKnownStatus(status);
}

/** False for a status that is missing, and for a word of tomorrow. */
export function isKnownStatus(status: string): boolean {
  return isTerminal(status) || status === AWAITING_APPROVAL || GOING_ON.has(status);
}

/** Returns a state made from the record, for a service without states. Its `latestSequence` is not known. */
export function stateFromRecord({ id, deploymentId, status, statusMessage }: Run): LiveState {
  return { runId: id, deploymentId, status, phase: status, terminal: isTerminal(status), statusMessage };
}

/** Returns the status that a state stands for, also where only `terminal` can be read. */
export function statusOf({ status, terminal }: LiveState): string {
  return status === UNKNOWN_STATUS && terminal ? ENDED_STATUS : status;
}

/** Returns the run as its state describes it, for a record that is too large or cannot be read. */
export function runFromState(state: LiveState): Run {
  const { runId, deploymentId, statusMessage, latestSequence } = state;
  return { id: runId, deploymentId, status: statusOf(state), statusMessage, cut: { by: "state", latestSequence } };
}

/** A run of which only the end of its stream is known. `status`: what that said. */
export function runFromStreamEnd(runId: string, status: string): Run {
  return { id: runId, status: isTerminal(status) ? status : ENDED_STATUS, cut: { by: "stream" } };
}
