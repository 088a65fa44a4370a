/** What a command writes to and reads from, and what that place can show. */
import type { Readable, Writable } from "node:stream";
import pc from "picocolors";

export interface Output extends Writable {
  isTTY?: boolean | undefined;
  columns?: number;
  rows?: number;
}

export interface Input extends Readable {
  isTTY?: boolean | undefined;
}

export type Colors = ReturnType<typeof pc.createColors>;

export interface Screen {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly colors: Colors;
  /** For stderr, which may be a terminal when stdout is not. */
  readonly errorColors: Colors;
  /** Whether lines may be drawn over: a terminal that understands cursor movement, and no build server. */
  readonly animated: boolean;
  /**
   * Whether what goes to stdout may show up on the terminal of stderr: a pipe can lead anywhere, `| tee` leads there.
   */
  readonly answerMayShow: boolean;
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Whether characters beyond ASCII can be expected to look right. */
  readonly unicode: boolean;
}

export interface ScreenOptions {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  /** Whether stdout leads to a file. Default false. */
  stdoutIsFile?: boolean;
  /** `--no-color` was given. */
  noColor: boolean;
  variable: (name: string) => string | undefined;
}

const DEFAULT_COLUMNS = 80;

export function createScreen({
  stdin,
  stdout,
  stderr,
  stdoutIsFile = false,
  noColor,
  variable,
}: ScreenOptions): Screen {
  const dumb = variable("TERM") === "dumb";
  const build = variable("CI") !== undefined && variable("CI") !== "false";
  const colourful = (output: Output) =>
    !noColor && variable("NO_COLOR") === undefined && !dumb && output.isTTY === true;
  const locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? "";
  return {
    stdin,
    stdout,
    stderr,
    colors: pc.createColors(colourful(stdout)),
    errorColors: pc.createColors(colourful(stderr)),
    animated: !dumb && !build,
    answerMayShow: !stdoutIsFile,
    interactive: stdin.isTTY === true && stderr.isTTY === true && !dumb && !build,
    unicode:
      process.platform === "win32" || variable("TERM") === "linux"
        ? variable("WT_SESSION") !== undefined
        : /utf-?8/i.test(locale),
  };
}

export function columnsOf(output: Output): number {
  return output.columns && output.columns > 0 ? output.columns : DEFAULT_COLUMNS;
}

/** Lines on stdout. */
export function printLine(screen: Screen, ...lines: string[]): void {
  for (const line of lines) screen.stdout.write(`${line}\n`);
}

/** Lines on stderr: what is not the answer. */
export function printError(screen: Screen, ...lines: string[]): void {
  for (const line of lines) screen.stderr.write(`${line}\n`);
}

/** One JSON document on stdout. */
export function printJson(screen: Screen, value: unknown): void {
  screen.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Lists are for eyes on a terminal and for programs elsewhere, unless `--json` says so. */
export function wantsJson(screen: Screen, options: { json?: boolean }): boolean {
  return options.json ?? screen.stdout.isTTY !== true;
}

const broken = new WeakSet<Output>();
const watched = new WeakSet<Output>();

/** Writes and, when the reader is slow, resolves once it has caught up. A reader that is gone holds nobody up. */
export function writeOut(output: Output, text: string): Promise<void> | void {
  if (!watched.has(output)) {
    watched.add(output);
    output.once("error", () => broken.add(output));
  }
  if (broken.has(output) || output.write(text)) return;
  return drained(output);
}

export function drained(output: Output): Promise<void> | void {
  if (broken.has(output) || !output.writableNeedDrain) return;
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of ["drain", "error", "close"]) output.off(event, settle);
      resolve();
    };
    for (const event of ["drain", "error", "close"]) output.on(event, settle);
  });
}
