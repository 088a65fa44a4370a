/**
 * Calls of the operating system that never return, as those for a network folder that is gone. Each holds a thread, and Node
 * does not end before its threads have.
 */
let hanging = 0;

/** To be called for work that is given up: it may still return. */
export function noteHanging(work: Promise<unknown>): void {
  hanging += 1;
  const back = () => {
    hanging -= 1;
  };
  work.then(back, back);
}

/** Makes sure that this process ends when it exits, although calls hang: with its code where Node can, else by a signal. */
export function endThoughCallsHang(): void {
  process.on("exit", (code) => {
    if (hanging === 0) return;
    // Replacing the process ends its threads. Node has this since 22.15, and not on Windows.
    const { execve } = process as { execve?: (path: string, args: readonly string[], env: object) => never };
    if (execve && process.platform !== "win32") execve("/bin/sh", ["sh", "-c", `exit ${code}`], {});
    process.kill(process.pid, "SIGKILL");
  });
}
