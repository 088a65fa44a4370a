/**
 * How a run's free-form status is read (`docs/reference/seren-cloud-api.md`, section 3.4). Unknown values mean that the
 * run goes on.
 */
import type { RunLiveState, RunRecord } from "#protocols/seren-cloud";

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
export function hasStopped(state: RunLiveState): boolean {
  return state.terminal || isTerminal(state.status) || state.status === AWAITING_APPROVAL;
}

/** A state made from the record, for a service that shows none. The last sequence is not known from it. */
export function stateFromRecord(record: RunRecord): RunLiveState {
  return {
    run_id: record.id,
    deployment_id: record.deployment_id,
    status: record.status,
    phase: record.status,
    terminal: isTerminal(record.status),
    latest_sequence: Number.MAX_SAFE_INTEGER,
    pending_approval_count: 0,
    status_message: record.status_message,
  };
}

/** The reverse, for a record that cannot be read. When the run was created is not known from it. */
export function recordFromState(state: RunLiveState): RunRecord & { latest_sequence: number } {
  const { run_id, deployment_id, status, status_message, latest_sequence } = state;
  return { id: run_id, deployment_id, status, status_message, latest_sequence, created_at: "" };
}
