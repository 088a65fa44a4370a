/** The interface of the three ways to show a run that is being followed. */
import type { ExecutionEvent, Outcome } from "../../../core/index.ts";
import type { ExecutionFailure } from "../../../support/failure.ts";

/** What an interrupt does: cancels the run, or only stops following one that was started elsewhere. */
export type OnInterrupt = "cancel" | "leave alone";

export interface Presenter {
  start(): void;
  /** Shows an event. The next one is pulled when it resolves. */
  event(event: ExecutionEvent): Promise<void> | void;
  /** Shows that an interrupt was received; the outcome follows. */
  interrupted(what: OnInterrupt): void;
  end(result: Outcome | ExecutionFailure): void;
}
