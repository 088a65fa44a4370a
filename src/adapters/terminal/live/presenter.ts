/** How a run that is being followed is shown. */
import type { ExecutionEvent, Outcome } from "../../../core/index.ts";
import type { ExecutionFailure } from "../../../support/failure.ts";

/** What an interrupt does: stops the run, or only the following of somebody else's. */
export type OnInterrupt = "cancel" | "leave alone";

export interface Presenter {
  start(): void;
  /** The next event is pulled when it resolves. */
  event(event: ExecutionEvent): Promise<void> | void;
  /** A person has interrupted; the outcome follows. */
  interrupted(what: OnInterrupt): void;
  end(result: Outcome | ExecutionFailure): void;
}
