/** How a run ended, in the values of this host: the reason of a dispatch, the exit code of a task. */
import type { ExitReason } from "#protocols/roder-extension";
import { cutOf, type Outcome } from "../../../core/index.ts";
import { assertNever } from "../../../support/assert-never.ts";

const RATE_LIMIT_CODE = /rate[_ -]?limit|too[_ -]?many[_ -]?requests|^429$/i;

const EXIT_CODES = { completed: 0, max_turns: 1, failed: 1, timeout: 124, cancelled: 130 } satisfies Record<
  ExitReason,
  number
>;

export function exitReason(outcome: Outcome): ExitReason {
  switch (outcome.kind) {
    case "completed":
      return "completed";
    case "timed_out":
      return "timeout";
    case "cancelled":
      return outcome.stoppedBy === "deadline" ? "timeout" : "cancelled";
    case "awaiting_approval":
      return outcome.stoppedBy === "deadline" ? "timeout" : "failed";
    case "failed":
    case "blocked":
      return cutOf(outcome.stopReason ?? outcome.error?.code) === "steps" ? "max_turns" : "failed";
    default:
      return assertNever(outcome.kind);
  }
}

/** Returns 0 for a completed run only; 124 for a timeout and 130 for a cancel, as shells do. */
export function exitCode(outcome: Outcome): number {
  return EXIT_CODES[exitReason(outcome)];
}

/** Whether the service failed the run because of a rate limit, so that the host should back off and try again. */
export function isRateLimited(outcome: Outcome): boolean {
  if (outcome.kind !== "failed" || outcome.stoppedBy) return false;
  return RATE_LIMIT_CODE.test(outcome.error?.code ?? "") && outcome.error?.retryable !== false;
}
