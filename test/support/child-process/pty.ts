/** The terminal command on a pseudo-terminal, which util-linux's `script` provides. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { PROGRAM, requireBuilt, scratchFolder } from "./child.ts";

/** Whether util-linux's `script` is installed (the BSD one takes other options). Tests on a terminal are skipped without it. */
export const HAVE_PTY = spawnSync("script", ["--version"]).status === 0;

export interface Pty {
  /** Returns all output so far, escape sequences included. */
  shown(): string;
  /** Resolves when `text` appears after the first `from` characters. Rejects when the program has ended without it. */
  sees(text: string, from?: number): Promise<void>;
  type(keys: string): void;
  /** Closes the terminal, as a window is closed. */
  close(): void;
  ended: Promise<number | null>;
}

export const DOWN = "\x1b[B";
export const ENTER = "\r";

/** `columns` and `rows` are set before the program starts. */
export function startPty(
  env: Record<string, string>,
  args: readonly string[],
  { columns = 80, rows = 24 }: { columns?: number; rows?: number } = {},
): Pty {
  return startPtyCommand(
    env,
    (program) => `stty cols ${columns} rows ${rows}; exec ${program} ${args.map(quoted).join(" ")}`,
  );
}

/** Runs a shell command in a terminal. `program` is the command that starts ours. */
export function startPtyCommand(env: Record<string, string>, commandOf: (program: string) => string): Pty {
  const command = commandOf([process.execPath, requireBuilt(PROGRAM)].map(quoted).join(" "));
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { PATH: process.env.PATH, HOME: scratchFolder(), TERM: "xterm", LANG: "C.UTF-8", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => undefined);
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    shown: () => shown,
    async sees(text, from = 0) {
      while (!shown.includes(text, from)) {
        const over = await Promise.race([once(child.stdout, "data").then(() => false), ended.then(() => true)]);
        if (over && !shown.includes(text, from)) throw new Error(`"${text}" was not shown, but: ${shown}`);
      }
    },
    type: (keys) => void child.stdin.write(keys),
    close: () => void child.kill("SIGKILL"),
    ended,
  };
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
