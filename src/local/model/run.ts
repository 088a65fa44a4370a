/** One run: its status over time, its event log, its pauses and its end. What it does is up to the agent. */
import type { Ambient } from "../../support/ambient.ts";
import { badRequest, conflict } from "../http/api-error.ts";
import type { RunWriter } from "./cloud-store.ts";
import type { Deployment } from "./deployments.ts";
import type { EventLog, EventObject } from "./event-log.ts";
import type { Decision } from "../handlers/body-schemas.ts";

const TERMINAL = new Set(["completed", "failed", "error", "cancelled", "canceled", "timeout", "blocked"]);
export const isTerminal = (status: string) => TERMINAL.has(status);

/** What a pause rejects with once the run is over; one object, because nobody reads its stack. */
export const RUN_OVER = new Error("the run is over");

/** A status and when it began. */
export interface StatusChange {
  readonly at: number;
  readonly status: string;
  readonly message: string | undefined;
}

export interface PendingApproval {
  readonly id: string;
  readonly tool: string;
  readonly args: unknown;
  readonly function_call_id: string;
  readonly reason: string | null;
}

export interface ArtifactRow {
  readonly id: string;
  readonly at: number;
  readonly type: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly payload: unknown;
}

export interface UsageFigures {
  input_tokens?: number | undefined;
  output_tokens?: number | undefined;
  compute_usd?: string | undefined;
  inference_usd?: string | undefined;
}

export interface RunOptions {
  readonly ambient: Ambient;
  readonly id: string;
  readonly deployment: Deployment;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly conversationId: string | undefined;
  readonly log: EventLog;
  /** Of a run that an earlier process created. */
  readonly createdAt?: number | undefined;
  /** Called once, when the run has ended. */
  readonly onEnd: (run: Run) => void;
}

export class Run {
  readonly id: string;
  readonly executionId: string;
  readonly deployment: Deployment;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly conversationId: string | undefined;
  readonly log: EventLog;
  readonly createdAt: number;
  readonly history: StatusChange[] = [];
  readonly artifacts: ArtifactRow[] = [];
  startedAt: number | undefined;
  stopReason: string | undefined;
  output: string | undefined;
  usage: UsageFigures = {};
  currentTool: string | undefined;
  /** Set while a person has to decide. */
  checkpointId: string | undefined;
  pending: readonly PendingApproval[] = [];
  /** Inbox decisions by approval id; they are on record only, the resume call decides. */
  readonly inboxDecisions = new Map<string, "approved" | "denied">();
  /** Grows with everything a live state shows, so that a stream knows when to repeat it. */
  changes = 0;
  readonly #ambient: Ambient;
  readonly #onEnd: (run: Run) => void;
  #notes: RunWriter | undefined;
  #interrupt: (() => void) | undefined;
  #signal: AbortController | undefined;
  #decided: ((decisions: ReadonlyMap<string, string>) => void) | undefined;
  #stopLimit: (() => void) | undefined;

  constructor(options: RunOptions) {
    this.id = options.id;
    this.executionId = `exec-${options.id.slice(0, 13)}`;
    this.deployment = options.deployment;
    this.payload = options.payload;
    this.conversationId = options.conversationId;
    this.log = options.log;
    this.#ambient = options.ambient;
    this.#onEnd = options.onEnd;
    this.createdAt = options.createdAt ?? options.ambient.now();
    this.history.push({ at: this.createdAt, status: "queued", message: undefined });
  }

  get current(): StatusChange {
    return this.history[this.history.length - 1] as StatusChange;
  }

  get status(): string {
    return this.current.status;
  }

  get over(): boolean {
    return TERMINAL.has(this.status);
  }

  /** From now on all that happens is noted. */
  writeTo(notes: RunWriter): void {
    this.#notes = notes;
    this.log.onAppend = (entry) => notes.event(entry);
  }

  /** Aborted with `RUN_OVER` when the run is over. */
  get signal(): AbortSignal {
    this.#signal ??= new AbortController();
    if (this.over) this.#signal.abort(RUN_OVER);
    return this.#signal.signal;
  }

  now(): number {
    return this.#ambient.now();
  }

  begin(): void {
    this.startedAt ??= this.now();
    this.setStatus("running");
  }

  setStatus(status: string, message?: string): void {
    if (this.over) return;
    this.#move(status, message);
    this.#armLimit();
    this.touch();
  }

  /** Something a live state shows has changed. */
  touch(): void {
    this.changes += 1;
    this.log.wake();
  }

  addArtifact(row: ArtifactRow): void {
    this.artifacts.push(row);
    this.#notes?.artifact(row);
  }

  append(event: EventObject): void {
    if (!this.over) this.log.append(event, this.now());
  }

  /** Resolves after `ms`, or after what is already queued; rejects with `RUN_OVER` as soon as the run ends. */
  pause(ms = 0): Promise<void> {
    return this.#waiting((resolve) => {
      if (ms > 0) return this.#ambient.timer(ms, resolve);
      this.#ambient.soon(resolve);
      return undefined;
    });
  }

  /** Rejects with `RUN_OVER` when the run ends; does nothing else. */
  hang(): Promise<void> {
    return this.#waiting(() => undefined);
  }

  /** Pauses until `decide` was called for all of `approvals`. Resolves with the decisions by approval id. */
  decisions(checkpointId: string, approvals: readonly PendingApproval[]): Promise<ReadonlyMap<string, string>> {
    this.checkpointId = checkpointId;
    this.pending = approvals;
    this.setStatus("awaiting_approval", "waiting for approval");
    return this.#waiting((resolve) => {
      this.#decided = resolve;
      return undefined;
    });
  }

  /** Checks that every pending approval is decided exactly once, then lets the run go on. Throws a `Problem`. */
  decide(checkpointId: string, decisions: readonly Decision[]): ReadonlyMap<string, string> {
    if (this.status !== "awaiting_approval" || this.#decided === undefined)
      throw conflict("The run is not awaiting approval");
    if (checkpointId !== this.checkpointId) throw conflict("The checkpoint is not the run's current one");
    const byId = new Map(decisions.map(({ id, decision }) => [id, decision]));
    if (byId.size !== decisions.length) throw badRequest("approval_decisions: an id is given more than once");
    for (const { id } of this.pending) {
      if (!byId.has(id)) throw badRequest(`approval_decisions: no decision for ${id}`);
      byId.delete(id);
    }
    for (const id of byId.keys()) throw badRequest(`approval_decisions: ${id} is not pending`);
    return new Map(decisions.map(({ id, decision }) => [id, decision]));
  }

  /** Continues after `decide`, in this run. */
  resume(decisions: ReadonlyMap<string, string>): void {
    const decided = this.#decided;
    this.#decided = undefined;
    this.checkpointId = undefined;
    this.pending = [];
    this.setStatus("running");
    decided?.(decisions);
  }

  /** Hands what waits for the decision to another run and ends this one. */
  handOver(): (decisions: ReadonlyMap<string, string>) => void {
    const decided = this.#decided;
    this.#decided = undefined;
    this.#interrupt = undefined;
    this.finish("completed", "resumed as another run", "resumed");
    return (decisions) => decided?.(decisions);
  }

  /** Ends the run, once; later calls and later events do nothing. */
  finish(status: string, message?: string, stopReason?: string): void {
    if (this.over) return;
    const done = status === "completed" ? "ok" : status.startsWith("cancel") ? "cancelled" : "error";
    this.append({ event_type: "response.done", kind: "done", type: "done", status: done, reason: stopReason ?? null });
    this.currentTool = undefined;
    this.checkpointId = undefined;
    this.pending = [];
    this.stopReason = stopReason;
    this.startedAt ??= this.now();
    this.#move(status, message);
    this.#stopLimit?.();
    const interrupt = this.#interrupt;
    this.#interrupt = undefined;
    this.#onEnd(this);
    interrupt?.();
    this.#signal?.abort(RUN_OVER);
    this.touch();
  }

  cancel(): void {
    this.finish("cancelled", "cancelled on request", "cancelled");
  }

  #move(status: string, message: string | undefined): void {
    this.history.push({ at: this.now(), status, message });
    this.#notes?.statusChange(this);
  }

  #waiting<T>(begin: (resolve: (value: T) => void) => (() => void) | undefined): Promise<T> {
    if (this.over) return Promise.reject(RUN_OVER);
    return new Promise((resolve, reject) => {
      let stop: (() => void) | undefined;
      const interrupt = () => {
        stop?.();
        reject(RUN_OVER);
      };
      this.#interrupt = interrupt;
      stop = begin((value) => {
        if (this.#interrupt === interrupt) this.#interrupt = undefined;
        resolve(value);
      });
    });
  }

  /** The deployment's own limit on how long a run may take; it does not run while a person has to decide. */
  #armLimit(): void {
    this.#stopLimit?.();
    this.#stopLimit = undefined;
    const seconds = this.deployment.body.workload.limits?.max_timeout_seconds;
    if (seconds == null || this.status !== "running") return;
    const end = () => this.finish("timeout", `the run took longer than its limit of ${seconds} s`, "timeout");
    this.#stopLimit = this.#ambient.timer(seconds * 1000, end, { unref: true });
  }
}
