import type { Ambient } from "./ambient.ts";

/**
 * Calls `ring` once, when `alive` was not called for `limitMs` milliseconds. A call of `alive` reads the clock and sets no
 * timer: a busy stream makes thousands of them in a second.
 */
export class Watchdog {
  readonly #ambient: Ambient;
  readonly #limitMs: number;
  readonly #ring: () => void;
  #since: number;
  #resting = false;
  #stop: () => void = () => undefined;

  constructor(ambient: Ambient, limitMs: number, ring: () => void) {
    this.#ambient = ambient;
    this.#limitMs = limitMs;
    this.#ring = ring;
    this.#since = ambient.now();
    this.#arm(limitMs);
  }

  alive(): void {
    this.#since = this.#ambient.now();
    this.#resting = false;
  }

  /** Suspends the watchdog until the next call of `alive`. */
  rest(): void {
    this.#resting = true;
  }

  stop(): void {
    this.#stop();
  }

  /** The timer checks no later than the earliest time at which the limit can be reached. */
  #arm(ms: number): void {
    this.#stop = this.#ambient.timer(ms, () => {
      const now = this.#ambient.now();
      if (this.#resting || now < this.#since) this.#since = now; // suspended, or the clock was set back
      const left = this.#since + this.#limitMs - now;
      if (left > 0) this.#arm(left);
      else this.#ring();
    });
  }
}
