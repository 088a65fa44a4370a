/**
 * Where a reader of a run's event log stands. Events are ordered by their sequence number; the cursor moves only when an
 * event was handed on, so that a crash in between replays it and never skips it.
 */

/** What to do with an event that arrived. */
export type Verdict = "new" | "seen" | "gap";

/** Unnumbered events remembered for recognising a replay; beyond it, a replay is repaired from the record. */
const MAX_FINGERPRINTS = 20_000;

export class RunCursor {
  /** Highest sequence handed on; -1 before the first (a log may start at 0 or 1). */
  sequence = -1;
  /** What the next connection sends as `Last-Event-ID`; absent = from the beginning. */
  lastEventId: string | undefined;
  /** Events of the log handed on or passed over so far: a lower bound for the log's own offset. */
  applied = 0;
  /** True when something was passed over unread or out of order: only the record can tell the whole text then. */
  suspicious = false;
  readonly #fingerprints: number[] = [];
  #replayPosition = 0;

  /** A connection begins. Without a last event id the service replays everything. */
  begin(): void {
    this.#replayPosition = 0;
  }

  judge(sequence: number | undefined, event: unknown): Verdict {
    if (sequence !== undefined) {
      if (sequence <= this.sequence) return "seen";
      return this.sequence >= 0 ? (sequence > this.sequence + 1 ? "gap" : "new") : sequence > 1 ? "gap" : "new";
    }
    if (this.#replayPosition < this.#fingerprints.length) {
      if (this.#fingerprints[this.#replayPosition] === fingerprint(event)) {
        this.#replayPosition += 1;
        return "seen";
      }
      this.#replayPosition = this.#fingerprints.length; // not a replay of what we know: all of it is new
      this.suspicious = true;
    }
    return "new";
  }

  /** The event was handed on. `id` is the frame's own, where it had one. */
  advance(sequence: number | undefined, id: string | undefined, event: unknown): void {
    this.applied += 1;
    if (sequence === undefined) {
      if (this.#fingerprints.length < MAX_FINGERPRINTS) this.#fingerprints.push(fingerprint(event));
      else this.suspicious = true;
      this.#replayPosition = this.#fingerprints.length;
      return;
    }
    this.sequence = sequence;
    this.lastEventId = id ?? String(sequence);
  }

  /** A frame that could not be read is skipped for good: it would be replayed for ever otherwise. */
  pass(sequence: number | undefined): void {
    this.suspicious = true;
    if (sequence === undefined || sequence <= this.sequence) return;
    this.applied += 1;
    this.sequence = sequence;
    this.lastEventId = String(sequence);
  }
}

/** A sequence number, when the text is one. An empty or foreign id is none. */
export function toSequence(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string" || !/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}

/** 53-bit hash of an event's JSON (two multiplicative 32-bit lanes). */
function fingerprint(event: unknown): number {
  const text = JSON.stringify(event) ?? "";
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
