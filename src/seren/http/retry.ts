/**
 * Repeats calls that are safe to repeat. All runs of a process share one budget for repeats, so that a service in trouble
 * gets few calls from it, however many runs wait.
 */
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { TokenBucket, TokenBucketLimits } from "../../support/token-bucket.ts";

const BASE_MS = 500;
const CAP_MS = 30_000;
/** Longest `Retry-After` that a call with a limited number of attempts waits for. A longer one fails the call. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Limits of the one bucket from which every repeat of the process takes a token. */
export const RETRY_LIMITS: TokenBucketLimits = { size: 20, refillEveryMs: 200 };

export interface RetryOptions {
  ambient: Ambient;
  budget: TokenBucket;
  /** Calls in all, the first one included. `Infinity`: until the signal is aborted. */
  attempts: number;
  signal: AbortSignal;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the attempts are used up. Waits for the backoff or for what
 * `Retry-After` asks, whichever is longer. Rejects with the last failure, or with the signal's reason.
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { ambient, budget, attempts, signal }: RetryOptions,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ExecutionFailure && error.retryable) || failures + 1 >= attempts) throw error;
      const { retryAfterMs = 0 } = error.details;
      if (Number.isFinite(attempts) && retryAfterMs > MAX_RETRY_AFTER_MS) throw error;
      await sleep(ambient, Math.max(backoffMs(ambient, failures, BASE_MS, CAP_MS), retryAfterMs), signal);
      await budget.take(signal);
    }
  }
}
