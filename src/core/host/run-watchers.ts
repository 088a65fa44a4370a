/**
 * Who looks on while runs go by: the run log, counters, notices, a cost guard. A watcher sees a run and has no part in it:
 * it is called after the host's sink, is never awaited, and what it throws (or rejects with) is logged and goes no further.
 */
import EventEmitter from "eventemitter3";
import type { ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";

/** How a request ended: with a run's outcome, or with the reason why there is none. */
export type RunResult = { outcome: Outcome } | { failure: ExecutionFailure };

interface Watched {
  /** The registry's key of the request. */
  readonly key: string;
}

/** A request was accepted. */
export interface RunOpened extends Watched {
  /** Holds the prompt: a watcher must not log or store it. */
  readonly request: Readonly<RunRequest>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** The remote run is known. Reported once per request, and not at all when no remote run came to be. */
export interface RunStarted extends Watched {
  readonly run: Readonly<RunRef>;
}

/** Something happened in the run. The event is the one that the host received. */
export interface RunProgress extends Watched {
  /** Absent until the remote run is known. */
  readonly run: Readonly<RunRef> | undefined;
  readonly event: Readonly<ExecutionEvent>;
}

/** The request has ended. Reported exactly once per request, last. Usage and costs are in the outcome. */
export interface RunEnded extends Watched {
  readonly run: Readonly<RunRef> | undefined;
  readonly result: Readonly<RunResult>;
  /** Milliseconds from acceptance to end. */
  readonly durationMs: number;
}

/** Each method is optional. The payloads are shared between watchers and are not to be changed. */
export interface RunWatcher {
  opened?(run: RunOpened): unknown;
  started?(run: RunStarted): unknown;
  event?(run: RunProgress): unknown;
  ended?(run: RunEnded): unknown;
}

interface Events {
  opened: [RunOpened];
  started: [RunStarted];
  event: [RunProgress];
  ended: [RunEnded];
}

export class RunWatchers extends EventEmitter<Events> {
  readonly #log: Log;

  constructor(log: Log) {
    super();
    this.#log = log;
  }

  /** Calls the watcher from now on. The returned function ends that. */
  add(watcher: RunWatcher): () => void {
    const opened = (run: RunOpened) => this.#guard("opened", () => watcher.opened?.(run));
    const started = (run: RunStarted) => this.#guard("started", () => watcher.started?.(run));
    const event = (run: RunProgress) => this.#guard("event", () => watcher.event?.(run));
    const ended = (run: RunEnded) => this.#guard("ended", () => watcher.ended?.(run));
    this.on("opened", opened).on("started", started).on("event", event).on("ended", ended);
    return () => {
      this.off("opened", opened).off("started", started).off("event", event).off("ended", ended);
    };
  }

  /** eventemitter3 lets what a listener throws pass to the emitter, which here is the run. */
  #guard(event: keyof Events, call: () => unknown): void {
    const report = (error: unknown) =>
      this.#log("error", "a watcher of runs failed", { event, error: error instanceof Error ? error.message : "" });
    try {
      const returned = call();
      if (returned instanceof Promise) returned.catch(report);
    } catch (error) {
      report(error);
    }
  }
}
