/**
 * Where a reader of a run's event log stands. Events are ordered by their sequence number; those without one by their
 * place in the log, which only ever grows. The cursor moves when an event was handed on, so that a crash in between
 * replays it and never skips it.
 */

/** What to do with an event that arrived. */
export type SequenceCheck = "new" | "seen" | "gap";

/** What may be sent back as a header: an id of the service is not trusted further than this. */
const PRINTABLE_ID = /^[\x21-\x7e]{1,128}$/;

export class RunCursor {
  /** Highest sequence handed on; -1 before the first (a log may start at 0 or 1). */
  sequence = -1;
  /** What the next connection sends as `Last-Event-ID`; absent = from the beginning. */
  lastEventId: string | undefined;
  /** Events of the log handed on or passed over so far. */
  applied = 0;
  /** Events that precede the last one handed on without a number, itself included. */
  #unnumbered = 0;
  /** `applied` when `lastEventId` was set: what a resumed connection sends comes after these. */
  #resumeAt = 0;
  /** Place in the log of this connection's first event, and how many events it brought since. */
  #base = 0;
  #rows = 0;

  /** Whether every event handed on had a number, so that `sequence` says which ones are missing. */
  get numbered(): boolean {
    return this.#unnumbered === 0;
  }

  /** A connection begins, or a reading of the log. Without a last event id the service replays everything. */
  begin(fromStart = this.lastEventId === undefined): void {
    this.#base = fromStart ? 0 : this.#resumeAt;
    this.#rows = 0;
  }

  /** Whether it plainly continues what was handed on and `waiting` events that will be; if so, `judge` would say `new`. */
  isNext(sequence: number | undefined, waiting: number): boolean {
    return this.numbered && this.sequence >= 0 && sequence === this.sequence + waiting + 1;
  }

  judge(sequence: number | undefined): SequenceCheck {
    const place = this.#base + this.#rows;
    this.#rows += 1;
    if (sequence === undefined) return place < this.applied ? "seen" : "new";
    if (sequence <= this.sequence) {
      if (sequence < this.sequence) this.#base = 0; // asked for the rest and given everything
      return "seen";
    }
    if (place < this.#unnumbered) {
      this.#reach(sequence, undefined, place + 1); // handed on before it had a number
      return "seen";
    }
    const next = this.sequence < 0 ? 1 : this.sequence + 1;
    return sequence > next ? "gap" : "new";
  }

  /** The event was handed on, or is passed over for good. `id` is the frame's own, where it had one. */
  advance(sequence: number | undefined, id?: string): void {
    this.applied += 1;
    if (sequence === undefined) this.#unnumbered = this.applied;
    else this.#reach(sequence, id, this.applied);
    this.#base = this.applied - this.#rows;
  }

  /** The same for `count` events, each of which was next. `id` is the last one's. */
  advanceBy(count: number, id?: string): void {
    this.#rows += count;
    this.applied += count;
    this.#reach(this.sequence + count, id, this.applied);
    this.#base = this.applied - this.#rows;
  }

  #reach(sequence: number, id: string | undefined, place: number): void {
    this.sequence = sequence;
    this.lastEventId = id !== undefined && PRINTABLE_ID.test(id) ? id : String(sequence);
    this.#resumeAt = place;
  }
}

/** A sequence number, when the text is one. An empty or foreign id is none. */
export function toSequence(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string" || !/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}

/** The number of an event that came in a frame: the frame's id, or else its own. */
export function sequenceIn(event: Record<string, unknown>, id: string | undefined): number | undefined {
  return toSequence(id) ?? toSequence(event.sequence_number);
}

/** The number that a row of the log carries itself. */
export function sequenceOf(row: unknown): number | undefined {
  return typeof row === "object" && row !== null && "sequence_number" in row
    ? toSequence(row.sequence_number)
    : undefined;
}
