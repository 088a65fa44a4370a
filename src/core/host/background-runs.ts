/**
 * Runs that a tool has started: followed in the background, and cancelled at their time limit or when the host exits, so
 * that a run the model forgets does not go on at the user's expense.
 */
import { type StopCause, timeoutSignal } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { settleWithin } from "../../support/settle-within.ts";
import type { RunReport } from "../account/run-directory.ts";
import { type ExecutionEvent, type Outcome, type Phase, type RunRef, SPENDING_LIMIT } from "../events.ts";
import type { RunRequest, Target } from "../request.ts";
import type { HostJobs } from "./host-jobs.ts";

/** Ended runs that are remembered. */
const MAX_REMEMBERED = 256;

export interface BackgroundRun {
  /** Names the run while the remote run has no id. Both names work afterwards. */
  readonly temporaryId: string;
  readonly agentType: string;
  run?: RunRef;
  /** All that it has had: it may go on as another remote run. */
  readonly runIds: Set<string>;
  failure?: ExecutionFailure;
  phase: Phase;
  ended: boolean;
  /** Who asked for the stop, once the run has ended by one. */
  stoppedBy?: StopCause;
  /** Set when a limit of cost has ended it: the record says only that it was cancelled. */
  limit?: NonNullable<Outcome["error"]>;
  /** Resolves when the remote run has an id, or when it is certain that it never will. */
  readonly named: Promise<void>;
}

export interface NewsOptions {
  waitMs: number;
  /** Do not return at once for a run that waits for a person: that is known. */
  despiteApproval?: boolean;
  /** Ends the waiting; the run goes on. */
  signal: AbortSignal;
  /** Called with what happens meanwhile. */
  onEvent?(event: ExecutionEvent): void;
}

/** Gets an event, or undefined at the end. */
type Listener = (event: ExecutionEvent | undefined) => void;

export class BackgroundRuns {
  readonly #jobs: HostJobs;
  readonly #ambient: Ambient;
  readonly #runs = new Map<string, BackgroundRun>();
  readonly #listeners = new Map<BackgroundRun, Set<Listener>>();

  constructor(jobs: HostJobs, ambient: Ambient) {
    this.#jobs = jobs;
    this.#ambient = ambient;
  }

  /** Finds a run by its temporary id or by the id of its remote run. */
  find(id: string): BackgroundRun | undefined {
    const known = this.#runs.get(id);
    if (known) return known;
    for (const one of this.#runs.values()) if (one.runIds.has(id)) return one;
    return undefined;
  }

  start(request: RunRequest, agentType: string, timeoutMs: number): BackgroundRun {
    const started = this.#begin(request, agentType, timeoutMs);
    this.#runs.set(started.temporaryId, started);
    return started;
  }

  #begin(request: RunRequest, agentType: string, timeoutMs: number): BackgroundRun {
    const temporaryId = this.#ambient.uuid();
    let settle: () => void = () => undefined;
    const named = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const started: BackgroundRun = {
      temporaryId,
      agentType,
      runIds: new Set(),
      phase: "resolving",
      ended: false,
      named,
    };
    const tell: Listener = (event) => {
      for (const listener of [...(this.#listeners.get(started) ?? [])]) listener(event);
    };
    const name = (run: RunRef | undefined) => {
      if (run) started.runIds.add(run.runId);
      if (run) started.run = run;
      if (started.run) settle();
    };
    const begin = this.#jobs.accept(temporaryId, {
      request,
      deadline: this.#ambient.now() + timeoutMs,
      take(event) {
        if (event.type === "status") {
          started.phase = event.phase;
          name(event.run);
        }
        tell(event);
        return undefined;
      },
      end: async (result) => {
        started.ended = true;
        if ("failure" in result) started.failure = result.failure;
        else {
          name(result.outcome.run);
          const { stoppedBy, error } = result.outcome;
          if (stoppedBy) started.stoppedBy = stoppedBy;
          if (error?.code === SPENDING_LIMIT) started.limit = error;
        }
        settle();
        tell(undefined);
        this.#forgetOldest();
      },
    });
    begin();
    return started;
  }

  /**
   * Waits for something that a caller can act on: the end, or a wait for a person. Resolves at `waitMs` at the latest, and
   * when `signal` is aborted. Costs no call: the run is followed anyway.
   */
  async news(run: BackgroundRun, { waitMs, despiteApproval, signal, onEvent }: NewsOptions): Promise<void> {
    const isKnown = run.phase === "awaiting_approval" && !despiteApproval;
    if (run.ended || isKnown || waitMs <= 0) return;
    const limit = timeoutSignal(this.#ambient, waitMs, signal);
    const listeners = this.#listeners.get(run) ?? new Set();
    this.#listeners.set(run, listeners);
    let listener: Listener | undefined;
    try {
      await new Promise<void>((resolve) => {
        listener = (event) => {
          if (event) onEvent?.(event);
          if (!event || event.type === "approval_wait") resolve();
        };
        listeners.add(listener);
        if (limit.signal.aborted) resolve();
        limit.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      limit.release();
      if (listener) listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(run);
    }
  }

  /** Waits for news of a run that was started elsewhere. It is followed meanwhile, and goes on afterwards. */
  async newsOf(runId: string, target: Target, options: NewsOptions): Promise<void> {
    const request: RunRequest = { target, attachTo: runId, onApproval: "return" };
    const followed = this.#begin(request, "", options.waitMs);
    try {
      await this.news(followed, options);
    } finally {
      this.#jobs.cancel(followed.temporaryId, "host");
    }
  }

  /** Returns whether the run was still going. */
  cancel({ temporaryId }: BackgroundRun): boolean {
    return this.#jobs.cancel(temporaryId, "host");
  }

  #forgetOldest(): void {
    const ended = [...this.#runs.values()].filter((run) => run.ended);
    const surplus = Math.max(0, ended.length - MAX_REMEMBERED);
    for (const { temporaryId } of ended.slice(0, surplus)) this.#runs.delete(temporaryId);
  }
}

/**
 * Returns what a look at a run has shown, as it is for the host. A record that calls the run ended is not the last word while the
 * run is followed here: it may have been interrupted, and be resumed.
 */
export function followedReport(report: RunReport, own: BackgroundRun | undefined): RunReport {
  if (!report.outcome || !own) return report;
  if (own.limit) return { ...report, outcome: { ...report.outcome, kind: "failed", error: own.limit } };
  if (own.ended) return report;
  const { outcome: _, ...rest } = report;
  return { ...rest, phase: "reconciling" };
}

/** Settles as `work` does, or rejects with `unavailable` after `ms` milliseconds. The work itself goes on. */
export async function answerWithin<T>(ambient: Ambient, ms: number, work: Promise<T>): Promise<T> {
  if (await settleWithin(ambient, ms, work)) return work;
  throw new ExecutionFailure("unavailable", "Seren Cloud has not answered yet; ask again in a moment");
}
