/**
 * Virtual time and seeded randomness: a whole program runs as fast as the machine allows and the same way every time.
 *
 * One queue holds timers and `soon` calls, ordered by due time and then by the order in which they were asked for, so a
 * `soon` comes after what is already due and before every later timer, as `setImmediate` does. Time stands still while
 * code runs and jumps to the next entry when all of it waits.
 *
 * Between two entries every promise reaction has to run, or the order would depend on how many `await`s a path has. A
 * fixed number of `await Promise.resolve()` is a guess, and V8 offers no synchronous drain to a program; one real
 * `setImmediate` does it exactly, because Node empties the `nextTick` and microtask queues before it goes on to the next
 * immediate, however long their chains are. It costs about a microsecond. Code under test may use `nextTick`,
 * `queueMicrotask` and `setImmediate` itself (streams do): those run in a fixed order relative to the hop. It must not
 * do real I/O or real timers, nor a dynamic `import()`: load what is lazy before the clock starts.
 */
import { seededRandom } from "../../../src/local/faults/seeded.ts";
import type { Ambient } from "../../../src/support/ambient.ts";

/** 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Entry {
  readonly due: number;
  /** Breaks ties between entries that are due together. */
  readonly rank: number;
  readonly unref: boolean;
  run: (() => void) | undefined;
}

export interface VirtualOptions {
  /** First value of the clock. Default: the beginning of 2026. */
  startMs?: number;
  /** Draws the order of timers that are due together from the seed, to try interleavings. `soon` calls stay in order. */
  reorderTies?: boolean;
  /** Entries run by one `advance…`/`runUntil` call before it gives up: something keeps itself busy. Default 1,000,000. */
  maxSteps?: number;
}

export class VirtualAmbient implements Ambient {
  readonly seed: number;
  readonly random: () => number;
  readonly #heap: Entry[] = [];
  readonly #reorderTies: boolean;
  readonly #maxSteps: number;
  readonly #tieBreak: () => number;
  #now: number;
  #count = 0;
  /** Entries that are neither run, cancelled, nor `unref`. */
  #holding = 0;

  constructor(seed: number, { startMs = START_MS, reorderTies = false, maxSteps = 1_000_000 }: VirtualOptions = {}) {
    this.seed = seed;
    this.random = seededRandom(seed);
    this.#tieBreak = seededRandom(seed ^ 0x5eed);
    this.#now = startMs;
    this.#reorderTies = reorderTies;
    this.#maxSteps = maxSteps;
  }

  now(): number {
    return this.#now;
  }

  /** Number of timers and `soon` calls that would keep a process alive. */
  get waiting(): number {
    return this.#holding;
  }

  timer(ms: number, run: () => void, { unref = false }: { unref?: boolean } = {}): () => void {
    // Node's own rounding: at least 1 ms, whole milliseconds.
    const delay = Math.min(MAX_TIMER_MS, Math.max(1, Math.trunc(ms) || 0));
    this.#count += 1;
    const rank = this.#reorderTies ? this.#tieBreak() * 2 ** 40 : this.#count;
    const entry: Entry = { due: this.#now + delay, rank, unref, run };
    this.#push(entry);
    return () => {
      if (entry.run === undefined) return;
      entry.run = undefined;
      if (!unref) this.#holding -= 1;
    };
  }

  soon(run: () => void): void {
    this.#count += 1;
    this.#push({ due: this.#now, rank: this.#count, unref: false, run });
  }

  /** A v4 UUID drawn from the seed. */
  uuid(): string {
    const word = () => Math.floor(this.random() * 2 ** 32);
    const hex = (value: number) => value.toString(16).padStart(8, "0");
    const [a, b, c, d] = [hex(word()), hex(word()), hex(word()), hex(word())];
    const variant = "89ab"[Number.parseInt(c.charAt(0), 16) & 3];
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
  }

  /** Lets all promise reactions run without moving the clock. */
  async settle(): Promise<void> {
    await hop();
  }

  /** Runs what is due within the next `ms`, and leaves the clock at their end. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#loop(() => (this.#peek()?.due ?? Number.POSITIVE_INFINITY) > end);
    this.#now = end;
  }

  /** Runs everything until nothing is left that would keep a process alive (`unref` timers would not). */
  async advanceUntilIdle(): Promise<void> {
    await this.#loop(() => this.#holding === 0);
  }

  /**
   * Runs until `promise` settles, and returns its value. Rejects when nothing is left that could settle it, which
   * means that the program under test has lost a wake-up.
   */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    await this.#loop(() => settled || this.#peek() === undefined);
    // Work outside the clock (a module that loads) may still be running; it gets a moment of real time.
    for (let grace = 0; !settled && grace < 200; grace += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.#loop(() => settled || this.#peek() === undefined);
    }
    if (!settled) throw new Error(`deadlock (seed ${this.seed}): nothing is due, and the promise is not settled`);
    return promise;
  }

  async #loop(done: () => boolean): Promise<void> {
    await hop();
    for (let steps = 0; !done(); steps += 1) {
      if (steps >= this.#maxSteps) throw new Error(`no end after ${steps} steps (seed ${this.seed})`);
      const entry = this.#pop();
      if (entry === undefined) return;
      this.#now = Math.max(this.#now, entry.due);
      const { run } = entry;
      entry.run = undefined;
      if (!entry.unref) this.#holding -= 1;
      run?.();
      await hop();
    }
  }

  /** Returns the next entry that was not cancelled, and discards cancelled ones before it. */
  #peek(): Entry | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) this.#remove();
    return this.#heap[0];
  }

  #pop(): Entry | undefined {
    const entry = this.#peek();
    if (entry !== undefined) this.#remove();
    return entry;
  }

  #push(entry: Entry): void {
    if (!entry.unref) this.#holding += 1;
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Removes the first entry of the heap. */
  #remove(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let smallest = heap[child];
      const right = heap[child + 1];
      if (smallest !== undefined && right !== undefined && before(right, smallest)) {
        smallest = right;
        child += 1;
      }
      if (smallest === undefined || !before(smallest, last)) break;
      heap[index] = smallest;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.due < b.due || (a.due === b.due && a.rank < b.rank);
}

const hop = () => new Promise<void>((resolve) => void setImmediate(resolve));
