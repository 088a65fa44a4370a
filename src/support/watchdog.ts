import type { Ambient } from "./ambient.ts";

/**
 * Rings once, when nobody has said for `limitMs` that there is life. Saying so costs a reading of the clock and no timer:
 * a busy stream says it thousands of times a second.
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

  /** Does not ring before there was life again. */
  rest(): void {
    this.#resting = true;
  }

  stop(): void {
    this.#stop();
  }

  /** Whatever is said meanwhile, the next look comes no later than the moment to ring. */
  #arm(ms: number): void {
    this.#stop = this.#ambient.timer(ms, () => {
      const now = this.#ambient.now();
      if (this.#resting || now < this.#since) this.#since = now; // a clock that was set back tells nothing
      const left = this.#since + this.#limitMs - now;
      if (left > 0) this.#arm(left);
      else this.#ring();
    });
  }
}
