/** How a run ended, in sentences. Shared by dispatches, tasks and tools. */
import {
  type Approval,
  type Artifact,
  cutWords,
  decideCommand,
  type Outcome,
  type RunRef,
  visibleText,
  withAdvice,
} from "../../../core/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { clipCharacters } from "../../../support/clip.ts";
import type { ExecutionFailure } from "../../../support/failure.ts";
import { exitReason } from "./exit-reason.ts";

/** Short enough that the command that decides stays within one line of status. */
const MAX_REASON_CHARS = 100;
const MAX_APPROVALS = 3;
const MAX_ARTIFACTS_SHOWN = 10;

const STOPPED_BY = {
  host: "Roder asked for it",
  deadline: "its time limit passed",
  shutdown: "Roder is closing",
  person: "a person asked for it",
  limit: "", // the message says which
} satisfies Record<NonNullable<Outcome["stoppedBy"]>, string>;

/** Returns one sentence for a run that did not complete, or undefined for one that did. */
export function headline(outcome: Outcome): string | undefined {
  const reason = outcome.error && withAdvice(outcome.error).trim();
  const because = outcome.stoppedBy ? STOPPED_BY[outcome.stoppedBy] : undefined;
  const sentence = (what: string, why = reason || because) => (why ? `${what}: ${why}` : what);
  switch (outcome.kind) {
    case "completed":
      return undefined;
    case "awaiting_approval":
      return approvalText(outcome.approvals, {
        run: outcome.run,
        lead: sentence("The run is waiting for a person's approval", because),
      });
    case "blocked":
      return sentence("The run was blocked");
    case "timed_out":
      return sentence("The run timed out");
    case "cancelled":
      return exitReason(outcome) === "timeout"
        ? sentence("The run timed out", because)
        : sentence("The run was cancelled", because || reason);
    case "failed":
      return exitReason(outcome) === "max_turns"
        ? sentence("The run reached its iteration limit")
        : sentence("The run failed");
    default:
      return assertNever(outcome.kind);
  }
}

/** Returns a note that the answer of a completed run is not whole; undefined when it is. */
export function unfinishedNote({ cut }: Outcome): string | undefined {
  return cut && `(${cutWords(cut)})`;
}

/** Returns `lead`, what waits for a person's decision, and the command that decides it. */
export function approvalText(
  approvals: readonly Approval[],
  { run, lead }: { run: RunRef | undefined; lead: string },
): string {
  const clip = (text: string) => clipCharacters(text, MAX_REASON_CHARS, "…");
  const waiting = approvals
    .slice(0, MAX_APPROVALS)
    .map(({ tool, reason }) => clip(reason ? `${visibleText(tool)} (${visibleText(reason)})` : visibleText(tool)));
  if (approvals.length > MAX_APPROVALS) waiting.push(`and ${approvals.length - MAX_APPROVALS} more`);
  const what = [clip(lead), waiting.join(", ")].filter(Boolean).join(": ");
  if (!run) return what;
  return `${what}. A person decides with: ${decideCommand(run.runId)} (or reject)`;
}

/** Returns the artifacts of a run as a list for a reader; empty when there are none. */
export function artifactText(artifacts: readonly Artifact[]): string {
  if (artifacts.length === 0) return "";
  const shown = artifacts
    .slice(0, MAX_ARTIFACTS_SHOWN)
    .map(({ title, id, uri }) => `- ${title ?? id}${uri ? `: ${uri}` : ""}`);
  const more = artifacts.length - shown.length;
  return ["Artifacts:", ...shown, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

/** Returns a failure after a run was started as an outcome, so that the run's id and partial text are reported with it. */
export function lostOutcome(failure: ExecutionFailure, run: RunRef, text: string): Outcome {
  const kind = failure.kind === "timed_out" || failure.kind === "cancelled" ? failure.kind : "failed";
  return { kind, run, text, error: { message: withAdvice(failure) }, artifacts: [], approvals: [] };
}
