/** Waiting with a limit. */
import type { Ambient } from "./ambient.ts";

/**
 * Waits for `work` to be fulfilled or rejected, for at most `ms` milliseconds. Returns whether it was. Never rejects, and
 * neither stops the work nor holds the process open; a rejection of `work` counts as handled.
 */
export function settleWithin(ambient: Ambient, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = ambient.timer(ms, () => resolve(false), { unref: true });
    const settled = () => {
      stopTimer();
      resolve(true);
    };
    work.then(settled, settled);
  });
}
