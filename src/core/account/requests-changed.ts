import { ExecutionFailure } from "../../support/failure.ts";
import type { Checkpoint } from "./approvals.ts";

/** Thrown in place of a decision when the run asks for something else than was shown. `now` has to be shown anew. */
export class RequestsChanged extends ExecutionFailure {
  readonly now: Checkpoint;

  constructor(now: Checkpoint) {
    super("conflict", "what the run asks for has changed since it was shown; nothing was decided, so look at it again");
    this.now = now;
  }
}
