/**
 * Follows one run to its end, whatever happens to the connections in between: reopens the stream after a cut with the
 * cursor, looks at the run's state when a stream goes quiet, fills gaps from the event log, and reads the log page by
 * page where streaming is refused. Silence is never a failure; only the signal ends the waiting.
 * Figures and frame names: `docs/reference/seren-cloud-api.md`, section 4.
 */
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure, type FailureKind, isOneOf } from "../../support/failure.ts";
import { parseObject } from "../../support/objects.ts";
import type { SerenClient } from "../client/client.ts";
import { AWAITING_APPROVAL, hasStopped, isTerminal, stateFromRecord } from "../client/status.ts";
import { readMessage } from "../http/problem.ts";
import { readLiveState, readSnapshot } from "../mapping/answers.ts";
import type { LiveState } from "../model.ts";
import { EventLogReader, type LogEvents } from "./event-log-reader.ts";
import { RunCursor, sequenceIn, toSequence } from "./run-cursor.ts";
import { runFrames } from "./run-stream.ts";
import type { SseFrame } from "./sse.ts";

const RECONNECT_BASE_MS = 500;
const RECONNECT_CAP_MS = 30_000;
const REFUSED_RETRY_MS = 1_000;
const POLL_EVERY_MS = 1_500;
/** A run that was just created may not be known everywhere at once. */
const UNKNOWN_RUN_GRACE_MS = 10_000;

/** Other names by which older services end a stream. */
const END_FRAMES = new Set(["end", "done", "run.completed", "run.failed", "run.cancelled", "run.canceled"]);

/** Answers to a question about a run that leave the question open: it is asked another way. */
const ASK_ELSEWHERE: ReadonlySet<FailureKind> = new Set(["not_found", "unsupported", "contract"]);

export type FollowItem =
  | LogEvents
  /** `caughtUp`: every event up to this state has been handed on. */
  | { kind: "state"; state: LiveState; caughtUp: boolean }
  | { kind: "reconnecting" };

/** Why following stopped: the service says the run has ended, or waits for a person. The record has the last word. */
export interface FollowEnd {
  /** The stream itself said that it was over; otherwise the run's state did, and events may be missing. */
  whole: boolean;
  /** Text of a stream `error` frame, if one came. */
  streamError?: string;
}

type Connection = "ended" | "check" | "refused";
type Items<T> = AsyncGenerator<FollowItem, T, void>;

export class RunFollower {
  readonly cursor = new RunCursor();
  readonly #client: SerenClient;
  readonly #ambient: Ambient;
  readonly #runId: string;
  readonly #signal: AbortSignal;
  readonly #log: EventLogReader;
  readonly #since: number;
  #streamError: string | undefined;
  #serverRetryMs = 0;
  #replayed = false;
  /** The run waits for a person, says this connection. */
  #paused = false;
  /** An end was answered for this pause; until the run goes on, the stream is followed through it. */
  #pauseTold = false;
  #streaming = true;

  constructor(client: SerenClient, runId: string, signal: AbortSignal) {
    this.#client = client;
    this.#ambient = client.ambient;
    this.#runId = runId;
    this.#signal = signal;
    this.#log = new EventLogReader(client, runId, this.cursor, signal);
    this.#since = client.ambient.now();
  }

  /**
   * Rejects with the signal's reason when it is aborted, and with a failure when the service refuses us for good. After a
   * pause it is called again and goes on where it was.
   */
  async *follow(): Items<FollowEnd> {
    let fruitless = 0;
    let refused = 0;
    while (this.#streaming) {
      const before = this.cursor.applied;
      let connection: Connection;
      let notBefore = 0;
      try {
        connection = yield* this.#connect();
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!(error instanceof ExecutionFailure)) throw error;
        connection = afterFailure(error);
        notBefore = this.#ambient.now() + (error.details.retryAfterMs ?? 0);
      }
      if (connection === "ended") return this.#end();
      if (this.cursor.applied > before) fruitless = refused = 0;
      else fruitless += 1;
      if (connection === "refused" && ++refused > 1) break;
      if (connection === "check") {
        // A stream that brought nothing, or said it stops: the run may be over.
        const state = await this.#look();
        yield this.#stateItem(state);
        const complete = this.cursor.sequence >= state.latestSequence || fruitless > 2;
        if (hasStopped(state) && complete) return this.#end(state);
        yield { kind: "reconnecting" };
      }
      await this.#pauseBefore(connection, fruitless, notBefore - this.#ambient.now());
    }
    this.#streaming = false;
    return yield* this.#poll();
  }

  #end(state?: LiveState): FollowEnd {
    this.#pauseTold = state?.status === AWAITING_APPROVAL;
    const whole = state === undefined;
    return this.#streamError === undefined ? { whole } : { whole, streamError: this.#streamError };
  }

  async #pauseBefore(connection: Connection, fruitless: number, askedForMs: number): Promise<void> {
    const backoff =
      connection === "refused"
        ? REFUSED_RETRY_MS
        : fruitless > 0
          ? backoffMs(this.#ambient, fruitless - 1, RECONNECT_BASE_MS, RECONNECT_CAP_MS)
          : 0;
    await sleep(this.#ambient, Math.max(backoff, askedForMs, fruitless > 0 ? this.#serverRetryMs : 0), this.#signal);
    if (fruitless > 0) await this.#client.budget.take(this.#signal);
  }

  #patient() {
    return { signal: this.#signal, attempts: Number.POSITIVE_INFINITY };
  }

  #stateItem(state: LiveState): FollowItem {
    this.#paused = state.status === AWAITING_APPROVAL;
    if (!this.#paused) this.#pauseTold = false;
    return { kind: "state", state, caughtUp: this.#replayed || this.cursor.sequence >= state.latestSequence };
  }

  /** The run's state; where there is none to be had, the record's status serves. */
  async #look(): Promise<LiveState> {
    for (;;) {
      try {
        return await this.#client.getRunState(this.#runId, this.#patient());
      } catch (error) {
        if (!isOneOf(ASK_ELSEWHERE, error)) throw error;
      }
      try {
        return stateFromRecord(await this.#client.getRun(this.#runId, this.#patient()));
      } catch (error) {
        if (!this.#mayBeTooNew(error)) throw error;
      }
      await sleep(this.#ambient, POLL_EVERY_MS, this.#signal);
    }
  }

  #mayBeTooNew(error: unknown): boolean {
    return isOneOf(UNKNOWN, error) && this.#ambient.now() - this.#since < UNKNOWN_RUN_GRACE_MS;
  }

  /** One connection, from opening to whatever ends it. */
  async *#connect(): Items<Connection> {
    this.cursor.begin();
    this.#replayed = false;
    this.#paused = false;
    const frames = runFrames({
      client: this.#client,
      runId: this.#runId,
      lastEventId: this.cursor.lastEventId,
      signal: this.#signal,
      onRetry: (ms) => {
        this.#serverRetryMs = Math.min(ms, RECONNECT_CAP_MS);
      },
    });
    for await (const arrived of frames) {
      // The usual case by itself: what arrived together is handed on together, or each event would cost several times more.
      let next: unknown[] = [];
      for (let at = 0; at <= arrived.length; at += 1) {
        const frame = arrived[at];
        const event = frame?.event === "run.event" ? parseObject(frame.data) : undefined;
        if (event && this.cursor.isNext(sequenceIn(event, frame?.id), next.length)) {
          next.push(event);
          continue;
        }
        if (next.length > 0) {
          yield { kind: "events", events: next };
          this.cursor.advanceBy(next.length, arrived[at - 1]?.id);
          next = [];
        }
        const end = frame && (yield* this.#take(frame));
        if (end) return end;
      }
    }
    return "check"; // a clean end without an `end` frame is a dropped connection
  }

  async *#take(frame: SseFrame): Items<Connection | undefined> {
    const name = frame.event ?? "message";
    if (END_FRAMES.has(name)) return "ended";
    const data = parseObject(frame.data);
    switch (name) {
      case "run.event":
      case "message":
        if (data) yield* this.#apply(data, frame.id);
        else yield* this.#passOver(frame.id, name === "run.event");
        return undefined;
      case "run.state": {
        const state = readLiveState(data);
        if (!state.ok) return this.#whenPaused();
        yield this.#stateItem(state.value);
        return this.#whenPaused(state.value);
      }
      case "replay_complete":
        this.#replayed = true;
        return this.#whenPaused();
      case "timeout": // the stream's own limit, says nothing about the run
        return "check";
      case "error":
        this.#streamError ??= readMessage(frame.data);
        return "check";
      case "run":
        return yield* this.#takeSnapshot(data);
      default:
        yield* this.#passOver(frame.id, false);
        return undefined;
    }
  }

  /** Whoever follows is told of a pause once, when all that led to it was handed on. */
  #whenPaused(state?: LiveState): Connection | undefined {
    const caughtUp = this.#replayed || (state !== undefined && this.cursor.sequence >= state.latestSequence);
    return this.#paused && !this.#pauseTold && caughtUp ? "check" : undefined;
  }

  /** Legacy frame: everything so far, again and again. Only what lies beyond what was handed on is new. */
  async *#takeSnapshot(data: Record<string, unknown> | undefined): Items<Connection | undefined> {
    const snapshot = readSnapshot(data?.data ?? data);
    if (!snapshot.ok) return undefined;
    const { status, eventRows } = snapshot.value;
    this.cursor.begin(true);
    for (const row of eventRows) yield* this.#log.apply(row);
    return isTerminal(status) || status === AWAITING_APPROVAL ? "check" : undefined;
  }

  async *#apply(event: Record<string, unknown>, id: string | undefined): Items<void> {
    const sequence = sequenceIn(event, id);
    const verdict = this.cursor.judge(sequence);
    if (verdict === "seen") return;
    if (verdict === "gap" && sequence !== undefined) yield* this.#log.fill(sequence);
    if (sequence !== undefined && sequence <= this.cursor.sequence) return; // the log had it too
    yield { kind: "events", events: [event] };
    this.cursor.advance(sequence, id);
  }

  /** A frame that cannot be read: the log may have it. Then it is skipped for good, or it would be replayed for ever. */
  async *#passOver(id: string | undefined, isEvent: boolean): Items<void> {
    const sequence = toSequence(id);
    if (sequence === undefined && !isEvent) return;
    const verdict = this.cursor.judge(sequence);
    if (verdict === "seen") return;
    if (sequence !== undefined && (isEvent || verdict === "gap"))
      yield* this.#log.fill(isEvent ? sequence + 1 : sequence);
    if (sequence === undefined || sequence > this.cursor.sequence) this.cursor.advance(sequence, id);
  }

  /** Without streaming: the log page by page, and the state, until the run is over and a full read brought nothing new. */
  async *#poll(): Items<FollowEnd> {
    let readable = true;
    let overBefore = false;
    for (;;) {
      const before = this.cursor.applied;
      try {
        if (readable) yield* this.#log.readNew();
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!(error instanceof ExecutionFailure) || error.kind === "unauthorized") throw error;
        readable = this.#mayBeTooNew(error); // no log either: the record alone will tell
      }
      const state = await this.#look();
      this.#replayed = true;
      yield this.#stateItem(state);
      const still = this.cursor.applied === before;
      if (overBefore && still) return this.#end(state);
      overBefore = hasStopped(state);
      if (still || !overBefore) await sleep(this.#ambient, POLL_EVERY_MS, this.#signal);
    }
  }
}

const UNKNOWN: ReadonlySet<FailureKind> = new Set(["not_found"]);

function afterFailure(error: ExecutionFailure): Connection {
  if (error.retryable) return "check";
  // `contract` includes a frame too large to hold: it would come again with every replay.
  if (ASK_ELSEWHERE.has(error.kind) || error.kind === "invalid_input") return "refused";
  throw error;
}
