/** All runs of the service: starts, finds, lists, continues and, in the end, forgets them. */
import type { Ambient } from "../../support/ambient.ts";
import { type Agent, AgentContext, type Turn } from "./agent-context.ts";
import type { CloudStore, StoredRun } from "./cloud-store.ts";
import type { Deployment } from "./deployments.ts";
import { EventLog } from "./event-log.ts";
import { type Decisions, RUN_OVER, Run } from "./run.ts";
import { passes, type RunFilter } from "./run-filter.ts";
import { type Lag, NO_LAG } from "./run-views.ts";

const INTERRUPTED = "the embedded service was stopped while this run was in progress";

export interface RunStoreOptions {
  ambient: Ambient;
  agent: Agent;
  /** Time a run spends queued. */
  startMs: number;
  firstSequence: number;
  /** What a decision continues in: the same run, a new one, or a new one that begins with the earlier text. */
  approvalResume: "same_run" | "new_run" | "new_run_repeating";
  /** Above this many runs, ended ones are forgotten, oldest first. */
  maxKeptRuns: number;
  store?: CloudStore | undefined;
}

export interface StartOptions {
  /** Returns how many sequence numbers to leave out; called before each event. Default: none are left out. */
  skip?: (() => number) | undefined;
  /** Whether the run can be read and listed. Default true. */
  tracked?: boolean | undefined;
}

interface NewRun {
  skip?: (() => number) | undefined;
  /** What an earlier process has stored of the run. */
  stored?: Pick<StoredRun, "id" | "createdAt"> | undefined;
}

export class RunStore {
  readonly #runs = new Map<string, Run>();
  /** The agents at work, by the run each works on. */
  readonly #agents = new Map<Run, AgentContext>();
  readonly #options: RunStoreOptions;
  #started = 0;

  constructor(options: RunStoreOptions) {
    this.#options = options;
  }

  /** Number of runs created by this process, forgotten ones included. */
  get started(): number {
    return this.#started;
  }

  /** Runs that have not ended. */
  active(): Run[] {
    return [...this.#agents.keys()];
  }

  /** Creates a run, and starts the agent once the run has been queued for `startMs`. */
  start(
    deployment: Deployment,
    payload: Readonly<Record<string, unknown>>,
    { skip, tracked = true }: StartOptions = {},
  ): Run {
    const { ambient, agent, startMs } = this.#options;
    const run = this.#create(deployment, payload, { skip });
    if (tracked) this.#track(run);
    const earlierTurns = this.#countTurn(run);
    const context = new AgentContext({ run, ambient, earlierTurns, history: () => this.#earlierTurns(run) });
    this.#agents.set(run, context);
    run
      .pause(startMs)
      .then(() => {
        run.begin();
        return agent(context);
      })
      .then(
        () => context.run.finish("completed"),
        (thrown: unknown) => {
          if (thrown !== RUN_OVER) context.run.finish("failed", "the agent failed unexpectedly", "runtime_error");
        },
      );
    return run;
  }

  /** Adds a run of an earlier process. A run that had not ended has lost its agent: it fails, and says why. */
  restore(stored: StoredRun, deployment: Deployment): void {
    const run = this.#create(deployment, stored.payload, { stored });
    for (const entry of stored.entries) run.log.restore(entry);
    run.history.push(...stored.history);
    run.artifacts.push(...stored.artifacts);
    run.startedAt = stored.startedAt;
    run.stopReason = stored.stopReason;
    run.output = stored.output;
    run.usage = stored.usage;
    this.#runs.set(run.id, run);
    this.#countTurn(run);
    if (run.over) return;
    const { store } = this.#options;
    if (store) run.writeTo(store.runWriter(run));
    run.append({
      type: "error",
      event_type: "error",
      kind: "error",
      code: "interrupted",
      cause: "platform",
      retryable: true,
      message: INTERRUPTED,
    });
    run.finish("failed", INTERRUPTED, "interrupted");
  }

  find(runId: string): Run | undefined {
    return this.#runs.get(runId);
  }

  /** Returns the runs that pass `filter`, newest first. With `lag`, by the statuses of that many milliseconds ago. */
  list(filter: RunFilter, lag: Lag = NO_LAG): Run[] {
    const found: Run[] = [];
    for (const run of this.#runs.values()) {
      const change = run.statusAt(run.now() - lag.statusMs);
      if (change !== undefined && passes(run, change.status, filter)) found.push(run);
    }
    return found.reverse();
  }

  /** Returns the run of `deployment` that waits at `checkpointId`. */
  findWaiting(checkpointId: string, deployment: Deployment): Run | undefined {
    return this.active().find((run) => run.checkpointId === checkpointId && run.deployment === deployment);
  }

  /** Lets the agent of `run` go on with the decisions. Returns the run it continues in, which `approvalResume` chooses. */
  continueRun(run: Run, decisions: Decisions): Run {
    const context = this.#agents.get(run);
    if (this.#options.approvalResume === "same_run" || context === undefined) {
      run.resume(decisions);
      return run;
    }
    const next = this.#create(run.deployment, run.payload);
    this.#track(next);
    if (this.#options.approvalResume === "new_run_repeating") {
      const text = run.log.text();
      if (text !== "") next.append({ event_type: "response.output_text.done", kind: "text", type: "text", text });
    }
    const goOn = run.handOver();
    context.continueIn(next);
    this.#agents.set(next, context);
    next.begin();
    goOn(decisions);
    return next;
  }

  #track(run: Run): void {
    this.#runs.set(run.id, run);
    const { store } = this.#options;
    if (store) run.writeTo(store.runWriter(run));
  }

  #create(deployment: Deployment, payload: Readonly<Record<string, unknown>>, { skip, stored }: NewRun = {}): Run {
    const { ambient, firstSequence } = this.#options;
    const conversation = payload.conversation_id ?? payload.thread_id;
    const run = new Run({
      ambient,
      id: stored?.id ?? ambient.uuid(),
      createdAt: stored?.createdAt,
      deployment,
      payload,
      conversationId: typeof conversation === "string" ? conversation : undefined,
      log: new EventLog({ first: firstSequence, skip }),
      onEnd: (ended) => this.#onEnd(ended),
    });
    if (!stored) this.#started += 1;
    return run;
  }

  /** Forgets the oldest ended runs when there are too many, but not the one that has just ended. */
  #onEnd(run: Run): void {
    this.#agents.delete(run);
    if (this.#runs.size <= this.#options.maxKeptRuns) return;
    for (const [id, old] of this.#runs) {
      if (!old.over || old === run) continue;
      this.#runs.delete(id);
      this.#options.store?.deleteRun(old);
      if (this.#runs.size <= this.#options.maxKeptRuns) return;
    }
  }

  #earlierTurns(run: Run): Turn[] {
    const turns: Turn[] = [];
    if (run.conversationId === undefined) return turns;
    for (const { conversationId, deployment, status, payload, output, log } of this.#runs.values()) {
      if (conversationId !== run.conversationId || deployment !== run.deployment || status !== "completed") continue;
      if (typeof payload.message === "string") turns.push({ question: payload.message, answer: output ?? log.text() });
    }
    return turns;
  }

  /** Counts the run as a turn of its conversation. Returns how many came before it. */
  #countTurn(run: Run): number {
    if (run.conversationId === undefined) return 0;
    const { turns } = run.deployment;
    const earlier = turns.get(run.conversationId) ?? 0;
    turns.set(run.conversationId, earlier + 1);
    return earlier;
  }
}
