/**
 * Runs that a tool has started: followed in the background, and cancelled at their time limit or when the host exits, so
 * that a run the model forgets does not go on at the user's expense.
 */
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { settleWithin } from "../../support/settle-within.ts";
import type { RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";
import type { HostJobs } from "./host-jobs.ts";

/** Ended runs that are remembered. */
const MAX_REMEMBERED = 256;

export interface BackgroundRun {
  /** Names the run while the remote run has no id. Both names work afterwards. */
  readonly temporaryId: string;
  readonly agentType: string;
  run?: RunRef;
  failure?: ExecutionFailure;
  ended: boolean;
  /** Resolves when the remote run has an id, or when it is certain that it never will. */
  readonly named: Promise<void>;
}

export class BackgroundRuns {
  readonly #jobs: HostJobs;
  readonly #ambient: Ambient;
  readonly #runs = new Map<string, BackgroundRun>();

  constructor(jobs: HostJobs, ambient: Ambient) {
    this.#jobs = jobs;
    this.#ambient = ambient;
  }

  /** Finds a run by its temporary id or by the id of its remote run. */
  find(id: string): BackgroundRun | undefined {
    const known = this.#runs.get(id);
    if (known) return known;
    for (const one of this.#runs.values()) if (one.run?.runId === id) return one;
    return undefined;
  }

  start(request: RunRequest, agentType: string, timeoutMs: number): BackgroundRun {
    const temporaryId = this.#ambient.uuid();
    let settle: () => void = () => undefined;
    const named = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const started: BackgroundRun = { temporaryId, agentType, ended: false, named };
    this.#runs.set(temporaryId, started);
    const name = (run: RunRef | undefined) => {
      if (run) started.run = run;
      if (started.run) settle();
    };
    const begin = this.#jobs.accept(temporaryId, {
      request,
      deadline: this.#ambient.now() + timeoutMs,
      take(event) {
        if (event.type === "status") name(event.run);
        return undefined;
      },
      end: async (result) => {
        started.ended = true;
        if ("failure" in result) started.failure = result.failure;
        else name(result.outcome.run);
        settle();
        this.#forgetOldest();
      },
    });
    begin();
    return started;
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

/** Settles as `work` does, or rejects with `unavailable` after `ms` milliseconds. The work itself goes on. */
export async function answerWithin<T>(ambient: Ambient, ms: number, work: Promise<T>): Promise<T> {
  if (await settleWithin(ambient, ms, work)) return work;
  throw new ExecutionFailure("unavailable", "Seren Cloud has not answered yet; ask again in a moment");
}
