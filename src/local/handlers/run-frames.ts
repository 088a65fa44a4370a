/**
 * The frames of a run stream in their order: the events after the cursor, `run.state`, `replay_complete`, events and
 * states as they happen, `end` (docs/reference/seren-cloud-api.md, section 4).
 */
import type { StreamFrame } from "../http/sse.ts";
import type { Run } from "../model/run.ts";
import { liveStateOf } from "../model/run-views.ts";

export interface RunFramesOptions {
  /** Highest sequence number that the reader has. Default: none. */
  cursor?: number | undefined;
  /** Whether `run.state` comes before the replay. */
  stateFirst: boolean;
}

/** The frames of one subscription. It holds no queue: what a slow reader has not read yet is in the run's log. */
export class RunFrames {
  readonly #run: Run;
  readonly #cursor: number;
  readonly #replayEnd: number;
  #index: number;
  #phase: "state_first" | "replay" | "state" | "marker" | "tail" | "done";
  /** The run's count of changes when its state was last sent; -1 before the first. */
  #sentChanges = -1;

  constructor(run: Run, { cursor = -1, stateFirst }: RunFramesOptions) {
    this.#run = run;
    this.#cursor = cursor;
    this.#index = run.log.indexAfter(cursor);
    this.#replayEnd = run.log.entries.length;
    this.#phase = stateFirst ? "state_first" : "replay";
  }

  get done(): boolean {
    return this.#phase === "done";
  }

  /** Returns the next frame, or `undefined` while there is nothing to send. */
  poll(): StreamFrame | undefined {
    const { log } = this.#run;
    switch (this.#phase) {
      case "state_first":
        this.#phase = "replay";
        return this.#state();
      case "replay":
        if (this.#index < this.#replayEnd) return this.#event();
        this.#phase = this.#sentChanges < 0 ? "state" : "marker";
        return this.poll();
      case "state":
        this.#phase = "marker";
        return this.#state();
      case "marker":
        this.#phase = "tail";
        return this.#marker("replay_complete");
      case "tail":
        // A cursor may be ahead of the log: then the events that it covers are not sent when they happen, either.
        while ((log.entries[this.#index]?.sequence ?? Number.POSITIVE_INFINITY) <= this.#cursor) this.#index += 1;
        if (this.#index < log.entries.length) return this.#event();
        if (this.#sentChanges !== this.#run.changes) return this.#state();
        if (!this.#run.over) return undefined;
        this.#phase = "done";
        return this.#marker("end");
      default:
        return undefined;
    }
  }

  #event(): StreamFrame | undefined {
    const entry = this.#run.log.entries[this.#index];
    this.#index += 1;
    return entry && { name: "run.event", id: String(entry.sequence), data: JSON.stringify(entry.event) };
  }

  #state(): StreamFrame {
    this.#sentChanges = this.#run.changes;
    return { name: "run.state", id: undefined, data: JSON.stringify(liveStateOf(this.#run)) };
  }

  #marker(name: "replay_complete" | "end"): StreamFrame {
    const marker = { last_sequence: this.#run.log.latest, status: this.#run.status };
    return { name, id: undefined, data: JSON.stringify(marker) };
  }
}
