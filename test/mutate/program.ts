/** The built program as a child process, in an empty home, for the scenarios. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const KEY = "key-of-the-mutation-trials-4711";
/** A command that takes longer hangs: no scenario waits for anything that takes half as long. */
export const HANG_MS = 75_000;

export interface Ended {
  /** `null` for a program that had to be killed. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment of one trial: a home of its own, and the service at `origin`. */
export class Home {
  readonly folder = mkdtempSync(join(tmpdir(), "seren-bridge-mutate-"));
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  start(args: string[]): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [join(process.cwd(), "dist", "seren-bridge.mjs"), ...args], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, // thousands of starts of the same files
        HOME: this.folder,
        XDG_STATE_HOME: join(this.folder, "state"),
        XDG_CONFIG_HOME: join(this.folder, "config"),
        SEREN_API_BASE: this.#origin,
        SEREN_API_KEY: KEY,
      },
    });
  }

  /** Runs a command to its end. `onStdout` is called with all it has written so far, at every piece. */
  async run(
    args: string[],
    onStdout?: (text: string, child: ChildProcessWithoutNullStreams) => void,
    input = "",
  ): Promise<Ended> {
    const child = this.start(args);
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const ended: Ended = { code: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      ended.stdout += text;
      onStdout?.(ended.stdout, child);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      ended.stderr += text;
    });
    const watchdog = setTimeout(() => child.kill("SIGKILL"), HANG_MS);
    await new Promise<void>((resolve) =>
      child.once("close", (code) => {
        ended.code = code;
        resolve();
      }),
    );
    clearTimeout(watchdog);
    return ended;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
