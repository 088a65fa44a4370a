/** Short sentences about how a run ended and what an interrupt does. */
import { cutWords, decideCommand, type Outcome, withAdvice } from "../../../core/index.ts";
import { oneLine } from "../screen/text.ts";
import type { OnInterrupt } from "./presenter.ts";

/** Returns how a run ended. The reason is omitted when it equals `lastNotice`, which has just been shown. */
export function closingWords({ kind, error, run, cut }: Outcome, lastNotice?: string): string {
  const why = error && (error.hint || error.message !== lastNotice) ? `: ${oneLine(withAdvice(error))}` : "";
  switch (kind) {
    case "completed":
      return cut ? `completed, but ${cutWords(cut)}` : "completed";
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
    ? "cancelling the remote run; interrupt again to exit at once"
    : "no longer following; the run continues";
}
