/** The status of a dispatch: a word for its state and one line of detail, from the events of its run. */
import type { ExecutionEvent, RunRef } from "../../../core/index.ts";
import { approvalText } from "../reporting/outcome-text.ts";
import { APPROVAL_LEAD, oneLine, phaseWord, stepText } from "../reporting/status-text.ts";

export interface Status {
  status: string;
  detail?: string;
}

export interface StatusNews {
  status: Status;
  /** Whether the state differs, and not only the detail. */
  changed: boolean;
}

export class StatusReader {
  #word = phaseWord("resolving");
  #last: Status | undefined;
  #run: RunRef | undefined;
  #tool: string | undefined;

  /** Returns the status after `event`, or undefined when it is the same as before. */
  read(event: ExecutionEvent): StatusNews | undefined {
    if (event.type === "status") {
      this.#word = phaseWord(event.phase);
      this.#run = event.run ?? this.#run;
      // While a tool runs, the service's detail is the bare name of the tool.
      return this.#next(
        event.detail !== undefined && event.detail === this.#tool ? `tool ${this.#tool}` : event.detail,
      );
    }
    if (event.type === "tool_call") {
      this.#tool = event.name;
      this.#word = phaseWord("running");
    }
    if (event.type === "approval_wait") {
      this.#word = phaseWord("awaiting_approval");
      return this.#next(approvalText(event.approvals, { run: this.#run, lead: event.reason ?? APPROVAL_LEAD }));
    }
    const detail = stepText(event);
    return detail === undefined ? undefined : this.#next(detail);
  }

  #next(detail: string | undefined): StatusNews | undefined {
    const line = detail && oneLine(detail);
    const status: Status = { status: this.#word, ...(line ? { detail: line } : {}) };
    const before = this.#last;
    if (before?.status === status.status && before.detail === status.detail) return undefined;
    this.#last = status;
    return { status, changed: before?.status !== status.status };
  }
}
