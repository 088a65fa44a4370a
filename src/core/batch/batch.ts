/**
 * Many prompts, each as a run of its own: a bounded number at a time, each row at most once, whatever is killed and begun
 * again. What is noted before each step is enough for another process to go on: a run that was started is followed, one that
 * may have been started is looked for.
 */
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, type ExecutionFailure, type FailureKind } from "../../support/failure.ts";
import type { ExecutionEvent, Outcome } from "../events.ts";
import type { LiveRun, RunRegistry } from "../host/run-registry.ts";
import type { BegunRun, Caretaker, RunRequest } from "../request.ts";
import type { BatchLine, BatchNotes, RowState, RowStates } from "./batch-notes.ts";
import { Pace } from "./pace.ts";

/** `begun`: what was noted of its run, if it may have been started. */
interface FailedRow {
  failure: ExecutionFailure;
  begun?: BegunRun;
}

/** How a row ended: with the outcome of its run, or without one. */
export type RowEnd = { outcome: Outcome } | FailedRow;

export type BatchRow = Pick<RunRequest, "target" | "message" | "onApproval">;

export interface BatchOptions<Result> {
  rows: readonly BatchRow[];
  /** What an earlier process has done. */
  states: RowStates;
  notes: BatchNotes<Result>;
  registry: RunRegistry;
  ambient: Ambient;
  /** Rows that go on at a time. */
  concurrency: number;
  /** Time limit of each run, in milliseconds. */
  timeoutMs: number;
  /** What is noted of a row that has ended. */
  resultOf(row: number, end: RowEnd): Promise<Result>;
  /** Called when that is noted. */
  onEnded(row: number, result: Result): void;
  /** Called when rows begin, wait, end or are held back. */
  onChange?: () => void;
}

/** These are no fault of one row. */
const FOR_ALL: ReadonlySet<FailureKind> = new Set(["unauthorized", "forbidden", "payment_required", "unsupported"]);

export class Batch<Result> {
  readonly #options: BatchOptions<Result>;
  readonly #pace: Pace;
  /** Rows that are to be begun, the last one first. */
  readonly #queue: number[];
  readonly #live = new Map<number, LiveRun>();
  readonly #working = new Set<Promise<void>>();
  readonly #waiting = new Set<number>();
  #isDraining = false;
  #isCancelled = false;
  #stoppedBy: ExecutionFailure | undefined;
  #wake: () => void = () => undefined;

  constructor(options: BatchOptions<Result>) {
    this.#options = options;
    this.#pace = new Pace(options.ambient, options.concurrency);
    const { rows, states } = options;
    const open = [...rows.keys()].filter((row) => states.get(row)?.kind !== "ended");
    // Runs that were started already come first: they cost whether or not anybody follows them.
    const rank = (row: number) => (states.get(row) === undefined ? 1 : 0);
    this.#queue = open.sort((a, b) => rank(a) - rank(b) || a - b).reverse();
  }

  /** Rows that go on. */
  get active(): number {
    return this.#working.size;
  }

  /** Rows whose run waits for a person. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Milliseconds for which no row is begun, because the service has refused some. */
  get pauseMs(): number {
    return this.#pace.pauseMs;
  }

  /** Begins nothing more. What goes on is followed to its end. */
  drain(): void {
    this.#isDraining = true;
    this.#wake();
  }

  /** Begins nothing more, and cancels what goes on. */
  cancel(): void {
    this.#isCancelled = true;
    for (const run of this.#live.values()) run.cancel("person");
    this.drain();
  }

  /** To be called once. Resolves when nothing goes on any more, with what stopped it before all rows had ended. */
  async run(): Promise<ExecutionFailure | undefined> {
    const { ambient } = this.#options;
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const mayBegin = !this.#isDraining && !this.#stoppedBy;
      const { pauseMs } = this.#pace;
      if (mayBegin && pauseMs === 0) while (this.active < this.#pace.limit && this.#beginNext());
      if (this.active === 0 && (!mayBegin || this.#queue.length === 0)) return this.#stoppedBy;
      const stopTimer = mayBegin && pauseMs > 0 ? ambient.timer(pauseMs, this.#wake) : undefined;
      this.#options.onChange?.();
      await woken;
      stopTimer?.();
    }
  }

  #beginNext(): boolean {
    const row = this.#queue.pop();
    if (row === undefined) return false;
    const work = this.#row(row).finally(() => {
      this.#working.delete(work);
      this.#live.delete(row);
      this.#waiting.delete(row);
      this.#wake();
    });
    this.#working.add(work);
    return true;
  }

  /** Never rejects. */
  async #row(row: number): Promise<void> {
    try {
      const before = this.#options.states.get(row);
      const end = await this.#follow(row, before);
      if ("failure" in end && !this.#isFinal(row, end)) return await this.#putBack(row, before);
      this.#pace.gotThrough();
      const result = await this.#options.resultOf(row, end);
      await this.#note({ kind: "ended", row, result });
      this.#options.onEnded(row, result);
    } catch (error) {
      this.#stop(asFailure(error));
    }
  }

  /** `before`: its state before it was taken up. */
  async #putBack(row: number, before: RowState | undefined): Promise<void> {
    this.#queue.push(row);
    const now = this.#options.states.get(row);
    // It was noted that it is being started, and then nothing was: there is nothing to look for.
    if (now !== before && now?.kind === "begun" && now.begun.runId === undefined)
      await this.#note({ kind: "refused", row });
  }

  async #follow(row: number, state: RowState | undefined): Promise<RowEnd> {
    const { rows, registry, ambient, timeoutMs } = this.#options;
    const earlier = state?.kind === "begun" ? state : undefined;
    const conversationId = earlier?.conversationId ?? ambient.uuid();
    const request: RunRequest = {
      ...(rows[row] as BatchRow),
      conversationId,
      caretaker: this.#caretakerOf(row, conversationId),
      ...(earlier ? { begun: earlier.begun } : {}),
    };
    const run = registry.start(`row ${row}`, request, ambient.now() + timeoutMs, (event) => this.#see(row, event));
    this.#live.set(row, run);
    if (this.#isCancelled) run.cancel("person");
    return run.outcome.then(
      (outcome) => ({ outcome }),
      (error: unknown) => this.#failed(row, asFailure(error)),
    );
  }

  /** A run whose id is known was started, whatever the failure says of this attempt to follow it. */
  #failed(row: number, failure: ExecutionFailure): FailedRow {
    const state = this.#options.states.get(row);
    if (state?.kind !== "begun" || (state.begun.runId === undefined && !failure.mayHaveStarted)) return { failure };
    return { failure, begun: state.begun };
  }

  #caretakerOf(row: number, conversationId: string): Caretaker {
    const { folder } = this.#options.notes;
    return {
      folder,
      note: (run) => {
        const begun = { ...run, since: this.#options.ambient.now() };
        return this.#note({ kind: "begun", row, begun, conversationId });
      },
      takesUpAfter: (failure) => failure.retryable || this.#isForAll(row, failure),
    };
  }

  /** What cannot be noted must not happen: nothing more is begun then. */
  async #note(line: BatchLine<Result>): Promise<void> {
    const { notes, states } = this.#options;
    states.note(line);
    try {
      await notes.append(line);
    } catch (error) {
      this.#stop(asFailure(error));
      throw error;
    }
  }

  #see(row: number, event: ExecutionEvent): void {
    if (event.type === "approval_wait") this.#waiting.add(row);
    else if (event.type === "status" && event.phase === "running") this.#waiting.delete(row);
    else return;
    this.#options.onChange?.();
  }

  /** Whether a row that has no outcome has ended with that. */
  #isFinal(row: number, { failure, begun }: FailedRow): boolean {
    const { kind } = failure;
    if (begun && failure.mayHaveStarted) return true;
    if (this.#stoppedBy || (this.#isCancelled && kind === "cancelled")) return false;
    if (failure.retryable) {
      if (!this.#pace.refused(failure, this.active)) this.#stop(failure);
      return false;
    }
    if (!this.#isForAll(row, failure)) return true;
    this.#stop(failure);
    return false;
  }

  /** Whether no other row would get further. A run that is gone is one; a deployment that is not there has none for any row. */
  #isForAll(row: number, { kind }: ExecutionFailure): boolean {
    const state = this.#options.states.get(row);
    const isStarted = state?.kind === "begun" && state.begun.runId !== undefined;
    return kind === "not_found" ? !isStarted : FOR_ALL.has(kind);
  }

  #stop(failure: ExecutionFailure): void {
    this.#stoppedBy ??= failure;
    this.#wake();
  }
}
