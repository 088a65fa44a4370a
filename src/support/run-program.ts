/** Starts a program without a shell, gives it a text on stdin, and stops it at a limit. */
import { spawn } from "node:child_process";
import type { Ambient } from "./ambient.ts";
import { systemReason } from "./system-error.ts";

/** Longest time a program may take, unless its caller knows better. */
const PROGRAM_LIMIT_MS = 10_000;
/** For what it has written and nobody has read yet. */
const REST_OF_OUTPUT_MS = 500;

export interface ProgramOptions {
  command: readonly [program: string, ...args: string[]];
  stdin: string;
  environment: Readonly<Record<string, string>>;
  ambient: Ambient;
  limitMs?: number;
  /** Gets what it writes, and makes this process wait for it. Without it the program may outlive this process, and what it writes goes nowhere. */
  onOutput?: (text: string) => void;
  /** Stops the program. */
  signal?: AbortSignal;
}

/**
 * The program is started before this returns. Resolves when it has ended, with what went wrong in a few words. It has a session of
 * its own, so that a Ctrl-C does not reach it.
 */
export function runProgram(options: ProgramOptions): Promise<string | undefined> {
  const { command, stdin, environment, ambient, limitMs = PROGRAM_LIMIT_MS, onOutput, signal } = options;
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const heard = onOutput ? "pipe" : "ignore";
    let child: ReturnType<typeof spawn>;
    try {
      child = spawn(program, args, {
        env: environment,
        stdio: ["pipe", heard, heard],
        detached: process.platform !== "win32",
        windowsHide: true,
      });
    } catch (error) {
      return resolve(`could not be started: ${systemReason(error)}`);
    }
    if (!onOutput) child.unref();
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => onOutput?.(text));
    let stopped: string | undefined;
    const stop = (why: string) => {
      stopped ??= why;
      kill(child.pid);
    };
    const onAbort = () => stop("was interrupted");
    const stopTimer = ambient.timer(limitMs, () => stop(`was stopped after ${limitMs / 1000} s`), { unref: !onOutput });
    signal?.addEventListener("abort", onAbort);
    const end = (problem: string | undefined) => {
      stopTimer();
      signal?.removeEventListener("abort", onAbort);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(problem);
    };
    child.on("error", (error) => end(`could not be started: ${systemReason(error)}`));
    child.on("exit", (code, reason) => {
      const why = code === 0 ? undefined : `ended with ${code === null ? `signal ${reason}` : `code ${code}`}`;
      if (!onOutput) return end(stopped ?? why);
      // What it has started may hold its pipes open.
      const stopWaiting = ambient.timer(REST_OF_OUTPUT_MS, () => end(stopped ?? why));
      child.on("close", () => {
        stopWaiting();
        end(stopped ?? why);
      });
    });
    child.stdin?.on("error", () => undefined); // it need not read
    child.stdin?.end(stdin);
  });
}

/** With everything that it has started. */
function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}
