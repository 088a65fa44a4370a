/** A run's event log, read page by page: to fill what the stream left out, and in its place where there is no stream. */
import { MAX_PAGE } from "#protocols/seren-cloud";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { type RunCursor, sequenceOf } from "./run-cursor.ts";

/** A log that lags behind its stream is asked again after these waits. */
const LAG_WAITS_MS = [0, 250, 500, 1_000];
/** Some logs number events they do not show: once so many gaps in a row were empty, the log is asked less often. */
const EMPTY_GAPS = 5;
const EMPTY_GAP_EVERY_MS = 1_000;

/** Tries of a page that nothing else makes up for. */
const REST_ATTEMPTS = 8;

/** Events of the log, in order, each once. Not yet decoded. */
export interface LogEvents {
  kind: "events";
  events: readonly unknown[];
}

export class EventLogReader {
  readonly #client: SerenClient;
  readonly #runId: string;
  readonly #cursor: RunCursor;
  readonly #signal: AbortSignal;
  #offset = 0;
  #emptyGaps = 0;
  #askedAt = 0;
  #recovered = false;

  constructor(client: SerenClient, runId: string, cursor: RunCursor, signal: AbortSignal) {
    this.#client = client;
    this.#runId = runId;
    this.#cursor = cursor;
    this.#signal = signal;
  }

  /**
   * Hands on what the log has between the cursor and `until`, and what its last page has beyond. A hole that the log has
   * too is no loss, and a log that cannot be read is none either: the record has the last word.
   */
  async *fill(until: number): AsyncGenerator<LogEvents, void, void> {
    const { ambient } = this.#client;
    if (this.#emptyGaps >= EMPTY_GAPS && ambient.now() - this.#askedAt < EMPTY_GAP_EVERY_MS) return;
    this.#recovered = false;
    try {
      for (const wait of LAG_WAITS_MS) {
        if (wait > 0) await sleep(ambient, wait, this.#signal);
        if ((yield* this.#readTo(until)) || this.#cursor.sequence + 1 >= until) break;
      }
    } catch (error) {
      if (this.#signal.aborted || !(error instanceof ExecutionFailure)) throw error;
    }
    this.#askedAt = ambient.now();
    this.#emptyGaps = this.#recovered ? 0 : this.#emptyGaps + 1;
  }

  /** Hands on all that the cursor has not met. Rejects where the log cannot be read. */
  async *rest(): AsyncGenerator<LogEvents, void, void> {
    yield* this.#readTo(Number.MAX_SAFE_INTEGER, REST_ATTEMPTS);
  }

  /** Hands on what is new since the last call; the first one reads from the beginning. Waits while the service is away. */
  async *readNew(): AsyncGenerator<LogEvents, void, void> {
    if (this.#offset === 0) this.#cursor.begin(true);
    for (;;) {
      const page = await this.#client.listRunEvents(this.#runId, this.#offset, {
        signal: this.#signal,
        attempts: Number.POSITIVE_INFINITY,
      });
      for (const row of page.events) {
        yield* this.apply(row);
        this.#offset += 1;
      }
      if (!page.hasMore || page.events.length === 0) return;
    }
  }

  /** Hands on one row of a listing that holds the whole log in order, so that a hole in it is none of ours. */
  async *apply(row: unknown): AsyncGenerator<LogEvents, void, void> {
    const sequence = sequenceOf(row);
    if (this.#cursor.judge(sequence) === "seen") return;
    yield { kind: "events", events: [row] };
    this.#cursor.advance(sequence);
  }

  /** Whether the log reaches as far as `until`. */
  async *#readTo(until: number, attempts = 2): AsyncGenerator<LogEvents, boolean, void> {
    // The last event applied comes again: it shows that the offset is right. Where more was counted than the log holds
    // (an unnumbered frame sent twice), the reading goes back until it meets the cursor.
    let offset = Math.max(0, this.#cursor.applied - 1);
    let met = false;
    for (;;) {
      const page = await this.#client.listRunEvents(this.#runId, offset, { signal: this.#signal, attempts });
      const numbers = page.events.map(sequenceOf);
      if (numbers.length > 0 && numbers.every((number) => number === undefined)) return true; // of no use here
      met ||= offset === 0 || numbers.some((number) => number !== undefined && number <= this.#cursor.sequence);
      if (!met) {
        offset = Math.max(0, offset - MAX_PAGE.events);
        continue;
      }
      let reached = false;
      for (const [index, sequence] of numbers.entries()) {
        if (sequence === undefined) continue;
        reached ||= sequence >= until;
        if (sequence <= this.#cursor.sequence) continue;
        this.#recovered ||= sequence < until;
        yield { kind: "events", events: [page.events[index]] };
        this.#cursor.advance(sequence);
      }
      if (reached || !page.hasMore || numbers.length === 0) return reached;
      offset += numbers.length;
    }
  }
}
