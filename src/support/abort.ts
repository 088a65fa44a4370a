/** Reasons for stopping a run, and waiting with signals. */
import type { Ambient } from "./ambient.ts";
import { ExecutionFailure } from "./failure.ts";

/** Who stopped a run. When several did, it is the first. */
export type StopCause = "host" | "deadline" | "shutdown" | "person" | "limit";

export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly by: StopCause;
  constructor(by: StopCause, message = `stopped: ${by}`) {
    super(message);
    this.by = by;
  }
}

export function stopCauseOf(signal: AbortSignal): StopCause | undefined {
  return signal.aborted && signal.reason instanceof Stopped ? signal.reason.by : undefined;
}

/**
 * Returns a signal that aborts after `ms` milliseconds or with `parent`, whichever comes first. Call `release` when the work
 * is over: it removes the timer and the listener, which a long-lived parent would otherwise collect.
 */
export function timeoutSignal(
  ambient: Ambient,
  ms: number,
  parent?: AbortSignal,
): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const forward = () => controller.abort(parent?.reason);
  if (parent?.aborted) forward();
  else parent?.addEventListener("abort", forward, { once: true });
  const stop = ambient.timer(ms, () => controller.abort(new Stopped("deadline", `no answer within ${ms} ms`)));
  return {
    signal: controller.signal,
    release() {
      stop();
      parent?.removeEventListener("abort", forward);
    },
  };
}

/**
 * Does `work` under one limit for all of its calls and waits. Rejects with `unavailable` when the time is over, and with the
 * reason of `parent` as soon as that aborts.
 */
export async function withTimeLimit<T>(
  { ambient, ms, parent }: { ambient: Ambient; ms: number; parent?: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = timeoutSignal(ambient, ms, parent);
  try {
    return await orAborted(work(limit.signal), limit.signal);
  } catch (error) {
    if (!limit.signal.aborted || parent?.aborted) throw error;
    throw new ExecutionFailure("unavailable", "Seren Cloud did not answer in time; try again later", {
      cause: error,
      details: { overdue: true },
    });
  } finally {
    limit.release();
  }
}

/** Returns a signal that aborts `ms` milliseconds after `parent` has: time to finish what is nearly done. */
export function graceSignal(
  ambient: Ambient,
  ms: number,
  parent: AbortSignal,
): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let stop: (() => void) | undefined;
  const onAbort = () => {
    stop = ambient.timer(ms, () => controller.abort(parent.reason));
  };
  if (parent.aborted) onAbort();
  else parent.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    release() {
      stop?.();
      parent.removeEventListener("abort", onAbort);
    },
  };
}

/**
 * Returns a signal that never aborts. For a call that has to be seen through once it is made, such as the one that creates a
 * run: the limit of the single call is then the only bound. `test/architecture.test.ts` lists the places.
 */
export function unabortable(): AbortSignal {
  return new AbortController().signal;
}

/** Settles as `promise` does, or rejects with the reason of `signal` as soon as that aborts. The work itself goes on. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
