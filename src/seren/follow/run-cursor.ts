/**
 * Position in a run's event log. Events are ordered by their sequence number, and those without one by their place in the
 * log, which only grows at its end. The cursor moves after an event was handed on: a failure in between repeats the event
 * and never skips one.
 */

/** An event that arrived: it is next, was handed on before, or comes after others that have not arrived. */
export type SequenceCheck = "new" | "seen" | "gap";

/** Ids that may be sent back as a header. */
const PRINTABLE_ID = /^[\x21-\x7e]{1,128}$/;

export class RunCursor {
  /** Highest sequence handed on; -1 before the first (a log may start at 0 or 1). */
  sequence = -1;
  /** What the next connection sends as `Last-Event-ID`; undefined: the log is read from the beginning. */
  lastEventId: string | undefined;
  /** Events of the log that were handed on or skipped. */
  applied = 0;
  /** How many events were applied when the last one without a number was, itself included. */
  #unnumbered = 0;
  /** `applied` when `lastEventId` was set: a resumed connection sends what comes after these. */
  #resumeAt = 0;
  /** Place in the log of this connection's first event, and how many events the connection brought. */
  #base = 0;
  #rows = 0;
  /** Number of the event that `check` saw last. What was handed on beyond it is still to come on this connection. */
  #checked: number | undefined;

  /** Whether every event handed on had a number, so that `sequence` says which ones are missing. */
  get numbered(): boolean {
    return this.#unnumbered === 0;
  }

  /** To be called when a connection or a reading of the log begins. Default: at the last event id, if there is one. */
  begin({ fromStart = this.lastEventId === undefined }: { fromStart?: boolean } = {}): void {
    this.#base = fromStart ? 0 : this.#resumeAt;
    this.#rows = 0;
    this.#checked = undefined;
  }

  /** Whether the event directly follows the last one handed on and `waiting` more events. If so, `check` returns `new`. */
  continuesWith(sequence: number | undefined, waiting: number): boolean {
    return this.numbered && this.sequence >= 0 && sequence === this.sequence + waiting + 1;
  }

  /** To be called once for each event of a connection, in order. Does not move the cursor. */
  check(sequence: number | undefined): SequenceCheck {
    const place = this.#base + this.#rows;
    this.#rows += 1;
    this.#checked = sequence;
    if (sequence === undefined) return place < this.applied ? "seen" : "new";
    if (sequence <= this.sequence) {
      if (sequence < this.sequence) this.#base = 0; // the service ignored the last event id and sent everything
      return "seen";
    }
    if (this.passed(sequence, place)) return "seen";
    const next = this.sequence < 0 ? 1 : this.sequence + 1;
    return sequence > next ? "gap" : "new";
  }

  /**
   * Whether a row of the log, at `place` from its beginning, was handed on: by its number, or by its place where it had
   * none. To be called for the rows in their order.
   */
  passed(sequence: number, place: number): boolean {
    if (sequence <= this.sequence) return true;
    if (place >= this.#unnumbered) return false;
    this.#reach(sequence, undefined, place + 1);
    return true;
  }

  /** The event was handed on, or is skipped for good. `id` is that of its frame. */
  advance(sequence: number | undefined, id?: string): void {
    this.applied += 1;
    if (sequence === undefined) this.#unnumbered = this.applied;
    else this.#reach(sequence, id, this.applied);
    const isAhead = sequence !== undefined && this.#checked !== undefined && sequence > this.#checked;
    if (!isAhead) this.#base = this.applied - this.#rows;
  }

  /** The same for `count` events that followed each other. `id` is that of the last frame. */
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

/** Returns the sequence number that `value` is, or undefined: an empty id or one of another kind is no number. */
export function toSequence(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string" || !/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}

/** Returns the number of an event that came in a frame: the frame's id, or else the event's own. */
export function sequenceIn(event: Record<string, unknown>, id: string | undefined): number | undefined {
  return toSequence(id) ?? toSequence(event.sequence_number);
}

/** Returns the number that a row of the log has. */
export function sequenceOf(row: unknown): number | undefined {
  return typeof row === "object" && row !== null && "sequence_number" in row
    ? toSequence(row.sequence_number)
    : undefined;
}
