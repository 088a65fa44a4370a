/**
 * Jobs of a host, by the host's own ids: accepted once, started once, ended once, and cancellable from the first moment.
 * Shared by dispatches, tasks and the runs that tools start.
 */
import type { StopCause } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { RecentSet } from "../../support/recent-set.ts";
import type { ExecutionEvent } from "../events.ts";
import type { RunRequest } from "../request.ts";
import type { LiveRun, RunRegistry } from "./run-registry.ts";
import type { RunResult } from "./run-watchers.ts";

/** Ids of ended jobs that are remembered, so that a repeated request does not start the job again. */
const MAX_REMEMBERED = 1024;

export interface HostJob {
  request: RunRequest;
  /** Milliseconds since the epoch. */
  deadline: number;
  /** Takes one event to the host. The next event is pulled when the promise resolves. */
  take(event: ExecutionEvent): Promise<void> | undefined;
  /** Sends the terminal event. Called exactly once, whatever happens. */
  end(result: RunResult): Promise<void>;
  /** Called when the job is being stopped: output that is held back should be sent now. */
  stopping?(): void;
}

export interface HostJobsOptions {
  registry: RunRegistry;
  ambient: Ambient;
  log: Log;
}

interface Entry {
  job: HostJob;
  begun: boolean;
  stopped: boolean;
  run?: LiveRun;
  done?: Promise<void>;
}

export class HostJobs {
  readonly #prefix: string;
  readonly #options: HostJobsOptions;
  readonly #open = new Map<string, Entry>();
  readonly #ended = new RecentSet<string>(MAX_REMEMBERED);

  /** `prefix` keeps the ids of different services apart in the registry. */
  constructor(prefix: string, options: HostJobsOptions) {
    this.#prefix = prefix;
    this.#options = options;
  }

  /** Whether a job with this id is open, or ended recently. */
  knows(id: string): boolean {
    return this.#open.has(id) || this.#ended.has(id);
  }

  /** Accepts a job without starting it. Returns the function that starts it, to be called once the host has its acknowledgement. */
  accept(id: string, job: HostJob): () => void {
    const entry: Entry = { job, begun: false, stopped: false };
    this.#open.set(id, entry);
    return () => {
      if (entry.begun) return;
      entry.begun = true;
      entry.done = this.#work(id, entry);
    };
  }

  /** Stops a job in whatever state it is. Returns whether there was one. */
  cancel(id: string, by: StopCause): boolean {
    const entry = this.#open.get(id);
    if (!entry) return false;
    entry.stopped = true;
    entry.job.stopping?.();
    entry.run?.cancel(by);
    return true;
  }

  cancelAll(by: StopCause): void {
    for (const id of this.#open.keys()) this.cancel(id, by);
  }

  /** Resolves when every started job has ended and its terminal event is written. */
  async settled(): Promise<void> {
    await Promise.all([...this.#open.values()].map((entry) => entry.done));
  }

  async #work(id: string, entry: Entry): Promise<void> {
    const { log } = this.#options;
    const result = await this.#run(id, entry);
    if ("failure" in result) {
      // The host receives the failure in any case, and some show our stderr: only a fault of ours is logged as an error.
      const level = result.failure.kind === "internal" ? "error" : "info";
      log(level, `${this.#prefix} failed`, { id, kind: result.failure.kind, ...causeOf(result.failure) });
    }
    try {
      await entry.job.end(result);
    } catch (error) {
      log("error", `${this.#prefix} could not send its terminal event`, { id, ...causeOf({ cause: error }) });
    } finally {
      this.#open.delete(id);
      this.#ended.add(id);
    }
  }

  async #run(id: string, entry: Entry): Promise<RunResult> {
    const { registry, ambient } = this.#options;
    const { job } = entry;
    try {
      if (entry.stopped) throw new ExecutionFailure("cancelled", "it was cancelled before a remote run was started");
      if (job.deadline <= ambient.now()) {
        throw new ExecutionFailure(
          "timed_out",
          "it timed out before a remote run was started: its time limit had passed already",
        );
      }
      entry.run = registry.start(`${this.#prefix}:${id}`, job.request, job.deadline, (event) =>
        this.#take(id, job, event),
      );
      return { outcome: await entry.run.outcome };
    } catch (error) {
      return { failure: asFailure(error) };
    }
  }

  /** An error in showing one event must not end the run: the registry would stop following it. */
  async #take(id: string, job: HostJob, event: ExecutionEvent): Promise<void> {
    try {
      await job.take(event);
    } catch (error) {
      this.#options.log("error", `${this.#prefix} event could not be passed on`, {
        id,
        type: event.type,
        ...causeOf({ cause: error }),
      });
    }
  }
}

function causeOf(thrown: { cause?: unknown }): { cause?: string } {
  return thrown.cause instanceof Error ? { cause: `${thrown.cause.name}: ${thrown.cause.message}` } : {};
}
