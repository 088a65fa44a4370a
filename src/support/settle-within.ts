/** Waiting with a limit. */
import type { Ambient, TimerOptions } from "./ambient.ts";

/**
 * Waits for `work` to be fulfilled or rejected, for at most `ms` milliseconds. Returns whether it was. Never rejects, and
 * does not stop the work; a rejection of `work` counts as handled. The process may exit meanwhile, unless `unref` is false.
 */
export function settleWithin(
  ambient: Ambient,
  ms: number,
  work: Promise<unknown>,
  options: TimerOptions = { unref: true },
): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = ambient.timer(ms, () => resolve(false), options);
    const settled = () => {
      stopTimer();
      resolve(true);
    };
    work.then(settled, settled);
  });
}
