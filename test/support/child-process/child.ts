/**
 * The built program as a child process, started as a host starts it. In every test each line of stdout is checked, stderr
 * must be log lines, neither may contain a secret, and the program must exit with code 0.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { checkLine, type Message, type Mode } from "./line-check.ts";
import { StdoutLines } from "./stdout-lines.ts";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** The npm build. */
export const PROGRAM = join(ROOT, "dist", "seren-bridge.mjs");
/** The release build, self-contained in one file. */
export const RELEASE_PROGRAM = join(ROOT, "dist-release", "seren-bridge.mjs");
/** Has no form that is redacted by pattern. */
export const API_KEY = "key-of-the-process-tests-4711";

/** A child that does not exit within this time is killed, which fails its test. */
const WATCHDOG_MS = 25_000;

/** Registers a cleanup. Cleanups run in reverse order. */
export type RegisterCleanup = (run: () => Promise<void> | void) => void;

export interface StartOptions {
  /** @default PROGRAM */
  program?: string;
  /** Executes the file itself instead of `node file`, as Dispatch does. */
  direct?: boolean;
  cwd?: string;
  /** Added to `PATH`, an empty home and empty XDG folders; undefined removes a variable. @default the embedded service */
  env?: Record<string, string | undefined>;
  /** Texts that must not appear in the output, besides the key. */
  secrets?: string[];
  /** How it ends. @default CLEAN_EXIT */
  exit?: Exit;
  /** @default onTestFinished */
  whenOver?: RegisterCleanup;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}
export const CLEAN_EXIT: Exit = { code: 0, signal: null };

/** A child's own children can write for a moment after it has gone: what fills up again is removed once more. */
const REMOVAL = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 } as const;

/** Creates a folder that is removed after the test. */
export function scratchFolder(whenOver: RegisterCleanup = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "seren-bridge-process-"));
  whenOver(() => rm(folder, REMOVAL));
  return folder;
}

export function requireBuilt(program: string): string {
  if (!existsSync(program)) throw new Error(`${program} is missing; run npm run build`);
  return program;
}

export class Child {
  readonly mode: Mode;
  readonly process: ChildProcess;
  /** Resolves when the process has ended and its pipes are closed. */
  readonly exited: Promise<Exit>;
  /** All messages so far, in order. */
  readonly messages: Message[] = [];
  stderr = "";
  readonly #secrets: readonly string[];
  readonly #exit: Exit;
  readonly #problems: string[] = [];
  readonly #lines = new StdoutLines((line) => this.#check(line));
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(mode: Mode, options: StartOptions = {}) {
    const { program = PROGRAM, direct = false, cwd, env = { SEREN_API_BASE: "local" }, secrets = [] } = options;
    const whenOver = options.whenOver ?? onTestFinished;
    requireBuilt(program);
    const home = scratchFolder(whenOver);
    const [command, args] = direct ? [program, [mode]] : [process.execPath, [program, mode]];
    this.mode = mode;
    this.#secrets = [API_KEY, ...secrets];
    this.#exit = options.exit ?? CLEAN_EXIT;
    this.process = spawn(command, args, {
      cwd: cwd ?? home,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        XDG_CONFIG_HOME: join(home, "config"),
        XDG_STATE_HOME: join(home, "state"),
        ...env,
      },
    });
    const { stdin, stdout, stderr } = this.process;
    stdin?.on("error", () => undefined); // a child that has exited reads nothing more
    stdout?.on("data", (chunk: Buffer) => {
      this.#lines.push(chunk);
      this.#wake();
    });
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code, signal) => resolve({ code, signal }));
    });
    stdout?.once("close", () => {
      this.#closed = true;
      this.#wake();
    });
    whenOver(() => this.#finish());
  }

  /** Writes lines: objects as compact JSON, strings unchanged. */
  send(...lines: (object | string)[]): void {
    this.process.stdin?.write(
      lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""),
    );
  }

  /** Returns the message with this index, as soon as it has arrived. */
  async message(index: number): Promise<Message> {
    for (;;) {
      const message = this.messages[index];
      if (message) return message;
      if (this.#closed) throw new Error(`the child has closed stdout; so far: ${this.#transcript()}`);
      await new Promise<void>((resolve) => void this.#waiting.add(resolve));
    }
  }

  /** Returns the index of the first message from `from` on that fits. */
  async find(fits: (message: Message) => boolean, from = 0): Promise<number> {
    for (let index = from; ; index += 1) if (fits(await this.message(index))) return index;
  }

  /** Closes stdin and waits for the exit. */
  end(): Promise<Exit> {
    this.process.stdin?.end();
    return this.exited;
  }

  signal(name: NodeJS.Signals): Promise<Exit> {
    this.process.kill(name);
    return this.exited;
  }

  /** Closes stdout: every later write of the child fails with EPIPE. */
  closeStdout(): void {
    this.#lines.clear();
    this.process.stdout?.destroy();
  }

  #check(line: Buffer): void {
    for (const secret of this.#secrets) if (line.includes(secret)) this.#problems.push("a secret on stdout");
    try {
      this.messages.push(checkLine(line, this.mode));
    } catch (error) {
      this.#problems.push(`${error instanceof Error ? error.message : error}: ${line.toString().slice(0, 500)}`);
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  async #finish(): Promise<void> {
    const watchdog = setTimeout(() => this.process.kill("SIGKILL"), WATCHDOG_MS);
    const exit = await this.end();
    clearTimeout(watchdog);
    expect(this.#problems, "what is wrong on stdout").toEqual([]);
    expect(this.#lines.rest, "a line without its end").toBe("");
    for (const line of this.stderr.split("\n").slice(0, -1))
      expect(line, "stderr").toMatch(/^\{"level":"\w+","message":.*\}$/);
    for (const secret of this.#secrets) expect(this.stderr.includes(secret), "a secret on stderr").toBe(false);
    expect(exit).toEqual(this.#exit);
  }

  #transcript(): string {
    return JSON.stringify({
      last: this.messages.slice(-5),
      problems: this.#problems,
      stderr: this.stderr.slice(-2000),
    });
  }
}
