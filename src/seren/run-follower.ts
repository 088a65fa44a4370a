/**
 * Follows one run to its end, whatever happens to the connections in between: reopens the stream after a cut with the
 * cursor, looks at the run's state when a stream goes quiet, fills gaps from the event log, and reads the log page by
 * page where streaming is refused. Silence is never a failure; only the signal ends the waiting.
 * Figures and frame names: `seren-cloud-api` reference, section 4.
 */

import { type RunLiveState, RunLiveStateSchema, RunSnapshotSchema } from "#protocols/seren-cloud";
import { type Ambient, backoffMs, sleep } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import type { SerenClient } from "./client.ts";
import { RunCursor, toSequence } from "./run-cursor.ts";
import { parseSse, type SseFrame } from "./sse.ts";
import { AWAITING_APPROVAL, isTerminal } from "./status.ts";

/** Without a byte for this long, the run's state is asked for and the stream reopened. */
const SILENT_MS = 60_000;
/** The same when only keep-alive comments arrive. */
const NO_FRAME_MS = 180_000;
const RECONNECT_BASE_MS = 500;
const RECONNECT_CAP_MS = 30_000;
const REFUSED_RETRY_MS = 1_000;
const POLL_EVERY_MS = 1_500;
/** Gaps are usual where a log numbers events it does not show: the log is asked at most this often. */
const GAP_CHECK_EVERY_MS = 1_000;
const GAP_RETRIES_MS = [0, 250, 500, 1_000];

/** Other names by which older services end a stream. */
const END_FRAMES = new Set(["end", "done", "run.completed", "run.failed", "run.cancelled", "run.canceled"]);

export type FollowItem =
  /** One event of the run's log, in order, once. Not yet decoded. */
  | { kind: "event"; event: unknown }
  /** `caughtUp`: every event up to this state has been handed on. */
  | { kind: "state"; state: RunLiveState; caughtUp: boolean }
  | { kind: "reconnecting" };

/** Why following stopped: the service says the run has ended, or waits for a person. The record has the last word. */
export interface FollowEnd {
  /** Text of a stream `error` frame, if one came. */
  streamError?: string;
}

type Connection = "ended" | "check" | "refused";

export class RunFollower {
  readonly cursor = new RunCursor();
  readonly #client: SerenClient;
  readonly #ambient: Ambient;
  readonly #runId: string;
  readonly #signal: AbortSignal;
  #streamError: string | undefined;
  #serverRetryMs = 0;
  #replayed = false;
  #gapCheckedAt = Number.NEGATIVE_INFINITY;
  #streaming = true;

  constructor(client: SerenClient, runId: string, signal: AbortSignal) {
    this.#client = client;
    this.#ambient = client.ambient;
    this.#runId = runId;
    this.#signal = signal;
  }

  /** Rejects with the signal's reason when it is aborted, and with a failure when the service refuses us for good. */
  async *follow(): AsyncGenerator<FollowItem, FollowEnd, void> {
    let fruitless = 0;
    let refused = 0;
    while (this.#streaming) {
      const before = this.cursor.applied;
      let connection: Connection;
      try {
        connection = yield* this.#connect();
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!(error instanceof ExecutionFailure)) throw error;
        connection = this.#afterFailure(error);
      }
      if (connection === "ended") return this.#end();
      if (this.cursor.applied > before) fruitless = refused = 0;
      else fruitless += 1;
      if (connection === "refused") {
        refused += 1;
        if (refused > 1) break;
        await sleep(this.#ambient, REFUSED_RETRY_MS, this.#signal);
        continue;
      }
      // A stream that brought nothing, or said it stops: the run may be over.
      const state = await this.#client.getRunState(this.#runId, this.#patient());
      yield this.#stateItem(state);
      if (this.#isOver(state) && (this.cursor.sequence >= state.latest_sequence || fruitless > 2)) return this.#end();
      yield { kind: "reconnecting" };
      const wait = fruitless === 0 ? 0 : backoffMs(this.#ambient, fruitless - 1, RECONNECT_BASE_MS, RECONNECT_CAP_MS);
      await sleep(this.#ambient, Math.max(wait, fruitless > 0 ? this.#serverRetryMs : 0), this.#signal);
      if (fruitless > 0) await this.#client.budget.take(this.#signal);
    }
    this.#streaming = false;
    return yield* this.#poll();
  }

  #end(): FollowEnd {
    return this.#streamError === undefined ? {} : { streamError: this.#streamError };
  }

  #patient() {
    return { signal: this.#signal, attempts: Number.POSITIVE_INFINITY };
  }

  #isOver(state: RunLiveState): boolean {
    return state.terminal || isTerminal(state.status) || state.status === AWAITING_APPROVAL;
  }

  #stateItem(state: RunLiveState): FollowItem {
    return { kind: "state", state, caughtUp: this.#replayed || this.cursor.sequence >= state.latest_sequence };
  }

  #afterFailure(error: ExecutionFailure): Connection {
    switch (error.kind) {
      case "unavailable":
      case "rate_limited":
        return "check";
      case "contract": // a frame too large to hold: it would come again with every replay
        this.cursor.suspicious = true;
        return "refused";
      case "not_found":
      case "unsupported":
      case "invalid_input":
        return "refused";
      default:
        throw error;
    }
  }

  /** One connection, from opening to whatever ends it. */
  async *#connect(): AsyncGenerator<FollowItem, Connection, void> {
    const stream = await this.#client.openRunStream(this.#runId, this.cursor.lastEventId, this.#signal);
    this.cursor.begin();
    this.#replayed = false;
    let quiet = false;
    const hangUp = () => {
      quiet = true;
      stream.close();
    };
    let stopSilence = this.#ambient.timer(SILENT_MS, hangUp);
    let stopNoFrame = this.#ambient.timer(NO_FRAME_MS, hangUp);
    const watch = {
      onActivity: () => {
        stopSilence();
        stopSilence = this.#ambient.timer(SILENT_MS, hangUp);
      },
      onRetry: (ms: number) => {
        this.#serverRetryMs = Math.min(ms, RECONNECT_CAP_MS);
      },
    };
    try {
      for await (const frame of parseSse(stream.body, watch)) {
        // Handing on may take long when the host reads slowly; that is not the stream's silence.
        stopSilence();
        stopNoFrame();
        const end = yield* this.#take(frame);
        if (end) return end;
        stopSilence = this.#ambient.timer(SILENT_MS, hangUp);
        stopNoFrame = this.#ambient.timer(NO_FRAME_MS, hangUp);
      }
      return "check"; // a clean end without an `end` frame is a dropped connection
    } catch (error) {
      if (quiet && !this.#signal.aborted) return "check";
      throw error;
    } finally {
      stopSilence();
      stopNoFrame();
      stream.close();
    }
  }

  async *#take(frame: SseFrame): AsyncGenerator<FollowItem, Connection | undefined, void> {
    const name = frame.event ?? "run.event";
    if (END_FRAMES.has(name)) return "ended";
    const data = parseObject(frame.data);
    switch (name) {
      case "run.event":
      case "message":
        if (data) yield* this.#apply(data, frame.id);
        else this.cursor.pass(toSequence(frame.id));
        return undefined;
      case "run.state": {
        const state = RunLiveStateSchema.safeParse(data);
        if (!state.success) return undefined;
        yield this.#stateItem(state.data);
        return undefined;
      }
      case "replay_complete":
        this.#replayed = true;
        return undefined;
      case "timeout": // the stream's own limit, says nothing about the run
        return "check";
      case "error":
        this.#streamError ??= typeof data?.error === "string" ? data.error : frame.data;
        return "check";
      case "run":
        return yield* this.#takeSnapshot(data);
      default:
        if (toSequence(frame.id) !== undefined) this.cursor.pass(toSequence(frame.id));
        return undefined;
    }
  }

  /** Legacy frame: everything so far, again and again. Only what lies beyond what was handed on is new. */
  async *#takeSnapshot(
    data: Record<string, unknown> | undefined,
  ): AsyncGenerator<FollowItem, Connection | undefined, void> {
    const snapshot = RunSnapshotSchema.safeParse(data?.data ?? data);
    if (!snapshot.success) return undefined;
    this.cursor.begin();
    for (const event of snapshot.data.output_events ?? []) {
      if (isObject(event)) yield* this.#apply(event, undefined);
    }
    return isTerminal(snapshot.data.status) || snapshot.data.status === AWAITING_APPROVAL ? "check" : undefined;
  }

  async *#apply(event: Record<string, unknown>, id: string | undefined): AsyncGenerator<FollowItem, void, void> {
    const sequence = toSequence(id) ?? toSequence(event.sequence_number);
    const verdict = this.cursor.judge(sequence, event);
    if (verdict === "seen") return;
    if (verdict === "gap" && sequence !== undefined) yield* this.#fillGap(sequence);
    if (sequence !== undefined && sequence <= this.cursor.sequence) return; // the log had it too
    yield { kind: "event", event };
    this.cursor.advance(sequence, toSequence(id) === undefined ? undefined : id, event);
  }

  /** Hands on, from the event log, what lies between the cursor and `until`. A hole that the log has too is no loss. */
  async *#fillGap(until: number): AsyncGenerator<FollowItem, void, void> {
    if (this.#ambient.now() - this.#gapCheckedAt < GAP_CHECK_EVERY_MS) {
      this.cursor.suspicious = true;
      return;
    }
    try {
      for (const wait of GAP_RETRIES_MS) {
        if (wait > 0) await sleep(this.#ambient, wait, this.#signal);
        if (yield* this.#readLog(until)) return;
      }
      this.cursor.suspicious = true;
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      if (!(error instanceof ExecutionFailure)) throw error;
      this.cursor.suspicious = true;
    } finally {
      this.#gapCheckedAt = this.#ambient.now();
    }
  }

  /** Reads the log up to `until`, handing on what is new. Answers whether the log reaches that far. */
  async *#readLog(until: number): AsyncGenerator<FollowItem, boolean, void> {
    // The log may hold fewer rows than were applied (a doubled frame): a wrong offset shows in the first row.
    let offset = this.cursor.applied;
    for (;;) {
      const page = await this.#client.listRunEvents(this.#runId, offset, { signal: this.#signal, attempts: 2 });
      const first = toSequence(isObject(page.events[0]) ? page.events[0].sequence_number : undefined);
      if (offset > 0 && (first === undefined || first > this.cursor.sequence + 1)) {
        offset = 0;
        continue;
      }
      for (const row of page.events) {
        const sequence = isObject(row) ? toSequence(row.sequence_number) : undefined;
        if (sequence === undefined || sequence <= this.cursor.sequence) continue;
        if (sequence >= until) return true;
        yield { kind: "event", event: row };
        this.cursor.advance(sequence, undefined, row);
      }
      if (!page.hasMore) return false;
      offset += page.events.length;
    }
  }

  /** Without streaming: the log page by page, and the state, until the run is over and a full read brought nothing new. */
  async *#poll(): AsyncGenerator<FollowItem, FollowEnd, void> {
    let offset = 0;
    let overBefore = false;
    let readable = true;
    for (;;) {
      const before = this.cursor.applied;
      if (offset === 0) this.cursor.begin();
      while (readable) {
        try {
          const page = await this.#client.listRunEvents(this.#runId, offset, this.#patient());
          for (const row of page.events) if (isObject(row)) yield* this.#applyRow(row);
          offset += page.events.length;
          if (!page.hasMore || page.events.length === 0) break;
        } catch (error) {
          if (this.#signal.aborted) throw this.#signal.reason;
          if (!(error instanceof ExecutionFailure) || error.kind === "unauthorized") throw error;
          readable = false; // no log either: the record alone will tell
          this.cursor.suspicious = true;
        }
      }
      const state = await this.#client.getRunState(this.#runId, this.#patient());
      this.#replayed = true;
      yield this.#stateItem(state);
      if (overBefore && this.cursor.applied === before) return this.#end();
      overBefore = this.#isOver(state);
      if (!overBefore || this.cursor.applied === before) await sleep(this.#ambient, POLL_EVERY_MS, this.#signal);
    }
  }

  async *#applyRow(row: Record<string, unknown>): AsyncGenerator<FollowItem, void, void> {
    const sequence = toSequence(row.sequence_number);
    if (this.cursor.judge(sequence, row) === "seen") return;
    yield { kind: "event", event: row };
    this.cursor.advance(sequence, undefined, row);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
