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

/** Returns a state made from the record, for a service without states. Its `latestSequence` is unknown, so the maximum. */
export function stateFromRecord({ id, deploymentId, status, statusMessage }: Run): LiveState {
  const terminal = isTerminal(status);
  const latestSequence = Number.MAX_SAFE_INTEGER;
  return { runId: id, deploymentId, status, phase: status, terminal, latestSequence, statusMessage };
}

/** Returns the run as its state describes it, for a record that is too large to be read. */
export function runFromState({ runId, deploymentId, status, statusMessage, latestSequence }: LiveState): Run {
  return { id: runId, deploymentId, status, statusMessage, cut: { latestSequence } };
}
