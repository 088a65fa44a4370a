/** One run: its status over time, its event log, its pauses and its end. What it does is up to the agent. */
import type { Ambient } from "../../support/ambient.ts";
import type { Deployment } from "./deployments.ts";
import type { EventLog, EventObject, LogEntry } from "./event-log.ts";
import type { HeldRequest } from "./held-request.ts";
import { INTERRUPTED, interruption } from "./interruption.ts";
import type { ArtifactRow, Decisions, PendingApproval, RunSource, StatusChange, UsageFigures } from "./run-data.ts";

const TERMINAL = new Set(["completed", "failed", "error", "cancelled", "canceled", "timeout", "blocked"]);
export const isTerminal = (status: string) => TERMINAL.has(status);

/** The reason with which everything an agent waits for rejects once its run has ended. One object: its stack means nothing. */
export const RUN_OVER = new Error("the run is over");

/** Records one run while it goes on. What a call writes is on disk when the call returns. */
export interface RunWriter {
  writeEvent(entry: LogEntry): void;
  /** Records the run's current status, with its output and figures so far. */
  writeStatus(run: Run): void;
  writeArtifact(row: ArtifactRow): void;
}

export interface RunOptions {
  readonly ambient: Ambient;
  readonly id: string;
  readonly deployment: Deployment;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly conversationId: string | undefined;
  readonly log: EventLog;
  readonly source: RunSource;
  /** Set for a run that an earlier process created. Default: now. */
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
  readonly source: RunSource;
  readonly createdAt: number;
  readonly history: StatusChange[] = [];
  readonly artifacts: ArtifactRow[] = [];
  startedAt: number | undefined;
  output: string | undefined;
  usage: UsageFigures = {};
  currentTool: string | undefined;
  /** Set while the run waits for decisions. */
  checkpointId: string | undefined;
  pending: readonly PendingApproval[] = [];
  /** Decisions of the inbox by approval id. They are recorded only: the resume call is what decides. */
  readonly inboxDecisions = new Map<string, "approved" | "denied">();
  /** Requests that the run has held for the inbox, decided ones included. */
  readonly held: HeldRequest[] = [];
  /** Counts the changes of what a live state shows, so that a stream knows when to repeat it. */
  changes = 0;
  readonly #ambient: Ambient;
  readonly #onEnd: (run: Run) => void;
  #writer: RunWriter | undefined;
  /** Rejects what the agent waits for. */
  #endWait: (() => void) | undefined;
  #signal: AbortController | undefined;
  /** Resolves `awaitDecisions`. */
  #onDecisions: ((decisions: Decisions) => void) | undefined;
  /** Resolves `interrupt`. Set while the run is interrupted. */
  #onTakenUp: (() => void) | undefined;
  #stopLimit: (() => void) | undefined;

  constructor(options: RunOptions) {
    this.id = options.id;
    this.executionId = `exec-${options.id.slice(0, 13)}`;
    this.deployment = options.deployment;
    this.payload = options.payload;
    this.conversationId = options.conversationId;
    this.source = options.source;
    this.log = options.log;
    this.#ambient = options.ambient;
    this.#onEnd = options.onEnd;
    this.createdAt = options.createdAt ?? options.ambient.now();
    this.history.push({ at: this.createdAt, status: "queued" });
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

  /** Whether the run has ended with a restart of its runtime and can be taken up again. */
  get isInterrupted(): boolean {
    return this.#onTakenUp !== undefined;
  }

  /** The status at `time`, in milliseconds since the epoch; `undefined` when the run did not exist yet. */
  statusAt(time: number): StatusChange | undefined {
    return this.history.findLast(({ at }) => at <= time);
  }

  /** Records everything that happens from now on. */
  writeTo(writer: RunWriter): void {
    this.#writer = writer;
    this.log.onAppend = (entry) => writer.writeEvent(entry);
  }

  /** Aborted with `RUN_OVER` when the run ends. */
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
    this.#changeStatus(status, message);
    this.#armLimit();
    this.touch();
  }

  /** Announces a change of something that a live state shows. */
  touch(): void {
    this.changes += 1;
    this.log.notify();
  }

  addArtifact(row: ArtifactRow): void {
    this.artifacts.push(row);
    this.#writer?.writeArtifact(row);
  }

  append(event: EventObject): void {
    if (!this.over) this.log.append(event, this.now());
  }

  /** Resolves after `ms`; with 0, after what is already queued in the process. Rejects with `RUN_OVER` when the run ends. */
  pause(ms = 0): Promise<void> {
    return this.#untilOver((resolve) => {
      if (ms > 0) return this.#ambient.timer(ms, resolve);
      this.#ambient.soon(resolve);
      return undefined;
    });
  }

  /** Never resolves; rejects with `RUN_OVER` when the run ends. */
  hang(): Promise<void> {
    return this.#untilOver(() => undefined);
  }

  /** Waits for a decision on each of `approvals`. Rejects with `RUN_OVER` when the run ends first. */
  awaitDecisions(checkpointId: string, approvals: readonly PendingApproval[]): Promise<Decisions> {
    this.checkpointId = checkpointId;
    this.pending = approvals;
    this.setStatus("awaiting_approval", "waiting for approval");
    return this.#untilOver((resolve) => {
      this.#onDecisions = resolve;
      return undefined;
    });
  }

  /** Whether decisions would let the run go on. The status alone does not tell: an agent may set any status. */
  get awaitsDecisions(): boolean {
    return this.status === "awaiting_approval" && this.#onDecisions !== undefined;
  }

  /** Lets the run go on with the decisions it waits for. */
  resume(decisions: Decisions): void {
    const onDecisions = this.#onDecisions;
    this.#onDecisions = undefined;
    this.checkpointId = undefined;
    this.pending = [];
    this.setStatus("running");
    onDecisions?.(decisions);
  }

  /** Waits for a decision of the inbox. Resolves with whether it approves. Rejects with `RUN_OVER` when the run ends first. */
  hold(request: HeldRequest): Promise<boolean> {
    this.held.push(request);
    return this.#untilOver((resolve) => {
      request.onDecided = resolve;
      return undefined;
    });
  }

  /** Ends this run while its agent keeps waiting. Returns the function that lets the agent go on, in another run. */
  handOver(): (decisions: Decisions) => void {
    const onDecisions = this.#onDecisions;
    this.#onDecisions = undefined;
    this.#endWait = undefined;
    this.finish("completed", "resumed as another run", "resumed");
    return (decisions) => onDecisions?.(decisions);
  }

  /** Ends the run. Later calls, and events appended later, have no effect. */
  finish(status: string, message?: string, stopReason?: string): void {
    if (this.over) return;
    const done = status === "completed" ? "ok" : status.startsWith("cancel") ? "cancelled" : "error";
    this.append({ event_type: "response.done", kind: "done", type: "done", status: done, reason: stopReason ?? null });
    this.#end(status, message, stopReason);
  }

  /** Ends the run as failed with this event only: nothing of it was carried out. */
  refuse(event: EventObject & { message: string }): void {
    this.append(event);
    this.usage = { input_tokens: 0, output_tokens: 0, compute_usd: "0", inference_usd: "0" };
    this.#end("failed", event.message, undefined);
  }

  /** Ends the run as a restart of its runtime does. Resolves when the run is taken up again. */
  interrupt(message: string): Promise<void> {
    if (this.over) return Promise.reject(RUN_OVER);
    this.append(interruption(message));
    return new Promise((resolve) => {
      this.#onTakenUp = resolve;
      this.#end("failed", message, INTERRUPTED);
    });
  }

  /** Lets an interrupted run go on. */
  takeUp(): void {
    const onTakenUp = this.#onTakenUp;
    this.#onTakenUp = undefined;
    this.#signal = undefined;
    this.#changeStatus("running");
    this.#armLimit();
    this.touch();
    onTakenUp?.();
  }

  cancel(): void {
    this.finish("cancelled", "cancelled on request", "cancelled");
  }

  #end(status: string, message: string | undefined, stopReason: string | undefined): void {
    this.currentTool = undefined;
    this.checkpointId = undefined;
    this.pending = [];
    for (const request of this.held) request.expire();
    this.startedAt ??= this.now();
    this.#changeStatus(status, message, stopReason);
    this.#stopLimit?.();
    const endWait = this.#endWait;
    this.#endWait = undefined;
    this.#onEnd(this);
    endWait?.();
    this.#signal?.abort(RUN_OVER);
    this.touch();
  }

  #changeStatus(status: string, message?: string, stopReason?: string): void {
    this.history.push({ at: this.now(), status, message, stopReason });
    this.#writer?.writeStatus(this);
  }

  /** A promise that `begin` resolves and the end of the run rejects. `begin` may return a function that stops its wait. */
  #untilOver<T>(begin: (resolve: (value: T) => void) => (() => void) | undefined): Promise<T> {
    if (this.over) return Promise.reject(RUN_OVER);
    return new Promise((resolve, reject) => {
      let stop: (() => void) | undefined;
      const endWait = () => {
        stop?.();
        reject(RUN_OVER);
      };
      this.#endWait = endWait;
      stop = begin((value) => {
        if (this.#endWait === endWait) this.#endWait = undefined;
        resolve(value);
      });
    });
  }

  /** Starts the deployment's own time limit. It does not run while the run waits for a person. */
  #armLimit(): void {
    this.#stopLimit?.();
    this.#stopLimit = undefined;
    const seconds = this.deployment.body.workload.limits?.max_timeout_seconds;
    if (seconds == null || this.status !== "running") return;
    const end = () => this.finish("timeout", `the run took longer than its limit of ${seconds} s`, "timeout");
    this.#stopLimit = this.#ambient.timer(seconds * 1000, end, { unref: true });
  }
}
