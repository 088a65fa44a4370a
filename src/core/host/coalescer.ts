/** Sends a host the latest state of a run instead of every state: progress is shown, and never becomes a flood. */
import type { Ambient } from "../../support/ambient.ts";
import { TokenBucket } from "../../support/token-bucket.ts";
import { Throttle } from "./throttle.ts";

export interface CoalescerLimits {
  /** Shortest time between two values, in milliseconds. */
  everyMs: number;
  /** How many urgent values may go ahead of their turn; one is earned back every `everyMs`. */
  burst: number;
}

/** Passes on the latest of many values: one that is offered while another waits for its turn replaces it. */
export class Coalescer<T> {
  readonly #throttle: Throttle;
  readonly #ahead: TokenBucket;
  #held: { value: T } | undefined;

  constructor(ambient: Ambient, limits: CoalescerLimits, send: (value: T) => Promise<void> | undefined) {
    this.#ahead = new TokenBucket(ambient, { size: limits.burst, refillEveryMs: limits.everyMs });
    this.#throttle = new Throttle(ambient, limits.everyMs, () => {
      const held = this.#held;
      this.#held = undefined;
      return held && send(held.value);
    });
  }

  /** `urgent` values (a change of state) do not wait for their turn as long as the burst lasts. */
  offer(value: T, { urgent = false }: { urgent?: boolean } = {}): void {
    this.#held = { value };
    this.#throttle.ask({ atOnce: urgent && this.#ahead.tryTake() });
  }

  /** Drops the waiting value and passes on nothing more. */
  close(): void {
    this.#held = undefined;
    this.#throttle.close();
  }
}
