/** The exit codes and their meanings, which the help, the documentation and the tests share. */
import type { Outcome } from "../../core/index.ts";
import { assertNever } from "../../support/assert-never.ts";
import { ExecutionFailure, type FailureKind } from "../../support/failure.ts";

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unauthorized: 3,
  unavailable: 4,
  awaitingApproval: 5,
  timedOut: 124,
  cancelled: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, "success; the run completed"],
  [EXIT.failed, "failure: the run failed or was blocked, a limit was reached, or a check found a problem"],
  [EXIT.usage, "usage error: unknown command or option, or invalid input"],
  [EXIT.unauthorized, "no API key, or Seren Cloud does not accept it"],
  [EXIT.unavailable, "Seren Cloud or the network is unavailable"],
  [EXIT.awaitingApproval, "the run waits for an approval"],
  [EXIT.timedOut, "the time limit was reached and the run cancelled"],
  [EXIT.cancelled, "interrupted or cancelled"],
];

const OF_FAILURE: Readonly<Record<FailureKind, ExitCode>> = {
  invalid_input: EXIT.usage,
  unsupported: EXIT.usage,
  unauthorized: EXIT.unauthorized,
  forbidden: EXIT.unauthorized,
  payment_required: EXIT.failed,
  not_found: EXIT.failed,
  conflict: EXIT.failed,
  rate_limited: EXIT.unavailable,
  unavailable: EXIT.unavailable,
  timed_out: EXIT.timedOut,
  cancelled: EXIT.cancelled,
  unknown_outcome: EXIT.unavailable,
  contract: EXIT.unavailable,
  internal: EXIT.failed,
};

/** Returns the exit code for how a run or a command ended. */
export function exitCodeOf(result: Outcome | ExecutionFailure): ExitCode {
  if (result instanceof ExecutionFailure) return OF_FAILURE[result.kind];
  switch (result.kind) {
    case "completed":
      return EXIT.ok;
    case "cancelled":
      return EXIT.cancelled;
    case "timed_out":
      return EXIT.timedOut;
    case "awaiting_approval":
      return EXIT.awaitingApproval;
    case "failed":
    case "blocked":
      return result.stoppedBy === "person" ? EXIT.cancelled : EXIT.failed;
    default:
      return assertNever(result);
  }
}
