/**
 * Follows one run to its end across cut, silent and refused connections. Only the signal ends the waiting: silence is not
 * a failure. Limits and frame names: `docs/reference/seren-cloud-api.md`, section 4.
 *
 *                          ┌───────────── after a backoff ─────────────┐
 *                          ▼                                           │
 *   follow() ────────► connecting ──► reading ──── cut, closed ────► asking
 *                          │              │      or run waits        for the state
 *             refused twice│              │ `end`                      │ the run has ended or waits,
 *                          ▼              ▼                            ▼ and its events were handed on
 *                       polling ────► return { complete: true }     return { complete: false }
 *                          │
 *                          └─ run has ended or waits, and one more read of the log brought nothing ─► return
 *                             { complete: false }
 *
 * A gap in the numbers of the events is filled from the event log (`event-log-reader.ts`) wherever it is noticed. After a
 * return for a pause, `follow()` may be called again and continues where it was.
 */
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { assertNever } from "../../support/assert-never.ts";
import { ExecutionFailure, type FailureKind, isOneOf } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { AWAITING_APPROVAL, hasStopped, isTerminal, leavesOpen, statusOf, UNREADABLE_STATE } from "../client/status.ts";
import { type LiveState, UNKNOWN_STATUS } from "../model.ts";
import { ASK_ELSEWHERE, askState } from "./ask-state.ts";
import { EventLogReader } from "./event-log-reader.ts";
import type { FollowEnd, FollowItem } from "./follow-items.ts";
import { type FollowNews, INITIAL_STATE, reduce, withPause } from "./follow-state.ts";
import { pollLog } from "./poll-log.ts";
import { RunCursor, sequenceIn, toSequence } from "./run-cursor.ts";
import { runFrames } from "./run-stream.ts";
import { StateProbe } from "./state-probe.ts";
import { type EventRow, readFrame, type StreamSignal, takeContiguous } from "./stream-frames.ts";

const RECONNECT_BASE_MS = 500;
const RECONNECT_CAP_MS = 30_000;
const REFUSED_RETRY_MS = 1_000;
/** Refused connections after which the log is polled instead. */
const MAX_REFUSED = 2;
/** Connections without an event after which the events that the state counts are taken for ones the log never shows. */
const MAX_FRUITLESS = 3;
/** A run that was just created may not be known everywhere at once. */
const UNKNOWN_RUN_GRACE_MS = 10_000;

const UNKNOWN: ReadonlySet<FailureKind> = new Set(["not_found"]);

/** How a connection ended: with the run, before it, or without having been accepted. */
type ConnectionEnd = "run_ended" | "interrupted" | "refused";
type Items<T> = AsyncGenerator<FollowItem, T, void>;

export class RunFollower {
  readonly cursor = new RunCursor();
  readonly #client: SerenClient;
  readonly #ambient: Ambient;
  readonly #runId: string;
  readonly #signal: AbortSignal;
  readonly #log: EventLogReader;
  readonly #since: number;
  #state = INITIAL_STATE;
  /** Shortest time between two connections, as the server's `retry:` asks. */
  #serverRetryMs = 0;
  #polling = false;
  /** Status that the `end` frame of the stream named. */
  #endStatus = UNKNOWN_STATUS;

  constructor(client: SerenClient, runId: string, signal: AbortSignal) {
    this.#client = client;
    this.#ambient = client.ambient;
    this.#runId = runId;
    this.#signal = signal;
    this.#log = new EventLogReader({ client, runId, cursor: this.cursor, signal });
    this.#since = client.ambient.now();
  }

  /** Rejects with the signal's reason when that aborts, and with a failure when the service refuses for good. */
  async *follow(): Items<FollowEnd> {
    this.#note({ type: "called" });
    while (!this.#polling) {
      const before = this.cursor.applied;
      let end: ConnectionEnd;
      let retryAt = 0;
      try {
        end = yield* this.#connect();
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!(error instanceof ExecutionFailure)) throw error;
        end = endOfFailed(error);
        retryAt = this.#ambient.now() + (error.details.retryAfterMs ?? 0);
      }
      if (end === "run_ended") return this.#return(this.#endStatus, true);
      this.#note({
        type: "disconnected",
        progressed: this.cursor.applied > before,
        refused: end === "refused",
      });
      if (end === "refused" && this.#state.refused >= MAX_REFUSED) this.#polling = true;
      if (this.#polling) break;
      if (end === "interrupted") {
        const state = withPause(this.#state, await this.#askState());
        yield this.#stateItem(state);
        const complete = this.#hasReached(state) || this.#state.fruitless >= MAX_FRUITLESS;
        if (hasStopped(state) && complete) return this.#return(statusOf(state), false);
        yield { kind: "reconnecting" };
      }
      await this.#waitToReconnect(end, retryAt);
    }
    return yield* this.#poll();
  }

  #note(news: FollowNews): void {
    this.#state = reduce(this.#state, news);
  }

  #return(status: string, complete: boolean): FollowEnd {
    this.#note({ type: "returned", status });
    const { streamError } = this.#state;
    return { complete, status, ...(streamError === undefined ? {} : { streamError }) };
  }

  /** `retryAt`: not before this time, in milliseconds since the epoch. */
  async #waitToReconnect(end: ConnectionEnd, retryAt: number): Promise<void> {
    const { fruitless } = this.#state;
    const askedForMs = retryAt - this.#ambient.now();
    let backoff = 0;
    if (end === "refused") backoff = REFUSED_RETRY_MS;
    else if (fruitless > 0) backoff = backoffMs(this.#ambient, fruitless - 1, RECONNECT_BASE_MS, RECONNECT_CAP_MS);
    await sleep(this.#ambient, Math.max(backoff, askedForMs, fruitless > 0 ? this.#serverRetryMs : 0), this.#signal);
    if (fruitless > 0) await this.#client.budget.take(this.#signal);
  }

  #askState(): Promise<LiveState> {
    const mayBeTooNew = (error: unknown) => this.#mayBeTooNew(error);
    return askState({ client: this.#client, runId: this.#runId, signal: this.#signal, mayBeTooNew });
  }

  #isCaughtUp(state: LiveState | undefined): boolean {
    return this.#state.replayed || (state !== undefined && this.#hasReached(state));
  }

  /** Whether every event that the state counts was handed on. A state that does not say how many leaves it open. */
  #hasReached({ latestSequence }: LiveState): boolean {
    return latestSequence !== undefined && this.cursor.sequence >= latestSequence;
  }

  /** A frame need not name the run; one that names another says nothing about ours, or names ours in an odd way. */
  #isOurs({ runId }: { runId: string }): boolean {
    return runId === "" || runId.toLowerCase() === this.#runId.toLowerCase();
  }

  #stateItem(state: LiveState): FollowItem {
    this.#note({ type: "status", status: state.status });
    return { kind: "state", state, caughtUp: this.#isCaughtUp(state) };
  }

  #mayBeTooNew(error: unknown): boolean {
    return isOneOf(UNKNOWN, error) && this.#ambient.now() - this.#since < UNKNOWN_RUN_GRACE_MS;
  }

  async *#connect(): Items<ConnectionEnd> {
    this.cursor.begin();
    this.#note({ type: "connecting" });
    const connection = new AbortController();
    const probe = this.#createProbe(connection);
    const batches = runFrames({
      client: this.#client,
      runId: this.#runId,
      lastEventId: this.cursor.lastEventId,
      signal: this.#signal,
      hangUp: connection.signal,
      onRetry: (ms) => {
        this.#serverRetryMs = Math.min(ms, RECONNECT_CAP_MS);
      },
    });
    try {
      for await (const frames of batches) {
        for (let index = 0; index < frames.length; index += 1) {
          const { events, lastId } = takeContiguous(this.cursor, frames, index);
          if (events.length > 0) {
            yield { kind: "events", events };
            this.cursor.advanceBy(events.length, lastId);
            index += events.length;
          }
          const other = frames[index];
          const end = other && (yield* this.#handle(readFrame(other), probe));
          if (end) return end;
        }
      }
    } finally {
      connection.abort();
    }
    return "interrupted"; // without an `end` frame a stream that closes was cut
  }

  /** A pause that no readable frame has named ends the connection, as one that a frame names does. */
  #createProbe(connection: AbortController): StateProbe {
    return new StateProbe({
      client: this.#client,
      runId: this.#runId,
      signal: connection.signal,
      onState: ({ status }) => {
        this.#note({ type: "status", status });
        const { paused, pauseReported } = this.#state;
        if (paused && !pauseReported) connection.abort();
      },
    });
  }

  /** Returns how the connection ends where the signal ends it. */
  async *#handle(signal: StreamSignal, probe: StateProbe): Items<ConnectionEnd | undefined> {
    switch (signal.kind) {
      case "event":
        yield* this.#apply(signal.event, signal.id);
        return undefined;
      case "unreadable":
        yield* this.#skip(signal);
        return undefined;
      case "state":
        if (!this.#isOurs(signal.state)) return void probe.ask();
        if (leavesOpen(signal.state)) probe.ask();
        if (signal.state === UNREADABLE_STATE) return undefined;
        yield this.#stateItem(signal.state);
        return this.#endAtPause(signal.state);
      case "replayed":
        this.#note({ type: "replayed" });
        return this.#endAtPause(undefined);
      case "snapshot":
        if (!this.#isOurs(signal)) return void probe.ask();
        this.cursor.begin({ fromStart: true });
        for (const row of signal.eventRows) yield* this.#log.apply(row);
        if (leavesOpen({ ...UNREADABLE_STATE, status: signal.status })) probe.ask();
        return isTerminal(signal.status) || signal.status === AWAITING_APPROVAL ? "interrupted" : undefined;
      case "closing":
        this.#note({ type: "stream_error", message: signal.message });
        return "interrupted";
      case "end":
        this.#endStatus = signal.status;
        return "run_ended";
      default:
        return assertNever(signal);
    }
  }

  /** A pause is reported once, and only after all events before it were handed on. */
  #endAtPause(state: LiveState | undefined): ConnectionEnd | undefined {
    const { paused, pauseReported } = this.#state;
    return paused && !pauseReported && this.#isCaughtUp(state) ? "interrupted" : undefined;
  }

  async *#apply(event: EventRow, id: string | undefined): Items<void> {
    const sequence = sequenceIn(event, id);
    const check = this.cursor.check(sequence);
    if (check === "seen") return;
    if (check === "gap" && sequence !== undefined) yield* this.#log.fill(sequence);
    if (sequence !== undefined && sequence <= this.cursor.sequence) return; // the log had it too
    yield { kind: "events", events: [event] };
    this.cursor.advance(sequence, id);
  }

  /** The log may have what the frame should have said. The frame is then skipped for good, or every replay would stop at it. */
  async *#skip({ id, isEvent }: { id: string | undefined; isEvent: boolean }): Items<void> {
    const sequence = toSequence(id);
    if (sequence === undefined && !isEvent) return;
    const check = this.cursor.check(sequence);
    if (check === "seen") return;
    if (sequence !== undefined && (isEvent || check === "gap")) {
      yield* this.#log.fill(isEvent ? sequence + 1 : sequence);
    }
    if (sequence === undefined || sequence > this.cursor.sequence) this.cursor.advance(sequence, id);
  }

  async *#poll(): Items<FollowEnd> {
    const state = yield* pollLog({
      ambient: this.#ambient,
      cursor: this.cursor,
      log: this.#log,
      signal: this.#signal,
      mayBeTooNew: (error) => this.#mayBeTooNew(error),
      look: async () => {
        const state = await this.#askState();
        this.#note({ type: "replayed" });
        return { state, item: this.#stateItem(state) };
      },
    });
    return this.#return(statusOf(state), false);
  }
}

function endOfFailed(error: ExecutionFailure): ConnectionEnd {
  if (error.retryable) return "interrupted";
  // `contract` includes a frame that is too large: it would come again with every replay.
  if (ASK_ELSEWHERE.has(error.kind) || error.kind === "invalid_input") return "refused";
  throw error;
}
