/** `seren-bridge local` as a child process. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { scratchFolder } from "./child.ts";
import { startTerminal } from "./terminal-child.ts";

export interface LocalService {
  child: ChildProcessWithoutNullStreams;
  origin: string;
  /** Environment for other children. */
  env: { SEREN_API_BASE: string; SEREN_API_KEY: string };
  /** What it printed before its first request. */
  banner: string;
}

/** Resolves when it listens. */
export async function startLocalService(args: string[] = [], env: Record<string, string> = {}): Promise<LocalService> {
  const { child } = startTerminal(env, ["local", "--port", "0", ...args], scratchFolder());
  let banner = "";
  while (!banner.includes("Requests:")) banner += ((await once(child.stdout, "data")) as [string])[0];
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(banner)?.[0] ?? "";
  const key = /SEREN_API_KEY=(\S+)/.exec(banner)?.[1] ?? "";
  return { child, origin, env: { SEREN_API_BASE: origin, SEREN_API_KEY: key }, banner };
}
