/** The live executions of this process, by the key the host knows them by. */
import EventEmitter from "eventemitter3";
import { type StopCause, Stopped } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { Redactor } from "../../support/redact.ts";
import type { ExecutionEvent, Outcome } from "../events.ts";
import type { RunLimits, RunRequest } from "../request.ts";

/** Runs one request: events are pulled, the outcome is the return value, an `ExecutionFailure` is thrown. */
export type Execute = (request: RunRequest, limits: RunLimits) => AsyncGenerator<ExecutionEvent, Outcome, void>;

/** Takes one event to the host; the next event is pulled when it resolves. */
export type Sink = (event: ExecutionEvent) => Promise<void> | void;

export interface LiveRun {
  readonly key: string;
  /** Rejects with an `ExecutionFailure`. Settles exactly once. */
  readonly outcome: Promise<Outcome>;
  cancel(by: StopCause): void;
}

/** For watchers (log, journal, status line). Never the data path: nobody waits for them. */
export interface RegistryEvents {
  opened: [key: string, request: RunRequest];
  event: [key: string, event: ExecutionEvent];
  ended: [key: string, result: { outcome: Outcome } | { failure: unknown }];
}

export class RunRegistry extends EventEmitter<RegistryEvents> {
  readonly #live = new Map<string, LiveRun>();
  readonly #execute: () => Promise<Execute>;
  readonly #ambient: Ambient;
  readonly #redactor: Pick<Redactor, "stream"> | undefined;
  #closed = false;

  /**
   * `execute` is asked for at the first run, so that a host that only asks for capabilities pays for nothing. With a
   * `redactor`, a secret the agent repeats is removed from the streamed text even where it comes in pieces.
   */
  constructor(execute: () => Promise<Execute>, ambient: Ambient, redactor?: Pick<Redactor, "stream">) {
    super();
    this.#execute = execute;
    this.#ambient = ambient;
    this.#redactor = redactor;
  }

  get size(): number {
    return this.#live.size;
  }

  get(key: string): LiveRun | undefined {
    return this.#live.get(key);
  }

  /**
   * Starts a run under `key`. It is registered before anything is awaited, so that a cancel can never come too early.
   * A key that is live is refused: a duplicate request must not start a second run.
   */
  start(key: string, request: RunRequest, deadline: number, sink: Sink): LiveRun {
    if (this.#closed) throw new ExecutionFailure("cancelled", "seren-bridge is shutting down; the run was not started");
    if (this.#live.has(key)) throw new ExecutionFailure("conflict", "a run with this id is already in progress");
    const controller = new AbortController();
    const outcome = this.#pump(key, request, { signal: controller.signal, deadline }, sink).finally(() =>
      this.#live.delete(key),
    );
    const run: LiveRun = { key, outcome, cancel: (by) => controller.abort(new Stopped(by)) };
    this.#live.set(key, run);
    this.emit("opened", key, request);
    outcome.then(
      (value) => this.emit("ended", key, { outcome: value }),
      (failure: unknown) => this.emit("ended", key, { failure }),
    );
    return run;
  }

  /** Whether there was something to cancel. */
  cancel(key: string, by: StopCause): boolean {
    const run = this.#live.get(key);
    run?.cancel(by);
    return run !== undefined;
  }

  /**
   * Cancels everything and waits until all has ended, at most `budgetMs`. Answers how many were still going. Nothing can
   * be started afterwards: a request that was still being prepared must not outlive its host.
   */
  async drain(by: StopCause, budgetMs: number): Promise<number> {
    this.#closed = true;
    const runs = [...this.#live.values()];
    for (const run of runs) run.cancel(by);
    if (runs.length === 0) return 0;
    const ended = Promise.allSettled(runs.map((run) => run.outcome));
    await Promise.race([
      ended,
      new Promise<void>((resolve) => void this.#ambient.timer(budgetMs, resolve, { unref: true })),
    ]);
    return this.#live.size;
  }

  async #pump(key: string, request: RunRequest, limits: RunLimits, sink: Sink): Promise<Outcome> {
    const execute = await this.#execute();
    const events = execute(request, limits);
    const clean = this.#redactor?.stream();
    const tell = async (event: ExecutionEvent) => {
      if (event.type === "text" && event.text === "") return; // all of it is held back
      this.emit("event", key, event);
      await sink(event);
    };
    try {
      for (;;) {
        const step = await events.next();
        if (step.done) {
          if (clean) await tell({ type: "text", text: clean.end() });
          return step.value;
        }
        const event = step.value;
        if (clean && (event.type === "tool_call" || event.type === "tool_result")) {
          await tell({ type: "text", text: clean.pause() });
        }
        await tell(clean && event.type === "text" ? { type: "text", text: clean.push(event.text) } : event);
      }
    } catch (error) {
      void events.return(undefined as never); // a sink that fails must not leave the run unwatched
      throw error;
    }
  }
}
