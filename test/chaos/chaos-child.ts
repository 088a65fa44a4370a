/**
 * The built program as a child process, usable without a test runner. It is started as a host starts it; every byte of output
 * is searched for secrets and every line is checked.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLine, type Message, type Mode } from "../support/child-process/line-check.ts";
import { StdoutLines } from "../support/child-process/stdout-lines.ts";
import { API_KEY, CanarySearch, canariesIn, DECLARED } from "./canaries.ts";
import type { Ending } from "./chaos-plan.ts";

export const ROOT = process.env.SEREN_BRIDGE_ROOT ?? process.cwd();
/** The npm build, unless SEREN_BRIDGE_PROGRAM names another file. */
const PROGRAM = process.env.SEREN_BRIDGE_PROGRAM ?? join(ROOT, "dist", "seren-bridge.mjs");
export const parcelDir = (name: string) => join(ROOT, "test", "fixtures", "dispatch", "parcels", name);

/** Deepest nesting of a line. Both hosts parse 127 levels. */
const MAX_DEPTH = 64;
const MAX_STDERR_CHARS = 64 * 1024;
const STDIN_OUTLIVES_MS = 2_000;

export interface ChaosChildOptions {
  origin: string;
  /** State folder that survives the child. Default: a folder that is removed with the child. */
  stateDir?: string;
  nodeArgs?: readonly string[];
  env?: Record<string, string>;
  onMessage(message: Message): void;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class ChaosChild {
  readonly mode: Mode;
  readonly process: ChildProcess;
  /** Resolves when the process has exited and its pipes are closed. */
  readonly exited: Promise<Exit>;
  readonly stateDir: string;
  /** Problems with its output. Each begins with the number of its invariant. */
  readonly problems: string[] = [];
  stderr = "";
  hasExited = false;
  readonly #home = mkdtempSync(join(tmpdir(), "seren-bridge-chaos-"));
  readonly #searches = { stdout: new CanarySearch(), stderr: new CanarySearch() };
  readonly #onMessage: (message: Message) => void;
  readonly #lines = new StdoutLines((line) => this.#line(line));

  constructor(mode: Mode, options: ChaosChildOptions) {
    this.mode = mode;
    this.#onMessage = options.onMessage;
    this.stateDir = options.stateDir ?? join(this.#home, "state");
    this.process = spawn(process.execPath, [...(options.nodeArgs ?? []), PROGRAM, mode], {
      cwd: this.#home,
      env: {
        PATH: process.env.PATH,
        HOME: this.#home,
        XDG_CONFIG_HOME: join(this.#home, "config"),
        SEREN_API_BASE: options.origin,
        SEREN_API_KEY: API_KEY,
        SEREN_BRIDGE_STATE_DIR: this.stateDir,
        SEREN_BRIDGE_RODER_MANIFEST: join(ROOT, "roder-extension.toml"),
        SEREN_BRIDGE_LOG: "debug",
        ...DECLARED,
        ...options.env,
      },
    });
    const { stdin, stdout, stderr } = this.process;
    stdin?.on("error", () => undefined);
    stdout?.on("data", (chunk: Buffer) => {
      this.#searches.stdout.look(chunk);
      this.#lines.push(chunk);
    });
    stderr?.on("data", (chunk: Buffer) => {
      this.#searches.stderr.look(chunk);
      this.stderr = (this.stderr + chunk.toString()).slice(-MAX_STDERR_CHARS);
    });
    this.exited = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code, signal) => {
        this.hasExited = true;
        resolve({ code, signal });
      });
    });
  }

  /** Writes lines in one write: objects as JSON, strings and bytes unchanged. */
  send(...lines: (object | string | Buffer)[]): void {
    if (this.hasExited || !this.process.stdin?.writable) return;
    this.process.stdin.write(Buffer.concat(lines.flatMap((line) => [toBytes(line), Buffer.from("\n")])));
  }

  /** Stops reading for `forMs`. */
  async pauseReading(forMs: number): Promise<void> {
    this.process.stdout?.pause();
    await new Promise((resolve) => void setTimeout(resolve, forMs));
    this.process.stdout?.resume();
  }

  /** Closes stdout, and stdin later: a program with nothing left to write notices only the latter. */
  stopListening(): void {
    this.process.stdout?.destroy();
    setTimeout(() => void this.process.stdin?.end(), STDIN_OUTLIVES_MS).unref();
  }

  /** Ends the child as its host would. `shutdown` is the host's request for an orderly end. */
  endBy(how: Ending, shutdown: object): void {
    if (how === "eof") this.process.stdin?.end();
    else if (how === "stdout") this.stopListening();
    else if (how === "shutdown") this.send(shutdown);
    else this.process.kill(how);
  }

  end(): Promise<Exit> {
    this.process.stdin?.end();
    return this.exited;
  }

  /** Closes stdin, waits for the exit, searches the state folder, and removes the child's own folders. */
  async finish(withinMs: number): Promise<Exit> {
    const watchdog = setTimeout(() => {
      this.problems.push(`I5: the program did not end within ${withinMs} ms`);
      this.process.kill("SIGKILL");
    }, withinMs);
    const exit = await this.end();
    clearTimeout(watchdog);
    if (this.#lines.rest !== "" && !this.process.killed && exit.code === 0) {
      this.problems.push(`I9: a line without its end: ${this.#lines.rest.slice(0, 200)}`);
    }
    for (const [where, { found }] of Object.entries(this.#searches)) {
      for (const canary of found) this.problems.push(`I10: ${canary} on ${where}`);
    }
    for (const canary of canariesInFolder(this.stateDir)) this.problems.push(`I10: ${canary} in the state folder`);
    rmSync(this.#home, { recursive: true, force: true });
    return exit;
  }

  #line(line: Buffer): void {
    let message: Message;
    try {
      message = checkLine(line, this.mode);
      if (depthOf(message) > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    } catch (error) {
      this.problems.push(`I9: ${error instanceof Error ? error.message : error}: ${line.toString().slice(0, 300)}`);
      return;
    }
    this.#onMessage(message);
  }
}

function toBytes(line: object | string | Buffer): Buffer {
  if (Buffer.isBuffer(line)) return line;
  return Buffer.from(typeof line === "string" ? line : JSON.stringify(line));
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner));
  return deepest + 1;
}

/** Returns the canaries in the files and file names of a folder. */
function canariesInFolder(folder: string): string[] {
  const found = new Set<string>();
  let names: string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
  for (const name of names) {
    for (const canary of canariesIn(name)) found.add(canary);
    try {
      const path = join(folder, name);
      if (statSync(path).isFile()) for (const canary of canariesIn(readFileSync(path, "utf8"))) found.add(canary);
    } catch {
      // removed meanwhile
    }
  }
  return [...found];
}
