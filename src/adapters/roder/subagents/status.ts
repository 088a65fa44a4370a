/** What a run does, as a short state and a line of detail. */
import { type ExecutionEvent, type Phase, type RunRef, withAdvice } from "../../../core/index.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { approvalText } from "../endings.ts";

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

export interface Status {
  status: string;
  detail?: string;
}

/** The host's word for where a run is. */
export function phaseWord(phase: Phase): string {
  return WORDS[phase];
}

/** One line, without control characters: it is printed on terminals as it is. */
export function oneLine(text: string, maxChars = MAX_DETAIL_CHARS): string {
  return clipCharacters(
    text
      .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
      .toWellFormed()
      .trim(),
    maxChars,
    "…",
  );
}

/** Follows the events of one run and says how it is doing. */
export class StatusReader {
  #word = "starting";
  #said: Status | undefined;
  #run: RunRef | undefined;
  #tool: string | undefined;

  /** Undefined for events that say nothing new about the state. `changed` tells a new state from new detail. */
  read(event: ExecutionEvent): { status: Status; changed: boolean } | undefined {
    if (event.type === "status") {
      this.#word = WORDS[event.phase];
      this.#run = event.run ?? this.#run;
      // A service that is using a tool says no more than the tool's name.
      return this.#say(event.detail !== undefined && event.detail === this.#tool ? `tool ${this.#tool}` : event.detail);
    }
    if (event.type === "tool_call") {
      this.#tool = event.name;
      this.#word = WORDS.running;
    }
    if (event.type === "approval_wait") {
      this.#word = WORDS.awaiting_approval;
      return this.#say(approvalText(event.approvals, this.#run, event.reason ?? "a person has to approve"));
    }
    const detail = detailOf(event);
    return detail === undefined ? undefined : this.#say(detail);
  }

  #say(detail: string | undefined): { status: Status; changed: boolean } | undefined {
    const line = detail && oneLine(detail);
    const status: Status = { status: this.#word, ...(line ? { detail: line } : {}) };
    const before = this.#said;
    if (before?.status === status.status && before.detail === status.detail) return undefined;
    this.#said = status;
    return { status, changed: before?.status !== status.status };
  }
}

/** What a step is called, or undefined for what is not a step. */
export function detailOf(event: ExecutionEvent): string | undefined {
  switch (event.type) {
    case "tool_call":
      return `tool ${event.name}`;
    case "tool_result":
      return event.isError ? `tool ${event.name} failed` : undefined;
    case "artifact":
      return `artifact ${event.artifact.title ?? event.artifact.kind}`;
    case "notice":
      return withAdvice(event);
    default:
      return undefined;
  }
}
