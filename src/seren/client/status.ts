/**
 * How a run's free-form status is read (`docs/reference/seren-cloud-api.md`, section 3.4). Unknown values mean that the
 * run goes on.
 */
import type { LiveState, Run } from "../model.ts";

export type RunEnding = "completed" | "failed" | "cancelled" | "timed_out" | "blocked";

const ENDINGS: Readonly<Record<string, RunEnding>> = {
  completed: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  timeout: "timed_out",
  blocked: "blocked",
};

export const AWAITING_APPROVAL = "awaiting_approval";

/** How the run ended, or `undefined` while it goes on or waits for an approval. */
export function endingOf(status: string): RunEnding | undefined {
  return Object.hasOwn(ENDINGS, status) ? ENDINGS[status] : undefined;
}

export function isTerminal(status: string): boolean {
  return endingOf(status) !== undefined;
}

/** Whether there is nothing to follow for now: the run has ended, or waits for a person. */
export function hasStopped(state: LiveState): boolean {
  return state.terminal || isTerminal(state.status) || state.status === AWAITING_APPROVAL;
}

/** A state made from the record, for a service that shows none. The last sequence is not known from it. */
export function stateFromRecord({ id, deploymentId, status, statusMessage }: Run): LiveState {
  const terminal = isTerminal(status);
  const latestSequence = Number.MAX_SAFE_INTEGER;
  return { runId: id, deploymentId, status, phase: status, terminal, latestSequence, statusMessage };
}

/** The reverse, for a record that is too large to be read. */
export function runFromState({ runId, deploymentId, status, statusMessage, latestSequence }: LiveState): Run {
  return { id: runId, deploymentId, status, statusMessage, cut: { latestSequence } };
}
