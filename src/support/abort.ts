/** Reasons for stopping a run, and waiting with signals. */
import type { Ambient } from "./ambient.ts";

/** Who stopped a run. When several did, it is the first. */
export type StopCause = "host" | "deadline" | "shutdown" | "person";

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

/** Settles as `promise` does, or rejects with the reason of `signal` as soon as that aborts. The work itself goes on. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
