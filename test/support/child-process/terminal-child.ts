/** The terminal command as a child process with pipes. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { PROGRAM, requireBuilt, scratchFolder } from "./child.ts";

export interface TerminalResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface TerminalChild {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<TerminalResult>;
}

/** Starts a command. `env` is added to `PATH`, a home folder and a state folder. */
export function startTerminal(env: Record<string, string>, args: string[], home = scratchFolder()): TerminalChild {
  const child = spawn(process.execPath, [requireBuilt(PROGRAM), ...args], {
    env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: `${home}/state`, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said: TerminalResult = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
  });
  const ended = once(child, "close").then(([code]): TerminalResult => ({ ...said, code: code as number | null }));
  return { child, ended };
}
