/** What comes behind the first reply. Each front end loads its own part only. */
import type { Writable } from "node:stream";
import type { GreetedRoder } from "./wiring/roder.ts";

export async function serveCourier(frames: Writable): Promise<void> {
  await (await import("./wiring/courier.ts")).serveCourier(frames);
}

export async function serveRoder(frames: Writable, start: GreetedRoder): Promise<void> {
  await (await import("./wiring/roder.ts")).serveRoder(frames, start);
}

/** Answers the exit code. */
export async function runTerminalMode(args: string[]): Promise<number> {
  return (await import("./wiring/terminal.ts")).runTerminalMode(args);
}
