/** Everything that asks a terminal command to stop: Ctrl-C, a terminal that was closed, a reader that went away. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The `onInterrupt` of the terminal's services. Without listeners signals keep their usual effect. */
export function interrupts(): (listener: () => void) => () => void {
  const listeners = new Set<() => void>();
  const ring = () => {
    for (const listener of [...listeners]) listener();
  };
  let broken = false;
  for (const output of [process.stdout, process.stderr]) {
    output.on("error", () => {
      if (broken) return; // it will say so at every write
      broken = true;
      if (listeners.size === 0) process.exit(0);
      ring();
    });
  }
  return (listener) => {
    if (listeners.size === 0) for (const signal of SIGNALS) process.on(signal, ring);
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      for (const signal of SIGNALS) process.off(signal, ring);
    };
  };
}
