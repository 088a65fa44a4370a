/**
 * Runs our tools have started: followed in the background, cancelled at their time limit and when the host goes, so that a run
 * the model forgets does not go on at the user's expense.
 */
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";
import type { HostJobs, JobResult } from "./host-jobs.ts";

/** Runs that are remembered after they have ended. */
const MAX_REMEMBERED = 256;

export interface BackgroundRun {
  /** What the model may call it as long as the remote run has no id; later both names are good. */
  readonly temporaryId: string;
  readonly agentType: string;
  run?: RunRef;
  failure?: ExecutionFailure;
  ended: boolean;
  /** Resolves when the run has an id, or when it is clear that it never will. */
  readonly named: Promise<void>;
}

export class BackgroundRuns {
  readonly #starts: HostJobs;
  readonly #ambient: Ambient;
  readonly #byTicket = new Map<string, BackgroundRun>();

  constructor(starts: HostJobs, ambient: Ambient) {
    this.#starts = starts;
    this.#ambient = ambient;
  }

  /** By temporaryId or by run id. */
  find(id: string): BackgroundRun | undefined {
    const known = this.#byTicket.get(id);
    if (known) return known;
    for (const one of this.#byTicket.values()) if (one.run?.runId === id) return one;
    return undefined;
  }

  start(request: RunRequest, agentType: string, timeoutMs: number): BackgroundRun {
    const temporaryId = this.#ambient.uuid();
    let settle: () => void = () => undefined;
    const named = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const started: BackgroundRun = { temporaryId, agentType, ended: false, named };
    this.#byTicket.set(temporaryId, started);
    const name = (run: RunRef | undefined) => {
      if (run) started.run = run;
      if (started.run) settle();
    };
    const begin = this.#starts.accept(temporaryId, {
      request,
      deadline: this.#ambient.now() + timeoutMs,
      take(event) {
        if (event.type === "status") name(event.run);
        return undefined;
      },
      end: async (ending: JobResult) => {
        started.ended = true;
        if ("failure" in ending) started.failure = ending.failure;
        else name(ending.outcome.run);
        settle();
        this.#forgetOldest();
      },
    });
    begin();
    return started;
  }

  /** Answers whether the run was still going. */
  cancel(run: BackgroundRun): boolean {
    return this.#starts.cancel(run.temporaryId, "host");
  }

  #forgetOldest(): void {
    const ended = [...this.#byTicket.values()].filter((run) => run.ended);
    for (const { temporaryId } of ended.slice(0, Math.max(0, ended.length - MAX_REMEMBERED)))
      this.#byTicket.delete(temporaryId);
  }
}

/** `work`, or a failure that says so when it takes longer than `ms`. The work itself goes on. */
export function answerWithin<T>(ambient: Ambient, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = ambient.timer(
      ms,
      () => reject(new ExecutionFailure("unavailable", "Seren Cloud has not answered yet; ask again in a moment")),
      { unref: true },
    );
    work.then(resolve, reject).finally(stop);
  });
}
