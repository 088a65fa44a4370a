/**
 * Time and randomness. Everything that waits, measures time or draws a random value gets an `Ambient`, so that a simulation
 * can run the whole program in virtual time from one seed. No other file uses a clock or a random source directly.
 */
export interface Ambient {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now. Returns a function that prevents the call. */
  timer(ms: number, run: () => void, options?: TimerOptions): () => void;
  /** Calls `run` after everything that is already queued, such as a reply that is being written. */
  soon(run: () => void): void;
  /** Returns a number in [0, 1). */
  random(): number;
  /** Returns a v4 UUID. */
  uuid(): string;
}

export interface TimerOptions {
  /** The timer does not keep the process alive. Default: it does. */
  unref?: boolean;
}

/** Longest delay of `setTimeout`. Node treats a longer one as 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const realAmbient: Ambient = {
  now: () => Date.now(),
  timer(ms, run, options) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    if (options?.unref) timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(), // unlike `node:crypto`, the global is loaded at its first use, after the first reply
};

/** Resolves after `ms` milliseconds, or rejects with the signal's reason as soon as that aborts. */
export function sleep(ambient: Ambient, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = ambient.timer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Exponential backoff with jitter, in milliseconds: between a tenth of `base * 2^attempt`, which is at most `cap`, and all of it. */
export function backoffMs(ambient: Ambient, attempt: number, base: number, cap: number): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return ceiling * (0.1 + 0.9 * ambient.random());
}
