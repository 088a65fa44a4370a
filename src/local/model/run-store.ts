/** All runs of the service: started, found, listed, resumed. */
import type { Ambient } from "../../support/ambient.ts";
import { type Agent, AgentContext, type Turn } from "./agent-context.ts";
import { badRequest, notFound } from "../http/api-error.ts";
import type { Query } from "../http/query.ts";
import type { CloudStore, StoredRun } from "./cloud-store.ts";
import type { Deployment } from "./deployments.ts";
import { EventLog } from "./event-log.ts";
import { RUN_OVER, Run } from "./run.ts";
import type { Decision } from "../handlers/body-schemas.ts";
import { type Lag, statusAt, textOf } from "./run-views.ts";

export const RUN_STATUSES = [
  "queued",
  "running",
  "awaiting_approval",
  "completed",
  "failed",
  "cancelled",
  "timeout",
  "blocked",
  "error",
] as const;
const BACKENDS = ["aws_container", "cloudflare_worker", "daytona"];
const SOURCES = ["api", "cli", "scheduler", "ui", "system", "unknown"];

/** Filters the pending approvals have too. */
export const COMMON_FILTERS = [
  "compute_backend",
  "source",
  "has_artifacts",
  "started_after",
  "started_before",
  "q",
] as const;
export const RUN_FILTERS = [...COMMON_FILTERS, "conversation_id", "status"] as const;

const INTERRUPTED = "the embedded service was stopped while this run was going on";

export interface RunStoreOptions {
  ambient: Ambient;
  agent: Agent;
  /** Time a run spends queued. */
  startMs: number;
  firstSequence: number;
  /** What a decision continues in: the same run, a new one, or a new one that begins with the earlier text. */
  approvalResume: "same_run" | "new_run" | "new_run_repeating";
  /** Ended runs beyond this many are forgotten, oldest first. */
  maxKeptRuns: number;
  store?: CloudStore | undefined;
}

export class RunStore {
  readonly #runs = new Map<string, Run>();
  readonly #stages = new Map<Run, AgentContext>();
  readonly #options: RunStoreOptions;
  #started = 0;

  constructor(options: RunStoreOptions) {
    this.#options = options;
  }

  /** How many runs were created in all. */
  get started(): number {
    return this.#started;
  }

  /** Runs that have not ended. */
  active(): Run[] {
    return [...this.#stages.keys()];
  }

  /**
   * Creates a run and lets the agent begin once it has been queued for its time. `skip` makes holes in its log; a run
   * that is not `tracked` cannot be read or listed.
   */
  start(
    deployment: Deployment,
    payload: Readonly<Record<string, unknown>>,
    { skip, tracked = true }: { skip?: (() => number) | undefined; tracked?: boolean } = {},
  ): Run {
    const { ambient, agent, startMs } = this.#options;
    const run = this.#create(deployment, payload, skip);
    if (tracked) this.#track(run);
    const stage = new AgentContext(run, ambient, this.#countTurn(run), () => this.#earlierTurns(run));
    this.#stages.set(run, stage);
    run
      .pause(startMs)
      .then(() => {
        run.begin();
        return agent(stage);
      })
      .then(
        () => stage.run.finish("completed"),
        (thrown: unknown) => {
          if (thrown !== RUN_OVER) stage.run.finish("failed", "the agent failed unexpectedly", "runtime_error");
        },
      );
    return run;
  }

  /** Puts back a run of an earlier process. One that was going on has lost its agent: it ends here, and says so. */
  restore(kept: StoredRun, deployment: Deployment): void {
    const run = this.#create(deployment, kept.payload, undefined, kept);
    for (const entry of kept.entries) run.log.restore(entry);
    run.history.push(...kept.history);
    run.artifacts.push(...kept.artifacts);
    run.startedAt = kept.startedAt;
    run.stopReason = kept.stopReason;
    run.output = kept.output;
    run.usage = kept.usage;
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

  /** `within` limits the search to one deployment, as the deployment-scoped paths do. */
  need(runId: string, within?: string): Run {
    const run = this.#runs.get(runId);
    if (run === undefined || (within !== undefined && run.deployment.id !== within)) throw notFound("Run");
    return run;
  }

  /** Newest first. With `lag`, as a store shows it that lags behind by so much. */
  list(query: Query, deploymentId: string | undefined, statuses: readonly string[], lag: Lag): Run[] {
    const wanted = filterOf(query);
    const conversation = query.text("conversation_id");
    const found: Run[] = [];
    for (const run of this.#runs.values()) {
      if (deploymentId !== undefined && run.deployment.id !== deploymentId) continue;
      if (conversation !== undefined && run.conversationId !== conversation) continue;
      const moment = statusAt(run, run.now() - lag.statusMs);
      if (moment === undefined || (statuses.length > 0 && !statuses.includes(moment.status))) continue;
      if (wanted(run)) found.push(run);
    }
    return found.reverse();
  }

  /** The run that waits at `checkpointId` in `deployment`. */
  waitingAt(checkpointId: string, deployment: Deployment): Run {
    for (const run of this.#stages.keys()) {
      if (run.checkpointId === checkpointId && run.deployment === deployment) return run;
    }
    throw badRequest("resume_checkpoint_id: no run of this deployment waits at this checkpoint");
  }

  /** Applies decisions and answers the run that goes on, which may be another one. Throws a `Problem`. */
  decide(run: Run, checkpointId: string, decisions: readonly Decision[], inPlace: boolean): Run {
    const byId = run.decide(checkpointId, decisions);
    const stage = this.#stages.get(run);
    if (inPlace || this.#options.approvalResume === "same_run" || stage === undefined) {
      run.resume(byId);
      return run;
    }
    const next = this.#create(run.deployment, run.payload);
    this.#track(next);
    if (this.#options.approvalResume === "new_run_repeating") {
      const text = textOf(run.log.entries);
      if (text !== "") next.append({ event_type: "response.output_text.done", kind: "text", type: "text", text });
    }
    const goOn = run.handOver();
    stage.run = next;
    this.#stages.set(next, stage);
    next.begin();
    goOn(byId);
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
    skip?: () => number,
    kept?: Pick<StoredRun, "id" | "createdAt">,
  ): Run {
    const { ambient, firstSequence } = this.#options;
    const conversation = payload.conversation_id ?? payload.thread_id;
    const run = new Run({
      ambient,
      id: kept?.id ?? ambient.uuid(),
      createdAt: kept?.createdAt,
      deployment,
      payload,
      conversationId: typeof conversation === "string" ? conversation : undefined,
      log: new EventLog(firstSequence, skip),
      onEnd: (ended) => this.#ended(ended),
    });
    if (!kept) this.#started += 1;
    return run;
  }

  #ended(run: Run): void {
    this.#stages.delete(run);
    if (this.#runs.size <= this.#options.maxKeptRuns) return;
    for (const [id, old] of this.#runs) {
      if (!old.over || old === run) continue;
      this.#runs.delete(id);
      this.#options.store?.forget(old);
      if (this.#runs.size <= this.#options.maxKeptRuns) return;
    }
  }

  #earlierTurns(run: Run): Turn[] {
    const turns: Turn[] = [];
    if (run.conversationId === undefined) return turns;
    for (const { conversationId, deployment, status, payload, output, log } of this.#runs.values()) {
      if (conversationId !== run.conversationId || deployment !== run.deployment || status !== "completed") continue;
      if (typeof payload.message === "string")
        turns.push({ asked: payload.message, answered: output ?? textOf(log.entries) });
    }
    return turns;
  }

  #countTurn(run: Run): number {
    if (run.conversationId === undefined) return 0;
    const { turns } = run.deployment;
    const earlier = turns.get(run.conversationId) ?? 0;
    turns.set(run.conversationId, earlier + 1);
    return earlier;
  }
}

/** Statuses asked for: repeated, comma-separated, or both. */
export function statusesOf(query: Query): string[] {
  const statuses = query.all("status").flatMap((value) => value.split(","));
  for (const status of statuses) {
    if (!RUN_STATUSES.some((known) => known === status))
      throw badRequest(`status: expected one of ${RUN_STATUSES.join(", ")}`);
  }
  return statuses;
}

function filterOf(query: Query): (run: Run) => boolean {
  const backend = query.oneOf("compute_backend", BACKENDS);
  const source = query.oneOf("source", SOURCES);
  const hasArtifacts = query.boolean("has_artifacts");
  const after = query.time("started_after");
  const before = query.time("started_before");
  const words = query.text("q")?.toLowerCase();
  return (run) => {
    const started = run.startedAt ?? run.createdAt;
    if (backend !== undefined && (run.deployment.body.workload.compute_backend ?? "aws_container") !== backend)
      return false;
    if (source !== undefined && source !== "api") return false;
    if (hasArtifacts !== undefined && run.artifacts.length > 0 !== hasArtifacts) return false;
    if (after !== undefined && started < after) return false;
    if (before !== undefined && started > before) return false;
    if (words === undefined) return true;
    return `${run.executionId} ${run.status} api ${run.over ? (run.output ?? textOf(run.log.entries)) : ""}`
      .toLowerCase()
      .includes(words);
  };
}
