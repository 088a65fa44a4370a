/**
 * Work the host has handed over, by the id the host knows it by: accepted once, started once, ended once, and cancellable
 * from the first moment. Shared by dispatches, tasks and the runs our tools start.
 */
import type { StopCause } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ExecutionEvent, Outcome } from "../events.ts";
import type { RunRequest } from "../request.ts";
import type { LiveRun, RunRegistry } from "./run-registry.ts";

/** Ids of ended work that are remembered, so that a repeated request does not start it again. */
const MAX_REMEMBERED = 1024;

export type JobResult = { outcome: Outcome } | { failure: ExecutionFailure };

export interface HostJob {
  request: RunRequest;
  /** Milliseconds since the epoch. */
  deadline: number;
  /** Takes one event to the host; the next is pulled when it resolves. */
  take(event: ExecutionEvent): Promise<void> | undefined;
  /** Called exactly once, whatever happens; sends the terminal event. */
  end(ending: JobResult): Promise<void>;
  /** Called when the work is being stopped: what still waits for its turn should go. */
  stopping?(): void;
}

export interface HostJobsOptions {
  registry: RunRegistry;
  ambient: Ambient;
  log: Log;
}

interface Entry {
  assignment: HostJob;
  begun: boolean;
  stopped: boolean;
  run?: LiveRun;
  done?: Promise<void>;
}

export class HostJobs {
  readonly #prefix: string;
  readonly #options: HostJobsOptions;
  readonly #open = new Map<string, Entry>();
  readonly #ended = new Set<string>();

  /** `prefix` keeps the ids of different services apart in the registry. */
  constructor(prefix: string, options: HostJobsOptions) {
    this.#prefix = prefix;
    this.#options = options;
  }

  /** Whether this id is being worked on, or was lately. */
  knows(id: string): boolean {
    return this.#open.has(id) || this.#ended.has(id);
  }

  /** Takes the work on without starting it. The answer starts it; it is to be called once, after the acknowledgement. */
  accept(id: string, assignment: HostJob): () => void {
    const entry: Entry = { assignment, begun: false, stopped: false };
    this.#open.set(id, entry);
    return () => {
      if (entry.begun) return;
      entry.begun = true;
      entry.done = this.#work(id, entry);
    };
  }

  /** Stops the work in whatever state it is. Answers whether there was any. */
  cancel(id: string, by: StopCause): boolean {
    const entry = this.#open.get(id);
    if (!entry) return false;
    entry.stopped = true;
    entry.assignment.stopping?.();
    entry.run?.cancel(by);
    return true;
  }

  cancelAll(by: StopCause): void {
    for (const id of this.#open.keys()) this.cancel(id, by);
  }

  /** Resolves when everything that was begun has ended and its terminal event is with the pipe. */
  async settled(): Promise<void> {
    await Promise.all([...this.#open.values()].map((entry) => entry.done));
  }

  async #work(id: string, entry: Entry): Promise<void> {
    const { log } = this.#options;
    const ending = await this.#run(id, entry);
    if ("failure" in ending) {
      // The host is told either way, and its screen shows our stderr: only what is our own fault is worth a line there.
      const level = ending.failure.kind === "internal" ? "error" : "info";
      log(level, `${this.#prefix} failed`, { id, kind: ending.failure.kind, ...causeOf(ending.failure) });
    }
    try {
      await entry.assignment.end(ending);
    } catch (error) {
      log("error", `${this.#prefix} could not be ended properly`, { id, ...causeOf({ cause: error }) });
    } finally {
      this.#open.delete(id);
      this.#remember(id);
    }
  }

  async #run(id: string, entry: Entry): Promise<JobResult> {
    const { registry, ambient } = this.#options;
    const { assignment } = entry;
    try {
      if (entry.stopped) throw new ExecutionFailure("cancelled", "it was cancelled before a remote run was started");
      if (assignment.deadline <= ambient.now()) {
        throw new ExecutionFailure(
          "timed_out",
          "it timed out before a remote run was started: its time limit had passed already",
        );
      }
      entry.run = registry.start(`${this.#prefix}:${id}`, assignment.request, assignment.deadline, (event) =>
        this.#take(id, assignment, event),
      );
      return { outcome: await entry.run.outcome };
    } catch (error) {
      return { failure: asFailure(error) };
    }
  }

  /** An event that cannot be shown must not end the run: the registry would stop following it. */
  async #take(id: string, assignment: HostJob, event: ExecutionEvent): Promise<void> {
    try {
      await assignment.take(event);
    } catch (error) {
      this.#options.log("error", `${this.#prefix} event could not be passed on`, {
        id,
        type: event.type,
        ...causeOf({ cause: error }),
      });
    }
  }

  #remember(id: string): void {
    this.#ended.add(id);
    if (this.#ended.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      return;
    }
  }
}

function causeOf(thrown: { cause?: unknown }): { cause?: string } {
  return thrown.cause instanceof Error ? { cause: `${thrown.cause.name}: ${thrown.cause.message}` } : {};
}
