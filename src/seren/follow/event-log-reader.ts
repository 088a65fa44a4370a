/** Reads a run's event log page by page: to fill gaps of the stream, and instead of it where there is no stream. */
import { MAX_PAGE } from "#protocols/seren-cloud";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { type RunCursor, sequenceOf } from "./run-cursor.ts";

/** Waits before the readings for one gap: the log may lag behind the stream. */
const LAG_WAITS_MS = [0, 250, 500, 1_000];
/** Some logs count events that they never show. After this many gaps in a row without an event, gaps are read less often. */
const EMPTY_GAPS = 5;
const EMPTY_GAP_EVERY_MS = 1_000;

/** Pages of one reading: five million events. A log that goes on for longer is taken for one that never ends. */
const MAX_PAGES = 10_000;
/**
 * A log that grows as it is read, by a few events a page, would be asked for a thousand times a second. A page of fewer events
 * with a number is a small one; after so many of them in a row, each waits longer than the one before.
 */
const SMALL_PAGE = 10;
const SMALL_PAGES = 4;
const SMALL_PAGE_WAIT_MS = 25;
const MAX_SMALL_PAGE_WAIT_MS = 1_000;
/** Attempts for a page that no other source replaces. */
const REST_ATTEMPTS = 8;

/** Events of the log, in order, each once. Not yet decoded. */
export interface LogEvents {
  kind: "events";
  events: readonly unknown[];
}

export interface EventLogOptions {
  client: SerenClient;
  runId: string;
  cursor: RunCursor;
  signal: AbortSignal;
}

export class EventLogReader {
  readonly #client: SerenClient;
  readonly #runId: string;
  readonly #cursor: RunCursor;
  readonly #signal: AbortSignal;
  #offset = 0;
  /** Highest number on the pages of this reading. */
  #highest = -1;
  /** The rows of the last page, where none had a number. */
  #unnumbered = "";
  #smallPages = 0;
  #emptyGaps = 0;
  #askedAt = 0;
  #recovered = false;

  /** `cursor` is moved by what is handed on. */
  constructor({ client, runId, cursor, signal }: EventLogOptions) {
    this.#client = client;
    this.#runId = runId;
    this.#cursor = cursor;
    this.#signal = signal;
  }

  /**
   * Hands on the events between the cursor and `until`, and those that the last page has beyond. Returns normally also
   * where the log has the same gap or cannot be read: the run's record makes the answer complete at the end.
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

  /** Hands on every event after the cursor. Rejects when the log cannot be read. */
  async *rest(): AsyncGenerator<LogEvents, void, void> {
    yield* this.#readTo(Number.MAX_SAFE_INTEGER, REST_ATTEMPTS);
  }

  /** Hands on what is new since the last call; the first call reads from the beginning. Waits while the service is away. */
  async *readNew(): AsyncGenerator<LogEvents, void, void> {
    if (this.#offset === 0) this.#cursor.begin({ fromStart: true });
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await this.#client.listRunEvents(this.#runId, this.#offset, {
        signal: this.#signal,
        attempts: Number.POSITIVE_INFINITY,
      });
      const numbers = page.events.map(sequenceOf);
      const hasNews = this.#pageHasNews(page.events, numbers);
      for (const row of page.events) {
        yield* this.apply(row);
        this.#offset += 1;
      }
      if (!page.hasMore || !hasNews) return;
      await this.#pause(numbers);
    }
  }

  /** Hands on one row of a listing that holds the whole log in order; a gap in the numbers is then one of the log itself. */
  async *apply(row: unknown): AsyncGenerator<LogEvents, void, void> {
    const sequence = sequenceOf(row);
    if (this.#cursor.check(sequence) === "seen") return;
    yield { kind: "events", events: [row] };
    this.#cursor.advance(sequence);
  }

  /** Whether a page leads further. The same page again does not, nor an empty one: asking on would never end. */
  #pageHasNews(rows: readonly unknown[], numbers: readonly (number | undefined)[]): boolean {
    const before = this.#highest;
    for (const number of numbers) this.#highest = Math.max(this.#highest, number ?? -1);
    if (this.#highest > before) return true;
    const last = this.#unnumbered;
    this.#unnumbered = numbers.includes(undefined) ? JSON.stringify(rows) : "";
    return this.#unnumbered !== "" && this.#unnumbered !== last;
  }

  /** Waits between two pages, where the last ones brought little. */
  async #pause(numbers: readonly (number | undefined)[]): Promise<void> {
    const events = numbers.filter((number) => number !== undefined).length;
    this.#smallPages = events < SMALL_PAGE ? this.#smallPages + 1 : 0;
    const more = this.#smallPages - SMALL_PAGES;
    if (more <= 0) return;
    await sleep(this.#client.ambient, Math.min(SMALL_PAGE_WAIT_MS * 2 ** more, MAX_SMALL_PAGE_WAIT_MS), this.#signal);
  }

  /** Returns whether the log has an event numbered `until` or higher. */
  async *#readTo(until: number, attempts = 2): AsyncGenerator<LogEvents, boolean, void> {
    // The reading starts at the last event applied, which shows that the offset is right. Where more events were counted
    // than the log holds (an unnumbered frame was sent twice), it goes back page by page until it meets the cursor.
    let offset = Math.max(0, this.#cursor.applied - 1);
    let met = false;
    let last: readonly (number | undefined)[] = [];
    this.#highest = -1;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      if (pages > 0) await this.#pause(last);
      const page = await this.#client.listRunEvents(this.#runId, offset, { signal: this.#signal, attempts });
      const numbers = placed(page.events.map(sequenceOf), { cursor: this.#cursor, offset });
      last = numbers;
      if (numbers.length > 0 && numbers.every((number) => number === undefined)) return true; // without numbers a gap cannot be filled
      met ||= offset === 0 || numbers.some((number) => number !== undefined && number <= this.#cursor.sequence);
      if (!met) {
        offset = Math.max(0, offset - MAX_PAGE.events);
        continue;
      }
      let reached = false;
      for (const [index, sequence] of numbers.entries()) {
        if (sequence === undefined) continue;
        reached ||= sequence >= until;
        if (this.#cursor.passed(sequence, offset + index)) continue;
        this.#recovered ||= sequence < until;
        yield { kind: "events", events: [page.events[index]] };
        this.#cursor.advance(sequence);
      }
      if (reached || !page.hasMore || !this.#pageHasNews(page.events, numbers)) return reached;
      offset += numbers.length;
    }
    return false;
  }
}

/**
 * Gives a row without a number that lies between two with one a number between theirs, so that it is handed on in its
 * place; one before the first of them as well, if neither its place nor that number was handed on. Where the log has holes
 * this may not be its own number; its neighbours keep it from being handed on twice.
 */
function placed(
  numbers: readonly (number | undefined)[],
  { cursor, offset }: { cursor: RunCursor; offset: number },
): (number | undefined)[] {
  const found = [...numbers];
  let last: { index: number; number: number } | undefined;
  for (const [index, number] of numbers.entries()) {
    if (number === undefined) continue;
    for (let between = (last?.index ?? index) + 1; last && between < index; between += 1) {
      const guess = last.number + between - last.index;
      if (guess < number) found[between] = guess;
    }
    for (let before = Math.max(0, cursor.applied - offset); !last && before < index; before += 1) {
      const guess = number + before - index;
      if (guess > cursor.sequence) found[before] = guess;
    }
    last = { index, number };
  }
  return found;
}
