/** All runs of the service: starts, finds, lists, continues and, in the end, forgets them. */
import type { Ambient } from "../../support/ambient.ts";
import { type Agent, AgentContext, type Turn } from "./agent-context.ts";
import type { CloudStore, StoredRun } from "./cloud-store.ts";
import type { Deployment } from "./deployments.ts";
import { EventLog, type EventObject } from "./event-log.ts";
import type { HeldRequest } from "./held-request.ts";
import { INTERRUPTED, interruption } from "./interruption.ts";
import { RUN_OVER, Run } from "./run.ts";
import type { Decisions, RunSource } from "./run-data.ts";
import { passes, type RunFilter } from "./run-filter.ts";
import { type Lag, NO_LAG } from "./run-views.ts";

const STOPPED = "the embedded service was stopped while this run was in progress";

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
  /** Default `api`. */
  source?: RunSource | undefined;
  /** Whether the run can be read and listed. Default true. */
  tracked?: boolean | undefined;
  /** Number of events after which the run is interrupted once. Default: it is not. */
  interruptAfter?: number | undefined;
}

interface NewRun {
  skip?: (() => number) | undefined;
  source?: RunSource | undefined;
  /** What an earlier process has stored of the run. */
  stored?: Pick<StoredRun, "id" | "createdAt" | "source"> | undefined;
}

export class RunStore {
  readonly #runs = new Map<string, Run>();
  /** The agents at work, by the run each works on. */
  readonly #agents = new Map<Run, AgentContext>();
  /** The agents of interrupted runs, which wait to be taken up. */
  readonly #interrupted = new Map<Run, AgentContext>();
  readonly #options: RunStoreOptions;
  readonly #resumed = new Map<string, number>();
  #started = 0;

  constructor(options: RunStoreOptions) {
    this.#options = options;
  }

  /** Number of runs created by this process, forgotten ones included. */
  get started(): number {
    return this.#started;
  }

  /** How often each interrupted run was taken up. */
  get resumed(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#resumed);
  }

  /** Runs that have not ended. */
  active(): Run[] {
    return [...this.#agents.keys()];
  }

  /** Creates a run, and starts the agent once the run has been queued for `startMs`. */
  start(
    deployment: Deployment,
    payload: Readonly<Record<string, unknown>>,
    { skip, source, tracked = true, interruptAfter }: StartOptions = {},
  ): Run {
    const { ambient, agent, startMs } = this.#options;
    const run = this.#create(deployment, payload, { skip, source });
    this.#started += 1;
    if (tracked) this.#track(run);
    const earlierTurns = this.#countTurn(run);
    const history = () => this.#earlierTurns(run);
    const context = new AgentContext({ run, ambient, earlierTurns, history, interruptAfter });
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

  /** Creates a run that fails with `event` once it has been queued for `startMs`. It is no turn of its conversation. */
  startRefused(
    deployment: Deployment,
    payload: Readonly<Record<string, unknown>>,
    event: EventObject & { message: string },
  ): Run {
    const run = this.#create(deployment, payload);
    this.#track(run);
    run.pause(this.#options.startMs).then(
      () => run.refuse(event),
      () => undefined, // it was cancelled while it was queued
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
    run.output = stored.output;
    run.usage = stored.usage;
    this.#runs.set(run.id, run);
    this.#countTurn(run);
    if (run.over) return;
    const { store } = this.#options;
    if (store) run.writeTo(store.runWriter(run));
    run.append(interruption(STOPPED));
    run.finish("failed", STOPPED, INTERRUPTED);
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

  /** Returns the run that is the active turn of the conversation that `payload` names. */
  activeTurn(deployment: Deployment, payload: Readonly<Record<string, unknown>>): Run | undefined {
    const conversation = conversationOf(payload);
    if (conversation === undefined) return undefined;
    return this.active().find((run) => run.deployment === deployment && run.conversationId === conversation);
  }

  /** Returns the request that is held under this entry of the inbox. */
  findHeld(entryId: string): HeldRequest | undefined {
    for (const { held } of this.#runs.values()) {
      const request = held.find((one) => one.entryId === entryId);
      if (request !== undefined) return request;
    }
    return undefined;
  }

  /** Lets an interrupted run go on. Returns false when the run is not interrupted. */
  takeUp(run: Run): boolean {
    const context = this.#interrupted.get(run);
    if (context === undefined) return false;
    this.#interrupted.delete(run);
    this.#agents.set(run, context);
    this.#resumed.set(run.id, (this.#resumed.get(run.id) ?? 0) + 1);
    run.takeUp();
    return true;
  }

  /** Lets the agent of `run` go on with the decisions. Returns the run it continues in, which `approvalResume` chooses. */
  continueRun(run: Run, decisions: Decisions): Run {
    const context = this.#agents.get(run);
    if (this.#options.approvalResume === "same_run" || context === undefined) {
      run.resume(decisions);
      return run;
    }
    const next = this.#create(run.deployment, run.payload);
    this.#started += 1;
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

  #create(
    deployment: Deployment,
    payload: Readonly<Record<string, unknown>>,
    { skip, source = "api", stored }: NewRun = {},
  ): Run {
    const { ambient, firstSequence } = this.#options;
    return new Run({
      ambient,
      id: stored?.id ?? ambient.uuid(),
      createdAt: stored?.createdAt,
      source: stored?.source ?? source,
      deployment,
      payload,
      conversationId: conversationOf(payload),
      log: new EventLog({ first: firstSequence, skip }),
      onEnd: (ended) => this.#onEnd(ended),
    });
  }

  /** Forgets the oldest ended runs when there are too many, but not the one that has just ended. */
  #onEnd(run: Run): void {
    const context = this.#agents.get(run);
    if (run.isInterrupted && context) this.#interrupted.set(run, context);
    this.#agents.delete(run);
    if (this.#runs.size <= this.#options.maxKeptRuns) return;
    for (const [id, old] of this.#runs) {
      if (!old.over || old === run) continue;
      this.#runs.delete(id);
      this.#interrupted.delete(old);
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

function conversationOf(payload: Readonly<Record<string, unknown>>): string | undefined {
  const conversation = payload.conversation_id ?? payload.thread_id;
  return typeof conversation === "string" ? conversation : undefined;
}
