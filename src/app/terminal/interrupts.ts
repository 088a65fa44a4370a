/** Requests to stop a terminal command: Ctrl-C, a closed terminal, a reader that has exited. */
import type { Screen } from "../../adapters/terminal/index.ts";

export interface InterruptOptions {
  screen: Pick<Screen, "stdout" | "stderr">;
  /** The end of the terminal is no reason to stop: `nohup`. */
  ignoreHangup: boolean;
}

/** Returns `onInterrupt` of the terminal's services. Without listeners, signals have their default effect. */
export function interrupts({ screen, ignoreHangup }: InterruptOptions): (listener: () => void) => () => void {
  const signals = ignoreHangup ? (["SIGINT", "SIGTERM"] as const) : (["SIGINT", "SIGTERM", "SIGHUP"] as const);
  if (ignoreHangup) process.on("SIGHUP", () => undefined);
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of [...listeners]) listener();
  };
  let gone = false;
  for (const writer of [screen.stdout, screen.stderr]) {
    writer.onFailure(() => {
      if (gone || !writer.isReaderGone) return;
      gone = true;
      if (listeners.size === 0) process.exit(0);
      notify();
    });
  }
  return (listener) => {
    if (listeners.size === 0) for (const signal of signals) process.on(signal, notify);
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      for (const signal of signals) process.off(signal, notify);
    };
  };
}
