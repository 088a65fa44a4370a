/**
 * Deals with each of many things once in a period, each at a time of its own: the events of runs that know nothing of each
 * other do not come in step, and the service of a benchmark must not be busy with all of them at once.
 */
const SLICE_MS = 2;

export class Pacer<T> {
  readonly #slices: T[][];
  readonly #timer: NodeJS.Timeout;
  #added = 0;

  constructor(periodMs: number, deal: (one: T) => void) {
    this.#slices = Array.from({ length: periodMs / SLICE_MS }, () => []);
    const began = performance.now();
    let dealt = 0;
    this.#timer = setInterval(() => {
      // Timers are late; what is due by now is dealt with now.
      for (; dealt * SLICE_MS < performance.now() - began; dealt += 1) {
        for (const one of this.#slices[dealt % this.#slices.length] ?? []) deal(one);
      }
    }, SLICE_MS);
  }

  add(one: T): void {
    this.#slices[this.#added % this.#slices.length]?.push(one);
    this.#added += 1;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
