/** The streams of a command and what they can show. */
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
  /** Whether lines may be redrawn: a terminal that can move the cursor, and no build server. */
  readonly animated: boolean;
  /**
   * Whether stdout may end up on the terminal of stderr: a pipe can lead anywhere, and `| tee` leads there.
   */
  readonly answerMayShow: boolean;
  /** Whether questions can be asked. */
  readonly interactive: boolean;
  /** Whether characters beyond ASCII are likely to be displayed correctly. */
  readonly unicode: boolean;
}

export interface ScreenOptions {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  /** Whether stdout is a file. Default false. */
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

/** Returns the width of the output in columns. */
export function columnsOf(output: Output): number {
  return output.columns && output.columns > 0 ? output.columns : DEFAULT_COLUMNS;
}

/** Writes lines to stdout. */
export function printLine(screen: Screen, ...lines: string[]): void {
  for (const line of lines) screen.stdout.write(`${line}\n`);
}

/** Writes lines to stderr: everything that is not the result. */
export function printError(screen: Screen, ...lines: string[]): void {
  for (const line of lines) screen.stderr.write(`${line}\n`);
}

/** Says on stderr that a list is not complete. */
export function printUnreadable(screen: Screen, unreadable: number, noun: string): void {
  if (unreadable === 0) return;
  const rows = unreadable === 1 ? `1 ${noun}` : `${unreadable} ${noun}s`;
  printError(screen, `seren-bridge: ${rows} could not be read and ${unreadable === 1 ? "is" : "are"} not shown`);
}

/** Writes one JSON document to stdout. */
export function printJson(screen: Screen, value: unknown): void {
  screen.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Returns whether to print JSON: with `--json`, and by default when stdout is not a terminal. */
export function wantsJson(screen: Screen, options: { json?: boolean }): boolean {
  return options.json ?? screen.stdout.isTTY !== true;
}

const broken = new WeakSet<Output>();
const watched = new WeakSet<Output>();

/** Writes. Resolves at once, or when a slow reader has caught up; a reader that is gone counts as caught up. */
export function writeOut(output: Output, text: string): Promise<void> | void {
  if (!watched.has(output)) {
    watched.add(output);
    output.once("error", () => broken.add(output));
  }
  if (broken.has(output) || output.write(text)) return;
  return drained(output);
}

/** Resolves when the output accepts more, or its reader is gone. */
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
