/** Follows one remote run: hands on what happens as events of the core, and keeps what the end of the run is judged by. */
import { AWAITING_APPROVAL, type RunCursor, RunFollower, type SerenClient, UNKNOWN_STATUS } from "../../seren/index.ts";
import type { ExecutionEvent, RunRef } from "../events.ts";
import { StatusNotifier, statusEvent } from "./notifiers.ts";
import { Transcript } from "./transcript.ts";

export interface FollowResult {
  /** Text of an `error` frame of the stream, if one came. */
  readonly streamError: string | undefined;
  /** Whether the stream was read to its own end. Otherwise events may be missing. */
  readonly complete: boolean;
  /** Status that the stream's end or the state named. */
  readonly status: string;
  /** Highest event number that the service mentioned; -1 before the first. */
  readonly latest: number;
}

export interface FollowRunOptions {
  client: SerenClient;
  run: RunRef;
  signal: AbortSignal;
  /** Stop following once the run waits for a person and every event before that was handed on. */
  endAtApproval: boolean;
}

export class FollowedRun {
  readonly run: RunRef;
  readonly transcript = new Transcript();
  readonly statuses: StatusNotifier;
  readonly #follower: RunFollower;
  readonly #endAtApproval: boolean;
  /** Number of the last event before an interruption after which the run went on; -1 if there was none. */
  #since = -1;
  #result: FollowResult = { streamError: undefined, complete: false, status: UNKNOWN_STATUS, latest: -1 };

  constructor({ client, run, signal, endAtApproval }: FollowRunOptions) {
    this.run = run;
    this.statuses = new StatusNotifier(run);
    this.#follower = new RunFollower(client, run.runId, signal);
    this.#endAtApproval = endAtApproval;
  }

  /** Position in the event log. */
  get cursor(): RunCursor {
    return this.#follower.cursor;
  }

  get since(): number {
    return this.#since;
  }

  /** The run goes on after an interruption, which was not its end. `follow` continues after the last event. */
  goOn(): void {
    this.#since = this.cursor.sequence;
    this.transcript.goOn();
    this.#update({ complete: false, status: UNKNOWN_STATUS });
  }

  /** What is known so far, also when `follow` was interrupted. */
  get result(): FollowResult {
    return this.#result;
  }

  /**
   * Returns when the service says that the run has ended or waits for a person. Called again, it continues where it was.
   * Rejects with the signal's reason, and with a failure when the service refuses the request for good.
   */
  async *follow(): AsyncGenerator<ExecutionEvent, FollowResult, void> {
    const items = this.#follower.follow();
    try {
      for (;;) {
        const { done, value } = await items.next();
        if (done) {
          return this.#update({
            complete: value.complete,
            status: value.status,
            ...(value.streamError === undefined ? {} : { streamError: value.streamError }),
          });
        }
        if (value.kind === "events") {
          for (const event of this.transcript.applyAll(value.events)) yield event; // `yield*` would await each one twice
        } else if (value.kind === "reconnecting") {
          yield statusEvent("reconnecting");
        } else {
          const { status, currentTool, currentStep, phase, latestSequence } = value.state;
          // 0 also stands for a log without events.
          if (latestSequence !== undefined && latestSequence > 0)
            this.#update({ latest: Math.max(this.#result.latest, latestSequence) });
          yield* this.statuses.emit(status, currentTool ?? currentStep ?? phase);
          if (status === AWAITING_APPROVAL && value.caughtUp && this.#endAtApproval) return this.#result;
        }
      }
    } finally {
      await items.return({ complete: false, status: UNKNOWN_STATUS }); // closes the stream, also when the caller stops in the middle
    }
  }

  #update(changes: Partial<FollowResult>): FollowResult {
    this.#result = { ...this.#result, ...changes };
    return this.#result;
  }
}
