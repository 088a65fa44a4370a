/** What a run is doing, as words for this host's status lines and logs. */
import { type ExecutionEvent, type Phase, withAdvice } from "../../../core/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { onOneLine } from "../../../support/unseen.ts";

const WORDS = {
  resolving: "starting",
  deploying: "starting",
  submitting: "starting",
  queued: "queued",
  running: "running",
  awaiting_approval: "waiting_for_approval",
  reconnecting: "reconnecting",
  cancelling: "cancelling",
  reconciling: "finishing",
} satisfies Record<Phase, string>;

const MAX_DETAIL_CHARS = 600;

/** Lead of an approval when the service gives no reason. */
export const APPROVAL_LEAD = "a person has to approve";

/** Returns the host's word for a phase. */
export function phaseWord(phase: Phase): string {
  return WORDS[phase];
}

export function oneLine(text: string, maxChars = MAX_DETAIL_CHARS): string {
  return clipCharacters(onOneLine(text), maxChars, "…");
}

/** Returns a phrase for an event that is a step of the run, or undefined for any other event. */
export function stepText(event: ExecutionEvent): string | undefined {
  switch (event.type) {
    case "tool_call":
      return `tool ${event.name}`;
    case "tool_result":
      return event.isError ? `tool ${event.name} failed` : undefined;
    case "artifact":
      return `artifact ${event.artifact.title ?? event.artifact.kind}`;
    case "notice":
      return withAdvice(event);
    case "status":
    case "text":
    case "thinking":
    case "approval_wait":
    case "usage":
      return undefined;
    default:
      return assertNever(event);
  }
}
