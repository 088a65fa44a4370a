/**
 * Repeating calls that are safe to repeat. All runs of a process share one budget for repeats: a sick service sees a
 * trickle from us, however many runs are waiting for it.
 */
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";

const BASE_MS = 500;
const CAP_MS = 30_000;
/** Longest `Retry-After` that a call with a limited number of tries waits for; a longer one is the caller's to know. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Repeats the whole process may make at once, and how fast they come back. */
const BUDGET_SIZE = 20;
const REFILL_PER_SECOND = 5;

/** A token bucket: whoever repeats a call takes a token, and waits for one when there is none. */
export class RetryBudget {
  readonly #ambient: Ambient;
  #tokens = BUDGET_SIZE;
  #refilledAt: number;

  constructor(ambient: Ambient) {
    this.#ambient = ambient;
    this.#refilledAt = ambient.now();
  }

  async take(signal?: AbortSignal): Promise<void> {
    const now = this.#ambient.now();
    const refill = ((now - this.#refilledAt) / 1000) * REFILL_PER_SECOND;
    this.#tokens = Math.min(BUDGET_SIZE, this.#tokens + Math.max(0, refill)) - 1;
    this.#refilledAt = now;
    // Below zero the token was borrowed: the wait is until the refill has paid it back, so waiters line up by themselves.
    if (this.#tokens >= 0) return;
    try {
      await sleep(this.#ambient, (-this.#tokens / REFILL_PER_SECOND) * 1000, signal);
    } catch (error) {
      this.#tokens += 1; // nothing will be repeated with it
      throw error;
    }
  }
}

export interface Persistence {
  signal?: AbortSignal;
  /** Tries in all. `Infinity` means: until the signal is aborted. */
  attempts: number;
}

/** Calls `attempt` until it succeeds, fails for good, or the tries are used up. `Retry-After` wins over the backoff. */
export async function retrying<T>(
  ambient: Ambient,
  budget: RetryBudget,
  { signal, attempts }: Persistence,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof ExecutionFailure && error.retryable) || failures + 1 >= attempts) throw error;
      const { retryAfterMs = 0 } = error.details;
      if (Number.isFinite(attempts) && retryAfterMs > MAX_RETRY_AFTER_MS) throw error;
      await sleep(ambient, Math.max(backoffMs(ambient, failures, BASE_MS, CAP_MS), retryAfterMs), signal);
      await budget.take(signal);
    }
  }
}
