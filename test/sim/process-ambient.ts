/** Time and randomness of one simulated process. After `kill` none of its timers fires. */
import { seededRandom } from "../../src/local/faults/seeded.ts";
import type { Ambient } from "../../src/support/ambient.ts";

export class ProcessAmbient implements Ambient {
  readonly random: () => number;
  /** The clock of the environment, which continues after the process was killed. */
  readonly networkClock: Ambient;
  readonly #stops = new Set<() => void>();
  #alive = true;

  constructor(clock: Ambient, seed: number) {
    this.networkClock = clock;
    this.random = seededRandom(seed);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Number of timers that have neither fired nor been cleared. */
  get waiting(): number {
    return this.#stops.size;
  }

  kill(): void {
    this.#alive = false;
    for (const stop of this.#stops) stop();
    this.#stops.clear();
  }

  now(): number {
    return this.networkClock.now();
  }

  timer(ms: number, run: () => void, options?: { unref?: boolean }): () => void {
    if (!this.#alive) return () => undefined;
    const stopClock = this.networkClock.timer(
      ms,
      () => {
        this.#stops.delete(stop);
        run();
      },
      options,
    );
    const stop = () => {
      this.#stops.delete(stop);
      stopClock();
    };
    this.#stops.add(stop);
    return stop;
  }

  soon(run: () => void): void {
    this.networkClock.soon(() => {
      if (this.#alive) run();
    });
  }

  uuid(): string {
    const digits = Array.from({ length: 32 }, () => Math.floor(this.random() * 16).toString(16)).join("");
    const variant = "89ab".charAt(Number.parseInt(digits.charAt(16), 16) & 3);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}
