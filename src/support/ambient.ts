/**
 * Time and randomness, the only place they enter through. Everything that waits, measures time or draws a random value
 * takes an `Ambient`, so that a simulation can run the whole program under virtual time from one seed.
 */
export interface Ambient {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now. Returns a function that prevents the call. */
  timer(ms: number, run: () => void, options?: TimerOptions): () => void;
  /** Calls `run` after what is already queued, so after a reply that is being written. */
  soon(run: () => void): void;
  /** In [0, 1). */
  random(): number;
  /** A v4 UUID. */
  uuid(): string;
}

export interface TimerOptions {
  /** The timer does not keep the process alive. Default: it does. */
  unref?: boolean;
}

/** Longest delay `setTimeout` honours; above it Node fires after 1 ms. */
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
  uuid: () => crypto.randomUUID(), // the global loads at its first use, the module would before the first reply
};

/** Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. */
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

/** Full-jitter exponential backoff: a random wait below `base * 2^attempt`, at most `cap`, never below a tenth of it. */
export function backoffMs(ambient: Ambient, attempt: number, base: number, cap: number): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return ceiling * (0.1 + 0.9 * ambient.random());
}
