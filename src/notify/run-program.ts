/** Starts a program without a shell, gives it a text on stdin, and stops it at a limit. What it writes goes nowhere. */
import { spawn } from "node:child_process";
import type { Ambient } from "../support/ambient.ts";
import { systemReason } from "../support/system-error.ts";

/** Longest time a program may take. */
const PROGRAM_LIMIT_MS = 10_000;

export interface ProgramOptions {
  command: readonly [program: string, ...args: string[]];
  stdin: string;
  environment: Readonly<Record<string, string>>;
  ambient: Ambient;
}

/**
 * The program is started before this returns. Resolves when it has ended, with what went wrong in a few words. It has a session of
 * its own, so that a Ctrl-C does not reach it, and goes on when this process ends before it.
 */
export function runProgram({ command, stdin, environment, ambient }: ProgramOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const [program, ...args] = command;
    let child: ReturnType<typeof spawn>;
    try {
      child = spawn(program, args, {
        env: environment,
        stdio: ["pipe", "ignore", "ignore"],
        detached: process.platform !== "win32",
        windowsHide: true,
      });
    } catch (error) {
      return resolve(`could not be started: ${systemReason(error)}`);
    }
    child.unref();
    let isLate = false;
    const stopTimer = ambient.timer(
      PROGRAM_LIMIT_MS,
      () => {
        isLate = true;
        kill(child.pid);
      },
      { unref: true },
    );
    child.on("error", (error) => {
      stopTimer();
      resolve(`could not be started: ${systemReason(error)}`);
    });
    child.on("exit", (code, signal) => {
      stopTimer();
      if (isLate) return resolve(`was stopped after ${PROGRAM_LIMIT_MS / 1000} s`);
      resolve(code === 0 ? undefined : `ended with ${code === null ? `signal ${signal}` : `code ${code}`}`);
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
