/** A run that waits for a person, at the point where it waits. */
import { ExecutionFailure } from "../../support/failure.ts";
import type { Approval, RunRef } from "../events.ts";

/** What would be done, in full. It must be shown whole before it is approved. */
export interface ApprovalRequest extends Approval {
  args: unknown;
  /** `args` as the service wrote them. Absent where there are none. */
  argsText?: string | undefined;
  /** The lasting permission that the service offers with it, as it would be granted: JSON text. */
  lease?: string | undefined;
}

export interface WaitingRun {
  run: RunRef;
  requests: ApprovalRequest[];
}

/** A waiting run at one checkpoint. A decision applies to exactly this checkpoint, so to what was shown. */
export interface Checkpoint extends WaitingRun {
  checkpointId: string;
}

/** Thrown in place of a decision when the run asks for something else than was shown. `now` has to be shown anew. */
export class RequestsChanged extends ExecutionFailure {
  readonly now: Checkpoint;

  constructor(now: Checkpoint) {
    super("conflict", "what the run asks for has changed since it was shown; nothing was decided, so look at it again");
    this.now = now;
  }
}
