/** The live runs of this process, by the key under which the host knows each. */
import { type StopCause, Stopped } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { type Log, silentLog } from "../../support/log.ts";
import type { Redactor } from "../../support/redact.ts";
import { settleWithin } from "../../support/settle-within.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { RunLimits, RunRequest } from "../request.ts";
import { RedactedEvents, redactedOutcome } from "./redacted-run.ts";
import { type RunResult, type RunWatcher, RunWatchers } from "./run-watchers.ts";

/** Runs one request: events are pulled, the outcome is the return value, an `ExecutionFailure` is thrown. */
export type Execute = (request: RunRequest, limits: RunLimits) => AsyncGenerator<ExecutionEvent, Outcome, void>;

/** Takes one event to the host; the next event is pulled when it resolves. */
export type Sink = (event: ExecutionEvent) => Promise<void> | void;

export interface LiveRun {
  readonly key: string;
  /** Rejects with what the execution or the sink threw. Settles exactly once. */
  readonly outcome: Promise<Outcome>;
  cancel(by: StopCause): void;
}

export interface RegistryOptions {
  /** Removes secrets that the agent repeats from events and outcomes, before a front end sees or shortens them. */
  redactor: Redactor;
  /** Receives the errors of watchers. Default: they are dropped. */
  log?: Log;
}

export class RunRegistry {
  readonly #live = new Map<string, LiveRun>();
  /** What requests still do after their runs. */
  readonly #remainders = new Map<Promise<unknown>, AbortController>();
  readonly #execute: () => Promise<Execute>;
  readonly #ambient: Ambient;
  readonly #redactor: Redactor;
  readonly #watchers: RunWatchers;
  #closed = false;

  /** `execute` is asked for at the first run, so that a host that only asks for capabilities loads nothing else. */
  constructor(execute: () => Promise<Execute>, ambient: Ambient, { redactor, log = silentLog }: RegistryOptions) {
    this.#execute = execute;
    this.#ambient = ambient;
    this.#redactor = redactor;
    this.#watchers = new RunWatchers(log);
  }

  get size(): number {
    return this.#live.size;
  }

  get(key: string): LiveRun | undefined {
    return this.#live.get(key);
  }

  /**
   * Reports every run to `watcher` from now on, until the returned function is called. A watcher can neither delay nor
   * break a run: it is called after the sink, never awaited, and its errors are logged.
   */
  watch(watcher: RunWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  /**
   * Starts a run under `key`. It is registered before anything is awaited, so that a cancel can never come too early.
   * Throws `conflict` for a key that is live (a duplicate request must not start a second run), and `cancelled` after
   * `drain`.
   */
  start(key: string, request: RunRequest, deadline: number, sink: Sink): LiveRun {
    if (this.#closed) throw new ExecutionFailure("cancelled", "seren-bridge is shutting down; the run was not started");
    if (this.#live.has(key)) throw new ExecutionFailure("conflict", "a run with this id is already in progress");
    const controller = new AbortController();
    const openedAt = this.#ambient.now();
    const seen: Seen = { run: undefined };
    const pumped = this.#pump({ key, request, limits: { signal: controller.signal, deadline }, seen, sink });
    const outcome = pumped.finally(() => this.#live.delete(key));
    const run: LiveRun = { key, outcome, cancel: (by) => controller.abort(new Stopped(by)) };
    this.#live.set(key, run);
    this.#watchers.emit("opened", { key, request, deadline });
    const ended = (result: RunResult) => {
      const durationMs = this.#ambient.now() - openedAt;
      const known = "outcome" in result ? (result.outcome.run ?? seen.run) : seen.run;
      this.#watchers.emit("ended", { key, run: known, result, durationMs });
    };
    outcome.then(
      (value) => ended({ outcome: value }),
      (error: unknown) => ended({ failure: asFailure(error) }),
    );
    return run;
  }

  /**
   * Does what a request needs after its run, such as saving files. `work` is stopped by `deadline`, in milliseconds since
   * the epoch, and by `drain`, which waits for it. It returns what it has by then.
   */
  finish<T>(deadline: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (this.#closed) controller.abort(new Stopped("shutdown"));
    const stopTimer = this.#ambient.timer(deadline - this.#ambient.now(), () =>
      controller.abort(new Stopped("deadline")),
    );
    const working = work(controller.signal).finally(() => {
      stopTimer();
      this.#remainders.delete(working);
    });
    this.#remainders.set(working, controller);
    return working;
  }

  /** Returns whether there was something to cancel. */
  cancel(key: string, by: StopCause): boolean {
    const run = this.#live.get(key);
    run?.cancel(by);
    return run !== undefined;
  }

  /**
   * Cancels everything and waits until all runs have ended, for at most `budgetMs`. Returns how many have not. Nothing
   * can be started afterwards: a request that was still being prepared must not outlive its host.
   */
  async drain(by: StopCause, budgetMs: number): Promise<number> {
    this.#closed = true;
    const runs = [...this.#live.values()];
    for (const run of runs) run.cancel(by);
    for (const controller of this.#remainders.values()) controller.abort(new Stopped(by));
    const open = [...runs.map((run) => run.outcome), ...this.#remainders.keys()];
    if (open.length === 0) return 0;
    await settleWithin(this.#ambient, budgetMs, Promise.allSettled(open));
    return this.#live.size;
  }

  async #pump({ key, request, limits, seen, sink }: Pumped): Promise<Outcome> {
    const execute = await this.#execute();
    const events = execute(request, limits);
    const redacted = new RedactedEvents(this.#redactor);
    const emit = async (clean: Iterable<ExecutionEvent>) => {
      for (const event of clean) {
        const taken = sink(event);
        this.#report(key, seen, event);
        await taken;
      }
    };
    try {
      for (;;) {
        const step = await events.next();
        await emit(step.done ? redacted.end() : redacted.next(step.value));
        if (step.done) return redactedOutcome(step.value, this.#redactor);
      }
    } catch (error) {
      void events.return(undefined as never); // a sink that fails must not leave the run unwatched
      throw error;
    }
  }

  #report(key: string, seen: Seen, event: ExecutionEvent): void {
    if (event.type === "status" && event.run) {
      // A turn that a busy conversation has refused is sent anew, as another run.
      const isNew = seen.run?.runId !== event.run.runId;
      seen.run = event.run;
      if (isNew) this.#watchers.emit("started", { key, run: event.run });
    }
    this.#watchers.emit("event", { key, run: seen.run, event });
  }
}

interface Pumped {
  key: string;
  request: RunRequest;
  limits: RunLimits;
  seen: Seen;
  sink: Sink;
}

/** What the events of a request have said of its run. */
interface Seen {
  run: RunRef | undefined;
}
