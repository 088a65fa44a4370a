/** A child that gets half a core, as on a small machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { baseline } from "./places.ts";

/** Not on Windows, which cannot stop a process. */
export const canHold = process.platform !== "win32";

/** Until the returned function is called. */
export function holdToHalf(pid: number | undefined): () => Promise<void> {
  const [program = "", ...args] = [...baseline("half-core"), String(pid)];
  const holder = spawn(program, args, { stdio: ["pipe", "ignore", "inherit"] });
  const gone = once(holder, "close");
  return async () => {
    holder.stdin.end();
    await gone;
  };
}
