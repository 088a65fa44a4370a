/** Admits `count` holders at a time, in the order in which they asked. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with a function that releases the slot, to be called once. Rejects with the signal's reason on an abort. */
  take(signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        this.#waiting.delete(enter);
        reject(signal?.reason);
      };
      const enter = () => {
        signal?.removeEventListener("abort", onAbort);
        this.#free -= 1;
        resolve(() => this.#leave());
      };
      if (this.#free > 0) return enter();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(enter);
    });
  }

  #leave(): void {
    this.#free += 1;
    const [next] = this.#waiting;
    if (!next) return;
    this.#waiting.delete(next);
    next();
  }
}
