/** Ctrl-Z: the screen is put in order, the process stops, and the screen is drawn again when it goes on. */
import type { Suspension } from "../../adapters/terminal/index.ts";
import type { Ambient } from "../../support/ambient.ts";

/** A process that could not be stopped goes on after this time. Nothing can stop one whose shell has exited. */
const NOT_STOPPED_MS = 200;

interface Hooks {
  leave(): void;
  enter(): void;
}

export function createSuspension(ambient: Ambient): Suspension {
  const all = new Set<Hooks>();
  let left: Hooks[] | undefined;
  const resume = () => {
    const hooks = left;
    left = undefined;
    if (!hooks) return;
    if (all.size > 0) listen();
    for (const one of hooks) if (all.has(one)) one.enter();
  };
  /** Our own listener is removed first: then the signal does what it does by default. */
  const stop = (target: number) => {
    if (left) return;
    left = [...all];
    for (const one of left) one.leave();
    unlisten();
    process.once("SIGCONT", resume);
    process.kill(target, "SIGTSTP");
    ambient.timer(NOT_STOPPED_MS, resume, { unref: true });
  };
  const onSignal = () => stop(process.pid);
  const unlisten = () => void process.off("SIGTSTP", onSignal);
  const listen = () => {
    unlisten(); // a second listener would catch the signal that is to stop us
    if (process.platform !== "win32") process.on("SIGTSTP", onSignal);
  };
  return {
    around(hooks) {
      if (all.size === 0) listen();
      all.add(hooks);
      return () => {
        if (all.delete(hooks) && all.size === 0) unlisten();
      };
    },
    // The key was typed for every process of the command line; 0 is our group.
    suspend: () => (process.platform === "win32" ? undefined : stop(0)),
  };
}
