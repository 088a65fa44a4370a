/** How a run's free-form status is read (`seren-cloud-api` reference 3.4). Unknown values mean: still going. */

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
