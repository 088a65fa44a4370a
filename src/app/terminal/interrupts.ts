/** Requests to stop a terminal command: Ctrl-C, a closed terminal, a reader that has exited. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Returns `onInterrupt` of the terminal's services. Without listeners, signals have their default effect. */
export function interrupts(): (listener: () => void) => () => void {
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of [...listeners]) listener();
  };
  let broken = false;
  for (const output of [process.stdout, process.stderr]) {
    output.on("error", () => {
      if (broken) return; // every further write reports it again
      broken = true;
      if (listeners.size === 0) process.exit(0);
      notify();
    });
  }
  return (listener) => {
    if (listeners.size === 0) for (const signal of SIGNALS) process.on(signal, notify);
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      for (const signal of SIGNALS) process.off(signal, notify);
    };
  };
}
