/** The durable log of a run's events: sequenced, append-only, readable from any point by any number of subscribers. */

export type EventObject = Readonly<Record<string, unknown>>;

export interface LogEntry {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The event flattened into its envelope, as it goes over the wire. */
  readonly event: EventObject;
}

export class EventLog {
  readonly #entries: LogEntry[] = [];
  readonly #wakers = new Set<() => void>();
  #next: number;
  readonly #skip: (() => number) | undefined;
  /** Told of every new entry before its readers are. */
  onAppend: ((entry: LogEntry) => void) | undefined;

  /** `skip` makes holes: it is asked before each event how many numbers to leave out. */
  constructor(first = 1, skip?: () => number) {
    this.#next = first;
    this.#skip = skip;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Highest sequence number so far; 0 before the first event. */
  get latest(): number {
    return this.#entries.at(-1)?.sequence ?? 0;
  }

  append(event: EventObject, at: number): void {
    const sequence = this.#next + (this.#skip?.() ?? 0);
    const entry = { sequence, at, event: { sequence_number: sequence, ...event } };
    this.restore(entry);
    this.onAppend?.(entry);
    this.wake();
  }

  /** Puts back an entry of an earlier process. */
  restore(entry: LogEntry): void {
    this.#next = entry.sequence + 1;
    this.#entries.push(entry);
  }

  /** Index of the first entry after `sequence`. */
  indexAfter(sequence: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.sequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many entries there were at `time`. */
  countAt(time: number): number {
    let count = this.#entries.length;
    while (count > 0 && (this.#entries[count - 1]?.at ?? 0) > time) count -= 1;
    return count;
  }

  /** Calls `wake` once, at the next change. The returned function takes it back. */
  onceChanged(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => void this.#wakers.delete(wake);
  }

  /** Tells subscribers to look again: an event was appended, or the run's state changed. */
  wake(): void {
    if (this.#wakers.size === 0) return;
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }
}
