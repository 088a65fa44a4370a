/** The log of a run's events: sequenced, append-only, readable from any point by any number of subscribers. */

export type EventObject = Readonly<Record<string, unknown>>;

export interface LogEntry {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The event flattened into its envelope, as it is sent. */
  readonly event: EventObject;
}

export interface EventLogOptions {
  /** First sequence number. Default 1. */
  first?: number | undefined;
  /** Returns how many sequence numbers to leave out; called before each event. Default: none are left out. */
  skip?: (() => number) | undefined;
}

export class EventLog {
  readonly #entries: LogEntry[] = [];
  readonly #subscribers = new Set<() => void>();
  #next: number;
  readonly #skip: (() => number) | undefined;
  /** Called with every new entry before subscribers are notified. */
  onAppend: ((entry: LogEntry) => void) | undefined;

  constructor({ first = 1, skip }: EventLogOptions = {}) {
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
    this.notify();
  }

  /** Adds an entry that an earlier process has logged, without notifying. */
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

  /** Number of entries at `time`, in milliseconds since the epoch. */
  countAt(time: number): number {
    let count = this.#entries.length;
    while (count > 0 && (this.#entries[count - 1]?.at ?? 0) > time) count -= 1;
    return count;
  }

  /** The joined text of the first `count` entries. Default: of all. */
  text(count = this.#entries.length): string {
    let text = "";
    for (let index = 0; index < count; index += 1) {
      const event = this.#entries[index]?.event;
      if (event?.type === "text" && typeof event.text === "string") text += event.text;
    }
    return text;
  }

  /** Calls `notify` once, at the next change. Returns a function that cancels the subscription. */
  onceChanged(notify: () => void): () => void {
    this.#subscribers.add(notify);
    return () => void this.#subscribers.delete(notify);
  }

  /** Notifies subscribers that an event was appended or the run's state changed. */
  notify(): void {
    if (this.#subscribers.size === 0) return;
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const notify of subscribers) notify();
  }
}
