/** A rate limit with a burst: `size` tokens at first, and another one every `refillEveryMs` milliseconds up to `size`. */
import { type Ambient, sleep } from "./ambient.ts";

export interface TokenBucketLimits {
  size: number;
  refillEveryMs: number;
}

export class TokenBucket {
  readonly #ambient: Ambient;
  readonly #limits: TokenBucketLimits;
  #refilledAt: number;
  /** Below zero, tokens were taken in advance by callers of `take` that still wait. */
  #tokens: number;

  constructor(ambient: Ambient, limits: TokenBucketLimits) {
    this.#ambient = ambient;
    this.#limits = limits;
    this.#tokens = limits.size;
    this.#refilledAt = ambient.now();
  }

  get isEmpty(): boolean {
    this.#refill();
    return this.#tokens < 1;
  }

  /** Takes a token if there is one. Returns whether there was. */
  tryTake(): boolean {
    if (this.isEmpty) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Resolves with a token taken, in the order of the calls. Rejects with the reason of `signal` and takes none then. */
  async take(signal?: AbortSignal): Promise<void> {
    this.#refill();
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    try {
      await sleep(this.#ambient, -this.#tokens * this.#limits.refillEveryMs, signal);
    } catch (error) {
      this.#tokens += 1;
      throw error;
    }
  }

  /** A clock that was set back refills nothing and costs nothing. */
  #refill(): void {
    const now = this.#ambient.now();
    const earned = Math.max(0, now - this.#refilledAt) / this.#limits.refillEveryMs;
    this.#tokens = Math.min(this.#limits.size, this.#tokens + earned);
    this.#refilledAt = now;
  }
}
