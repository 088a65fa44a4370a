/** What comes behind the first reply. Each front end loads its own part only. */
import type { Writable } from "node:stream";
import type { GreetedRoder } from "./roder.ts";

export async function serveCourier(frames: Writable): Promise<void> {
  await (await import("./courier.ts")).serveCourier(frames);
}

export async function serveRoder(frames: Writable, start: GreetedRoder): Promise<void> {
  await (await import("./roder.ts")).serveRoder(frames, start);
}

/** Answers the exit code. */
export async function runTerminalMode(args: string[]): Promise<number> {
  return (await import("./terminal/terminal.ts")).runTerminalMode(args);
}
