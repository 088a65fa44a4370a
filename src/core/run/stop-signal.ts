/** One signal for the two reasons to stop a run: the caller's abort and the deadline. The first one is kept. */
import { graceSignal, type StopCause, Stopped, stopCauseOf } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { RunLimits } from "../request.ts";

/** Once the request is stopped, what is missing of a run that has ended is read for this long. */
export const RECONCILE_GRACE_MS = 5_000;

/** Being stopped before a run exists is a failure of the request. `when` completes the sentence. */
export function stoppedBefore(by: StopCause | undefined, when: string): ExecutionFailure {
  return by === "deadline"
    ? new ExecutionFailure("timed_out", `the time limit of the request was reached ${when}`)
    : new ExecutionFailure("cancelled", `the request was cancelled ${when}`);
}

export class StopSignal {
  /** Aborts one turn after `signal`: a cancel leaves at once, and not behind the closing of a connection. */
  readonly following: AbortSignal;
  /** Aborts `RECONCILE_GRACE_MS` after `signal`. */
  readonly late: AbortSignal;
  readonly #controller = new AbortController();
  readonly #release: () => void;

  constructor(ambient: Ambient, limits: RunLimits) {
    const onAbort = () => {
      const { reason } = limits.signal;
      this.#controller.abort(reason instanceof Stopped ? reason : new Stopped("host"));
    };
    const onDeadline = () => this.#controller.abort(new Stopped("deadline"));
    const left = limits.deadline - ambient.now();
    const stopTimer = ambient.timer(left, onDeadline);
    limits.signal.addEventListener("abort", onAbort, { once: true });
    if (limits.signal.aborted) onAbort();
    else if (left <= 0) onDeadline();
    const following = new AbortController();
    const { signal } = this.#controller;
    const unfollow = () => ambient.soon(() => following.abort(signal.reason));
    if (signal.aborted) unfollow();
    else signal.addEventListener("abort", unfollow, { once: true });
    this.following = following.signal;
    const grace = graceSignal(ambient, RECONCILE_GRACE_MS, signal);
    this.late = grace.signal;
    this.#release = () => {
      grace.release();
      stopTimer();
      limits.signal.removeEventListener("abort", onAbort);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get by(): StopCause | undefined {
    return stopCauseOf(this.signal);
  }

  release(): void {
    this.#release();
  }
}
