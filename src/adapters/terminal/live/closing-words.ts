/** How a run ended, in one sentence. */
import { decideCommand, type Outcome, withAdvice } from "../../../core/index.ts";
import { oneLine } from "../text.ts";
import type { OnInterrupt } from "./presenter.ts";

/** `told` is what has been said just before: it is not said again. */
export function closingWords({ kind, error, run }: Outcome, told?: string): string {
  const why = error && error.message !== told ? `: ${oneLine(withAdvice(error))}` : "";
  switch (kind) {
    case "completed":
      return "completed";
    case "failed":
      return `the run failed${why}`;
    case "cancelled":
      return "the run was cancelled";
    case "timed_out":
      return `timed out${why}`;
    case "blocked":
      return `the run was blocked${why}`;
    case "awaiting_approval":
      return `the run waits for an approval; decide with: ${decideCommand(run?.runId ?? "<run>")}`;
  }
}

export function interruptWords(what: OnInterrupt): string {
  return what === "cancel"
    ? "cancelling the remote run; interrupt again to leave at once"
    : "no longer following; the run itself goes on";
}
